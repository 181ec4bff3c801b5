import contextlib
import io
import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pycocotools import coco as pycocotools_coco

from storage.datasets.coco import COCO, read_objects
from storage.datasets.coco_write import DrawnAnnotation, DrawnImage, write_coco
from storage.datasets.dataset import BadFileError
from storage.datasets.source_classes import coco_class_id
from storage.images import write_photo
from storage.label_space import ADE_CLASSES, CITYSCAPES_LABELS, OOD_CLASS_LISTS, read_table
from storage.rle import decode_mask

SAMPLES = Path(__file__).resolve().parents[4] / "shared" / "samples"
SIZE = (30, 50)
IGNORE_NUMPY = pytest.mark.filterwarnings("ignore:__array__ impl:DeprecationWarning")
"""pycocotools 2.0 decodes masks in a way that numpy 2 warns about; our readers do not use it."""
LICENSE = {"license_name": "Test License", "license_url": "http://example.org/license"}


def blob(seed, *, has_hole=False):
    y, x = np.mgrid[: SIZE[0], : SIZE[1]]
    random = np.random.default_rng(seed)
    center = random.uniform((8, 8), (22, 42))
    distance = np.hypot(y - center[0], x - center[1])
    return (distance < random.uniform(3, 8)) & ~(has_hole & (distance < 2))


ANNOTATIONS = (
    DrawnAnnotation(category="dog", mask=blob(1)),
    DrawnAnnotation(category="chair", mask=blob(2) | blob(3)),
    DrawnAnnotation(category="donut", mask=blob(4, has_hole=True)),
    DrawnAnnotation(category="person", mask=blob(5) | blob(6), is_crowd=True),
)


def write(folder, **changes):
    image = np.random.default_rng(0).integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    images = [
        DrawnImage(image_id=7, image=image, annotations=ANNOTATIONS),
        DrawnImage(image_id=9, image=image, annotations=()),
    ]
    write_coco(folder, **{"split": "val", "images": images} | LICENSE | changes)


@pytest.fixture
def root(tmp_path):
    write(tmp_path / "coco")
    return tmp_path


def frames_of(root):
    return list(COCO.frames(root, COCO.locate(root)))


def mask_of(found):
    return decode_mask(
        found.mask_rle, height_px=found.image_height_px, width_px=found.image_width_px
    )


def json_of(root):
    return root / "coco" / "annotations" / "instances_val2017.json"


def edit_json(root, change):
    content = json.loads(json_of(root).read_text())
    change(content)
    json_of(root).write_text(json.dumps(content) + " ")


def official(path):
    with contextlib.redirect_stdout(io.StringIO()):
        return pycocotools_coco.COCO(str(path))


def test_what_is_written_comes_back_exactly(root):
    first, second = frames_of(root)
    assert (first.frame_id, first.image) == ("000000000007", "coco/val2017/000000000007.jpg")
    assert list(COCO.findings(root, COCO.locate(root))) == []

    found = read_objects(root, first)

    assert [f.source_class for f in found] == ["dog", "chair", "donut", "person"]
    assert [f.class_id for f in found] == [127, 20, 121, 13]
    assert [f.is_crowd for f in found] == [False, False, False, True]
    assert {f.license for f in found} == {"Test License (http://example.org/license)"}
    for item, drawn in zip(found, ANNOTATIONS, strict=True):
        assert np.array_equal(mask_of(item), drawn.mask)
    assert read_objects(root, second) == []


@IGNORE_NUMPY
def test_the_official_reader_agrees_with_what_is_written(root):
    reference = official(json_of(root))
    for annotation, drawn in zip(reference.dataset["annotations"], ANNOTATIONS, strict=True):
        assert np.array_equal(reference.annToMask(annotation).astype(bool), drawn.mask)
        assert isinstance(annotation["segmentation"], dict) == (
            drawn.is_crowd or drawn.category == "donut"
        )


@pytest.mark.parametrize("seed", range(30))
def test_any_mask_is_held(tmp_path, seed):
    mask = (
        np.random.default_rng(seed).random(SIZE) < 0.5
        if seed % 3
        else blob(seed) | blob(-seed % 99)
    )
    image = np.zeros((*SIZE, 3), np.uint8)
    drawn = DrawnImage(
        image_id=1, image=image, annotations=(DrawnAnnotation(category="cat", mask=mask),)
    )
    write(tmp_path, images=[drawn])
    (frame,) = frames_of(tmp_path)
    (found,) = read_objects(tmp_path, frame)
    assert np.array_equal(mask_of(found), mask)


def test_only_wanted_classes_are_read(root):
    frame = frames_of(root)[0]
    assert [f.source_class for f in read_objects(root, frame, class_ids={20, 121})] == [
        "chair", "donut",
    ]  # fmt: skip


def test_the_deeper_layout_is_found(tmp_path):
    write(tmp_path / "coco" / "coco2017")
    assert COCO.locate(tmp_path) == tmp_path / "coco" / "coco2017"
    assert frames_of(tmp_path)[0].image == "coco/coco2017/val2017/000000000007.jpg"
    assert COCO.locate(tmp_path / "nowhere") is None


def test_a_json_that_changed_is_read_again(root):
    assert len(frames_of(root)) == 2
    edit_json(root, lambda content: content["images"].pop())
    os.utime(json_of(root), ns=(1, 1))
    assert len(frames_of(root)) == 1


def test_a_missing_photo_is_a_finding_and_an_unlisted_one_is_none(root):
    (root / "coco" / "val2017" / "000000000009.jpg").unlink()
    image = np.zeros((4, 4, 3), np.uint8)
    write_photo(root / "coco" / "val2017" / "000000000001.jpg", image)
    (finding,) = COCO.findings(root, COCO.locate(root))
    assert finding.path == "coco/val2017/000000000009.jpg"
    assert len(frames_of(root)) == 2
    with pytest.raises(BadFileError, match=r"000000000009\.jpg"):
        read_objects(root, frames_of(root)[1])


