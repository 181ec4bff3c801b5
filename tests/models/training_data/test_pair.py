import numpy as np
import pytest

from models.training_data import Pair, PastedObject


def arrays(size=(4, 6)):
    return {
        "original": np.zeros((*size, 3), np.uint8),
        "original_label": np.zeros(size, np.uint8),
        "generated": np.zeros((*size, 3), np.uint8),
        "generated_label": np.zeros(size, np.uint8),
    }


def unchecked(kind, **fields):
    """As without the import hook, which refuses some of it before the class can."""
    value = object.__new__(kind)
    for name, field in fields.items():
        object.__setattr__(value, name, field)
    value.__post_init__()


def test_the_whole_coding_is_taken():
    label = np.array([[*range(19), 254, 255]], np.uint8)
    given = arrays(label.shape) | {"original_label": label, "generated_label": label}
    assert Pair(sample_id="a", **given).original_label is label


@pytest.mark.parametrize("name", ["original_label", "generated_label"])
@pytest.mark.parametrize("value", [19, 33, 100, 253])
def test_values_outside_the_coding_are_refused(name, value):
    given = arrays()
    given[name][2, 3] = value
    with pytest.raises(ValueError, match=rf"aachen_1: {name}: need train ids .* got {value};"):
        unchecked(Pair, sample_id="aachen_1", **given)


@pytest.mark.parametrize("name", list(arrays()))
def test_unequal_sizes_are_one_clear_error(name):
    given = arrays() | {name: arrays((4, 7))[name]}
    with pytest.raises(ValueError, match=rf"aachen_1: need two RGB .*{name} \(4, 7"):
        unchecked(Pair, sample_id="aachen_1", **given)


def test_other_types_are_refused():
    given = arrays() | {"generated": np.zeros((4, 6, 3), np.float32)}
    with pytest.raises(ValueError, match="aachen_1: generated: need uint8, got float32"):
        unchecked(Pair, sample_id="aachen_1", **given)


def test_an_object_needs_a_mask_that_marks_something():
    image = np.zeros((3, 4, 3), np.uint8)
    with pytest.raises(ValueError, match="cup_7: the mask marks no pixel"):
        unchecked(PastedObject, object_id="cup_7", image=image, mask=np.zeros((3, 4), bool))
    with pytest.raises(ValueError, match="cup_7: need an RGB image"):
        unchecked(PastedObject, object_id="cup_7", image=image, mask=np.ones((4, 4), bool))
    with pytest.raises(ValueError, match="cup_7: need a mask of bool, got uint8"):
        unchecked(PastedObject, object_id="cup_7", image=image, mask=np.ones((3, 4), np.uint8))
    with pytest.raises(ValueError, match="cup_7: image: need uint8, got int64"):
        unchecked(
            PastedObject, object_id="cup_7", image=image.astype(int), mask=np.ones((3, 4), bool)
        )


def test_a_photograph_alone_stands_in_both_places():
    given = arrays()
    pair = Pair.of_photograph("aachen_1", given["original"], given["original_label"])
    assert pair.sample_id == "aachen_1"
    assert pair.generated is pair.original is given["original"]
    assert pair.generated_label is pair.original_label is given["original_label"]
    with pytest.raises(ValueError, match="aachen_1: original_label: need train ids"):
        Pair.of_photograph("aachen_1", given["original"], given["original_label"] + np.uint8(33))
