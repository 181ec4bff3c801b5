from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from storage.datasets.ade20k_challenge import (
    ADE20K_CHALLENGE,
    read_objects,
    write_challenge_image,
)
from storage.datasets.dataset import BadFileError
from storage.images import read_image, read_label, write_png
from storage.rle import decode_mask

SAMPLES = Path(__file__).resolve().parents[4] / "shared" / "samples" / "ade20k"
IDS = np.array(
    [
        [1, 1, 0, 8, 8, 0],
        [1, 0, 8, 0, 0, 8],
        [0, 8, 0, 20, 0, 8],
        [8, 0, 0, 0, 20, 0],
        [0, 0, 8, 0, 0, 1],
    ],
    np.uint8,
)


@pytest.fixture
def root(tmp_path):
    write_challenge_image(
        tmp_path / "ADEChallengeData2016", split="val", image_id="ADE_val_00000001",
        image=np.zeros((5, 6, 3), np.uint8), class_ids=IDS,
    )  # fmt: skip
    return tmp_path


def frame_of(root):
    (frame,) = ADE20K_CHALLENGE.frames(root, ADE20K_CHALLENGE.locate(root))
    return frame


def components_by_flood(ids, class_id):
    """8-connected components of a class in reading order of their first pixels."""
    left = ids == class_id
    found = []
    while left.any():
        seed = tuple(np.argwhere(left)[0])
        component = np.zeros_like(left)
        component[seed] = True
        while True:
            framed = np.pad(component, 1)
            grown = left & np.any(
                [framed[y : y + left.shape[0], x : x + left.shape[1]]
                 for y in range(3) for x in range(3)], axis=0,
            )  # fmt: skip
            if np.array_equal(grown, component):
                break
            component = grown
        found.append(component)
        left = left & ~component
    return found


def masks_of(objects):
    return {
        o.instance_id: decode_mask(
            o.mask_rle, height_px=o.image_height_px, width_px=o.image_width_px
        )
        for o in objects
    }


def test_objects_are_the_components_of_the_wanted_classes(root):
    objects = read_objects(root, frame_of(root), class_ids={8, 20, 99})
    assert [o.instance_id for o in objects] == ["8_1", "8_2", "20_1"]
    assert {o.source_class for o in objects} == {"bed", "chair"}
    assert not any(o.is_instance for o in objects)
    expected = components_by_flood(IDS, 8) + components_by_flood(IDS, 20)
    for mask, component in zip(masks_of(objects).values(), expected, strict=True):
        assert np.array_equal(mask, component)


def test_without_a_choice_every_class_but_other_is_read(root):
    assert {o.class_id for o in read_objects(root, frame_of(root))} == {1, 8, 20}


@pytest.mark.parametrize("seed", range(5))
def test_components_of_random_maps(tmp_path, seed):
    ids = np.random.default_rng(seed).integers(0, 4, (14, 17), dtype=np.uint8)
    write_challenge_image(
        tmp_path, split="train", image_id="ADE_train_1",
        image=np.zeros((*ids.shape, 3), np.uint8), class_ids=ids,
    )  # fmt: skip
    found = masks_of(read_objects(tmp_path, frame_of(tmp_path)))
    expected = {
        f"{class_id}_{n}": component
        for class_id in (1, 2, 3)
        for n, component in enumerate(components_by_flood(ids, class_id), start=1)
    }
    assert list(found) == list(expected)
    assert all(np.array_equal(found[key], expected[key]) for key in expected)


def test_bad_maps_are_named(root):
    frame = frame_of(root)
    path = root / frame.label
    for bad, reason in ((np.full((5, 6), 151, np.uint8), "151"), (IDS[:4], "size")):
        write_png(path, bad.copy())
        with pytest.raises(BadFileError, match=reason):
            read_objects(root, frame)
    path.write_bytes(path.read_bytes()[:40])
    with pytest.raises(BadFileError, match=path.name):
        read_objects(root, frame)
    path.unlink()
    with pytest.raises(BadFileError, match=path.name):
        read_objects(root, frame)
    (finding,) = ADE20K_CHALLENGE.findings(root, ADE20K_CHALLENGE.locate(root))
    assert finding.path.endswith("annotations/validation/ADE_val_00000001.png")
    with pytest.raises(BadFileError, match="no map"):
        read_objects(root, frame_of(root))


@pytest.mark.parametrize(
    "change", [{"split": "test"}, {"class_ids": IDS[:4]}, {"class_ids": IDS + np.uint8(149)}]
)
def test_bad_images_are_not_written(tmp_path, change):
    image = {"split": "val", "image_id": "a", "image": np.zeros((5, 6, 3), np.uint8)}
    with pytest.raises(ValueError, match="need"):
        write_challenge_image(tmp_path, **image | {"class_ids": IDS} | change)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="needs ../shared/samples/ade20k")
def test_the_samples_are_read_and_look_like_what_we_write(tmp_path):
    folder = ADE20K_CHALLENGE.locate(SAMPLES)
    frames = list(ADE20K_CHALLENGE.frames(SAMPLES, folder))
    assert [frame.frame_id for frame in frames] == [f"ADE_val_0000000{n}" for n in (1, 2, 3)]
    for frame in frames:
        ids = read_label(SAMPLES / frame.label)
        masks = masks_of(read_objects(SAMPLES, frame))
        assert np.array_equal(np.any(list(masks.values()), axis=0), ids > 0)

    frame = frames[0]
    write_challenge_image(
        tmp_path / "ADEChallengeData2016", split=frame.split, image_id=frame.frame_id,
        image=read_image(SAMPLES / frame.image), class_ids=read_label(SAMPLES / frame.label),
    )  # fmt: skip
    for path in (frame.image, frame.label):
        with Image.open(tmp_path / path) as ours, Image.open(SAMPLES / path) as official:
            assert (ours.mode, ours.format, ours.size) == (
                official.mode, official.format, official.size,
            )  # fmt: skip
    assert np.array_equal(read_label(tmp_path / frame.label), read_label(SAMPLES / frame.label))