def test_a_broken_json_is_one_finding_and_stops_nothing(root):
    frame = frames_of(root)[0]
    write(root / "coco", split="train")
    json_of(root).write_text('{"images": [')
    (finding,) = COCO.findings(root, COCO.locate(root))
    assert finding.path.endswith("instances_val2017.json")
    assert {f.split for f in frames_of(root)} == {"train"}
    with pytest.raises(BadFileError, match="JSON"):
        read_objects(root, frame)


BREAKAGES = {
    "no segmentation": lambda c: c["annotations"][0].pop("segmentation"),
    "text for polygons": lambda c: c["annotations"][0].update(segmentation="x"),
    "no polygon": lambda c: c["annotations"][0].update(segmentation=[]),
    "no counts": lambda c: c["annotations"][0].update(segmentation={"size": [30, 50]}),
    "other RLE size": lambda c: c["annotations"][3]["segmentation"].update(size=[3, 5]),
    "short RLE": lambda c: c["annotations"][3]["segmentation"].update(counts=[5, 5]),
    "unknown category": lambda c: c["annotations"][0].update(category_id=999),
    "other photo size": lambda c: c["images"][0].update(height=31),
    "no annotations": lambda c: c.pop("annotations"),
    "photo not listed": lambda c: c["images"].pop(0),
}


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_a_bad_entry_is_one_clear_error(root, breakage):
    frame = frames_of(root)[0]
    edit_json(root, BREAKAGES[breakage])
    with pytest.raises(BadFileError, match=r"instances_val2017|000000000007"):
        read_objects(root, frame)


@pytest.mark.parametrize(
    "changes",
    [
        {"split": "test"},
        {"images": [DrawnImage(image_id=1, image=np.zeros((4, 4, 3), np.uint8), annotations=(
            DrawnAnnotation(category="gizmo", mask=np.ones((4, 4), bool)),))]},
        {"images": [DrawnImage(image_id=1, image=np.zeros((4, 4, 3), np.uint8), annotations=(
            DrawnAnnotation(category="dog", mask=np.zeros((4, 4), bool)),))]},
        {"images": [DrawnImage(image_id=1, image=np.zeros((4, 4, 3), np.uint8), annotations=(
            DrawnAnnotation(category="dog", mask=np.ones((5, 4), bool)),))]},
    ],
)  # fmt: skip
def test_bad_scenes_are_not_written(tmp_path, changes):
    with pytest.raises(ValueError, match="need"):
        write(tmp_path, **changes)
    assert list(tmp_path.iterdir()) == []


def test_the_category_table_is_whole():
    rows = read_table("coco_to_ade20k_150")
    assert len(rows) == len({row["coco_name"] for row in rows}) == 80
    assert {row["match"] for row in rows} == {"exact", "broader", "none"}
    for row in rows:
        class_id = int(row["class_id"])
        assert (class_id == 0) == (row["match"] == "none")
        assert class_id <= len(ADE_CLASSES)


def test_no_known_class_can_become_an_unknown_object():
    known = {label.name for label in CITYSCAPES_LABELS} | {"stop sign"}
    names = [
        row["coco_name"] for row in read_table("coco_to_ade20k_150") if row["coco_name"] in known
    ]
    assert len(names) == 9
    for name in names:
        assert coco_class_id(name) not in OOD_CLASS_LISTS["published_train"]


@pytest.mark.skipif(not (SAMPLES / "coco").is_dir(), reason="needs ../shared/samples/coco")
@IGNORE_NUMPY
def test_all_masks_of_the_samples_equal_those_of_pycocotools():
    folder = SAMPLES / "coco"
    frames = list(COCO.frames(SAMPLES, folder))
    assert len(frames) == 100
    assert list(COCO.findings(SAMPLES, folder)) == []
    references = {
        split: official(folder / "annotations" / f"instances_{split}2017.json")
        for split in ("train", "val")
    }
    n_equal = n_crowds = 0
    for frame in frames:
        for found in read_objects(SAMPLES, frame):
            reference = references[found.split]
            annotation = reference.anns[int(found.instance_id)]
            n_equal += np.array_equal(mask_of(found), reference.annToMask(annotation) > 0)
            n_crowds += found.is_crowd
            assert found.source_class == reference.cats[annotation["category_id"]]["name"]
            assert "http" in found.license
            assert "\\" not in found.license
    assert (n_equal, n_crowds) == (852, 10)


@pytest.mark.skipif(not (SAMPLES / "coco").is_dir(), reason="needs ../shared/samples/coco")
def test_written_files_look_like_those_of_the_release(root):
    ours = json.loads(json_of(root).read_text())
    path = SAMPLES / "coco" / "annotations" / "instances_val2017.json"
    official_json = json.loads(path.read_text())
    assert list(ours) == list(official_json)
    assert list(ours["info"]) == list(official_json["info"])
    assert ours["categories"] == official_json["categories"]
    for key in ("images", "annotations", "licenses"):
        assert list(ours[key][0]) == list(official_json[key][0])
        for name, value in official_json[key][0].items():
            assert type(ours[key][0][name]) is type(value)
    crowd = next(a for a in official_json["annotations"] if a["iscrowd"])
    assert list(ours["annotations"][3]["segmentation"]) == list(crowd["segmentation"])
    photo = next((SAMPLES / "coco" / "val2017").glob("*.jpg"))
    with Image.open(photo) as one, Image.open(root / frames_of(root)[0].image) as other:
        assert (one.mode, one.format) == (other.mode, other.format)
        assert len(photo.name) == len(Path(frames_of(root)[0].image).name)
