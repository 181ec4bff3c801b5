from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from storage.datasets.cityscapes import (
    CITYSCAPES,
    colors_to_train_ids,
    to_colors,
    to_instances,
    to_train_ids,
    write_cityscapes_frame,
)
from storage.datasets.dataset import BadFileError
from storage.datasets.registry import complete_frames, read_target
from storage.images import read_color_map, read_image, read_label
from storage.label_space import CITYSCAPES_LABELS

SAMPLES = Path(__file__).resolve().parents[4] / "shared" / "samples"
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="needs ../shared/samples")

RNG = np.random.default_rng(0)
IMAGE = RNG.integers(0, 256, (16, 32, 3), dtype=np.uint8)
LABEL = RNG.integers(0, 34, (16, 32), dtype=np.uint8)
NAME = "aachen_000003_000019"


def write(root, *, split="train", name=NAME, **changes):
    files = {"image": IMAGE, "label_ids": LABEL, "instance_ids": None} | changes
    write_cityscapes_frame(root / "cityscapes", split=split, name=name, **files)


def test_round_trip(tmp_path):
    instances = np.where(LABEL >= 24, LABEL.astype(np.uint16) * 1000 + 7, LABEL).astype(np.uint16)
    write(tmp_path, instance_ids=instances)
    (frame,) = complete_frames(tmp_path, CITYSCAPES)
    assert (frame.split, frame.group, frame.frame_id) == ("train", "aachen", NAME)
    assert frame.coding == "cityscapes_label_ids"
    assert frame.is_scored
    assert np.array_equal(read_image(tmp_path / frame.image), IMAGE)
    assert np.array_equal(read_label(tmp_path / frame.label), LABEL)
    assert np.array_equal(read_label(tmp_path / frame.instances), instances)
    assert np.array_equal(read_target(tmp_path, frame).train_ids, to_train_ids(LABEL))
    assert not list(CITYSCAPES.findings(tmp_path, tmp_path / "cityscapes"))


@pytest.mark.parametrize(
    ("kept", "coding"),
    [("labelTrainIds", "cityscapes_train_ids"), ("instanceIds", "cityscapes_instance_ids")],
)
def test_labels_that_label_ids_follow_from_are_enough(tmp_path, kept, coding):
    write(tmp_path)
    labels = tmp_path / "cityscapes" / "gtFine" / "train" / "aachen"
    Image.fromarray(to_train_ids(LABEL)).save(labels / f"{NAME}_gtFine_labelTrainIds.png")
    for path in labels.iterdir():
        if kept not in path.name:
            path.unlink()
    (frame,) = complete_frames(tmp_path, CITYSCAPES)
    assert frame.coding == coding
    assert np.array_equal(read_target(tmp_path, frame).train_ids, to_train_ids(LABEL))
    assert not list(CITYSCAPES.findings(tmp_path, tmp_path / "cityscapes"))


def test_missing_partners_are_named(tmp_path):
    folder = tmp_path / "cityscapes"
    write(tmp_path, name="ulm_000000_000019")
    write(tmp_path, name="ulm_000001_000019")
    write(tmp_path, name="ulm_000002_000019")
    (folder / "leftImg8bit/train/ulm/ulm_000000_000019_leftImg8bit.png").unlink()
    for path in (folder / "gtFine/train/ulm").glob("ulm_000001*"):
        path.unlink()
    for kind in ("labelIds", "instanceIds"):
        (folder / f"gtFine/train/ulm/ulm_000002_000019_gtFine_{kind}.png").unlink()
    (folder / "gtFine/train/ulm/ulm_000009_000019_gtFine_color.png").write_bytes(b"alone")
    (folder / "leftImg8bit/train/ulm/readme.txt").write_text("no frame")

    facts = {f.path.rsplit("/", 1)[1]: f for f in CITYSCAPES.findings(tmp_path, folder)}
    assert len(facts) == 3
    assert "image is missing" in facts["ulm_000000_000019_leftImg8bit.png"].fact
    assert "no label at all" in facts["ulm_000001_000019_gtFine_labelIds.png"].fact
    only_color = facts["ulm_000002_000019_gtFine_labelIds.png"]
    assert "only the color map" in only_color.fact
    assert "approximately" in only_color.cure
    assert len(list(CITYSCAPES.frames(tmp_path, folder))) == 3
    assert complete_frames(tmp_path, CITYSCAPES) == []


def test_test_split_is_hidden_even_with_its_dummy_labels(tmp_path):
    write(tmp_path, split="test", name="bonn_000000_000019")
    write(tmp_path, split="test", name="bonn_000001_000019")
    photos = tmp_path / "cityscapes/leftImg8bit/test/bonn"
    (photos / "bonn_000001_000019_leftImg8bit.png").unlink()
    (frame,) = CITYSCAPES.frames(tmp_path, tmp_path / "cityscapes")
    assert (frame.label, frame.is_scored) == (None, False)
    assert not list(CITYSCAPES.findings(tmp_path, tmp_path / "cityscapes"))
    with pytest.raises(BadFileError, match="hidden"):
        read_target(tmp_path, frame)


