import pytest

from assets.retracting.sources import Retracted, source_name, sources_of_object


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("ade20k/ADE_train_00000123", "ade20k/ADE_train_00000123"),
        ("ade20k_challenge/ADE_train_00000123", "ade20k/ADE_train_00000123"),
        ("ade20k_challenge/ADE_train_00000123/20_1", "ade20k_challenge/ADE_train_00000123/20_1"),
        (" coco/000000000139 ", "coco/000000000139"),
        ("cityscapes/aachen_000000_000019", "cityscapes/aachen_000000_000019"),
        ("imported/published", "imported/published"),
    ],
)
def test_a_source_has_one_name(text, name):
    assert source_name(text) == source_name(name) == name


@pytest.mark.parametrize("text", ["", "ade20k", "ade20k/", "voc/1", "cityscapes/a/b", "coco/1/2/3"])
def test_other_words_are_refused(text):
    with pytest.raises(ValueError, match="need a source such as ade20k/IMAGE"):
        source_name(text)


def test_an_object_comes_from_its_image_and_instance():
    assert sources_of_object("ade20k/train/ADE_1/5") == ("ade20k/ADE_1", "ade20k/ADE_1/5")
    assert sources_of_object("ade20k_challenge/train/ADE_1/20_1") == (
        "ade20k/ADE_1",
        "ade20k_challenge/ADE_1/20_1",
    )
    image = Retracted(frozenset({"ade20k/ADE_1"}))
    assert image.has_object("ade20k_challenge/train/ADE_1/20_1")
    assert not image.has_object("ade20k/train/ADE_11/5")
    assert not image.has_object("coco/train/ADE_1/5")
    instance = Retracted(frozenset({"ade20k/ADE_1/5"}))
    assert instance.has_object("ade20k/train/ADE_1/5")
    assert not instance.has_object("ade20k/train/ADE_1/6")
    assert not instance.has_object("ade20k_challenge/train/ADE_1/5")