def test_located_by_structure_with_official_name_first(tmp_path):
    assert CITYSCAPES.locate(tmp_path) is None
    write_cityscapes_frame(tmp_path / "a", split="val", name=NAME, image=IMAGE, label_ids=LABEL)
    assert CITYSCAPES.locate(tmp_path) == tmp_path / "a"
    assert CITYSCAPES.locate(tmp_path / "a") == tmp_path / "a"
    write(tmp_path)
    assert CITYSCAPES.locate(tmp_path) == tmp_path / "cityscapes"
    deep = tmp_path / "deep" / "er" / "copy"
    write_cityscapes_frame(deep, split="val", name=NAME, image=IMAGE, label_ids=LABEL)
    assert CITYSCAPES.locate(tmp_path / "deep") == deep
    (tmp_path / "empty" / "leftImg8bit").mkdir(parents=True)
    assert CITYSCAPES.locate(tmp_path / "empty") is None


@pytest.mark.parametrize(
    "changes",
    [
        {"label_ids": np.full((16, 32), 34, np.uint8)},
        {"instance_ids": np.full((16, 32), 34_000, np.uint16)},
        {"name": "../../aachen_000003_000019"},
        {"name": "aachen"},
        {"split": "demo"},
    ],
)
def test_writer_refuses_and_writes_nothing(tmp_path, changes):
    with pytest.raises(ValueError, match=r"need|outside"):
        write(tmp_path, **changes)
    assert not list(tmp_path.rglob("*.png"))


def test_writer_refuses_sizes_that_differ(tmp_path):
    with pytest.raises((ValueError, TypeError)):
        write(tmp_path, image=IMAGE[1:])
    assert not list(tmp_path.rglob("*.png"))


def test_colors_decode_but_for_polegroups():
    ids = np.array([[label.label_id for label in CITYSCAPES_LABELS]], np.uint8)
    expected = to_train_ids(ids)
    expected[0, 18] = 5  # polegroup looks like pole
    assert np.array_equal(colors_to_train_ids(to_colors(ids)), expected)
    foreign = np.full((2, 2, 3), 77, np.uint8)
    with pytest.raises(BadFileError, match=r"\(77, 77, 77\)"):
        colors_to_train_ids(foreign)
    with pytest.raises(ValueError, match="33"):
        to_colors(np.array([[34]], np.uint8))


def test_instances_by_brute_force():
    ids = RNG.choice(np.array([7, 24, 26, 24_000, 24_001, 26_000, 33_012], np.uint16), (9, 11))
    expected = {}
    for value in sorted({int(v) for v in ids.ravel() if v >= 1000}):
        expected[value // 1000, value % 1000] = ids == value
    found = to_instances(ids)
    assert [(one.label_id, one.number) for one in found] == list(expected)
    for one in found:
        full = np.zeros(ids.shape, bool)
        height, width = one.mask.shape
        full[one.y_px : one.y_px + height, one.x_px : one.x_px + width] = one.mask
        assert np.array_equal(full, expected[one.label_id, one.number])
        for side in (one.mask[0], one.mask[-1], one.mask[:, 0], one.mask[:, -1]):
            assert side.any()
    assert to_instances(np.zeros((3, 3), np.uint8)) == ()


@needs_samples
def test_sample_colors_are_the_official_ones():
    path = SAMPLES / "cityscapes/gtFine/val/frankfurt/frankfurt_000001_058914_gtFine_color.png"
    train_ids = colors_to_train_ids(read_color_map(path), path=path)
    assert {0, 2, 8, 13} <= set(np.unique(train_ids).tolist())


@needs_samples
def test_sample_instances_agree_with_label_ids():
    frame = complete_frames(SAMPLES, CITYSCAPES)[0]
    label, ids = read_label(SAMPLES / frame.label), read_label(SAMPLES / frame.instances)
    assert np.array_equal(np.where(ids >= 1000, ids // 1000, ids), label)
    for one in to_instances(ids):
        height, width = one.mask.shape
        window = label[one.y_px : one.y_px + height, one.x_px : one.x_px + width]
        assert set(window[one.mask].tolist()) == {one.label_id}


@needs_samples
def test_written_files_have_the_form_of_the_sample(tmp_path):
    frame = complete_frames(SAMPLES, CITYSCAPES)[0]
    write_cityscapes_frame(
        tmp_path / "cityscapes",
        split=frame.split,
        name=frame.frame_id,
        image=read_image(SAMPLES / frame.image),
        label_ids=read_label(SAMPLES / frame.label),
        instance_ids=read_label(SAMPLES / frame.instances).astype(np.uint16),
    )
    color = f"cityscapes/gtFine/train/aachen/{frame.frame_id}_gtFine_color.png"
    real_color = "cityscapes/gtFine/val/frankfurt/frankfurt_000001_058914_gtFine_color.png"
    pairs = [(path, path) for path in (frame.image, frame.label, frame.instances)]
    for ours, theirs in [*pairs, (color, real_color)]:
        with Image.open(tmp_path / ours) as written, Image.open(SAMPLES / theirs) as real:
            assert (written.format, written.mode, written.size) == (
                real.format,
                real.mode,
                real.size,
            )
            if ours == theirs:
                assert np.array_equal(np.array(written), np.array(real))
