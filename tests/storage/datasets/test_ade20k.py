import json
import shutil

import numpy as np
import pytest

from storage.datasets.ade20k import ADE20K, read_objects, read_parts
from storage.datasets.ade20k_decode import decode_segmentation, encode_segmentation
from storage.datasets.ade20k_write import DrawnObject, write_ade20k_image
from storage.datasets.dataset import BadFileError
from storage.images import read_color_map, read_label, write_png
from storage.rle import decode_mask

SIZE = (40, 60)
BED, PILLOW, WALL = "bed", "pillow", "wall"


def area(top, bottom, left, right):
    mask = np.zeros(SIZE, bool)
    mask[top:bottom, left:right] = True
    return mask


PILLOW_MASK, STRIPE = area(20, 26, 12, 20), area(21, 23, 13, 18)
OBJECTS = (
    DrawnObject(name=WALL, mask=area(0, 15, 0, 60), is_cropped=True, hidden=area(15, 20, 10, 30)),
    DrawnObject(
        name=BED,
        mask=area(15, 35, 10, 40),
        is_occluded=True,
        parts=(
            DrawnObject(
                name=PILLOW,
                mask=PILLOW_MASK,
                parts=(DrawnObject(name="stripe", mask=STRIPE, class_index=3147),),
            ),
        ),
    ),
    DrawnObject(name=BED, mask=area(15, 35, 40, 60), is_occluded=False),
    DrawnObject(name="aarm panel", mask=area(36, 38, 0, 9), class_index=2),
)


@pytest.fixture
def root(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (*SIZE, 3), dtype=np.uint8)
    for split, name in (("train", "ADE_train_00000001"), ("val", "ADE_val_00000001")):
        write_ade20k_image(
            tmp_path / "ADE20K_2021_17_01", split=split, scene="home_or_hotel/bedroom",
            image_id=name, image=image, objects=OBJECTS,
        )  # fmt: skip
    return tmp_path


def frames_of(root):
    return list(ADE20K.frames(root, ADE20K.locate(root)))


def mask_of(found):
    return decode_mask(
        found.mask_rle, height_px=found.image_height_px, width_px=found.image_width_px
    )


def file_of(root, suffix):
    return root / frames_of(root)[0].image.replace(".jpg", suffix)


def edit_json(root, change):
    path = file_of(root, ".json")
    content = json.loads(path.read_text())
    change(content["annotation"])
    path.write_text(json.dumps(content))


def test_what_is_written_is_listed_without_findings(root):
    train, val = frames_of(root)
    assert (train.split, train.frame_id, train.group) == (
        "train", "ADE_train_00000001", "home_or_hotel/bedroom",
    )  # fmt: skip
    assert val.split == "val"
    assert train.label.endswith("ADE_train_00000001_seg.png")
    assert train.instances.endswith("ADE_train_00000001")
    assert list(ADE20K.findings(root, ADE20K.locate(root))) == []


def test_objects_come_back_as_written(root):
    found = read_objects(root, frames_of(root)[0])

    assert [(f.source_class, f.class_id) for f in found] == [
        (WALL, 1), (BED, 8), (BED, 8), ("aarm panel", 0),
    ]  # fmt: skip
    for item, drawn in zip(found, OBJECTS, strict=True):
        assert np.array_equal(mask_of(item), drawn.mask)
        assert item.is_occluded == drawn.is_occluded
        assert item.is_cropped == drawn.is_cropped
        assert item.part_level == 0
        assert item.is_instance
        assert not item.is_crowd
    assert len({item.instance_id for item in found}) == 4


def test_parts_come_back_level_by_level(root):
    pillow, stripe = read_parts(root, frames_of(root)[0])
    assert (pillow.source_class, pillow.part_level) == (PILLOW, 1)
    assert (stripe.source_class, stripe.part_level) == ("stripe", 2)
    assert np.array_equal(mask_of(pillow), PILLOW_MASK)
    assert np.array_equal(mask_of(stripe), STRIPE)


def test_only_wanted_classes_are_read(root):
    frame = frames_of(root)[0]
    assert [f.source_class for f in read_objects(root, frame, class_ids={8})] == [BED, BED]
    file_of(root, "_seg.png").unlink()
    assert read_objects(root, frame, class_ids={150}) == []


def test_objects_of_one_code_are_told_apart_by_their_outlines(root):
    # above 255 objects two of one class may share R, G and B
    path = file_of(root, "_seg.png")
    rgb = read_color_map(path)
    rgb[OBJECTS[2].mask] = rgb[OBJECTS[1].mask][0]
    write_png(path, rgb)

    found = read_objects(root, frames_of(root)[0], class_ids={8})

    assert [
        np.array_equal(mask_of(f), d.mask) for f, d in zip(found, OBJECTS[1:3], strict=True)
    ] == [True, True]


def test_an_object_without_a_visible_pixel_gives_none(root):
    path = file_of(root, "").joinpath("instance_004_ADE_train_00000001.png")
    outline = read_label(path)
    write_png(path, np.where(outline > 0, 128, 0).astype(np.uint8))
    assert len(read_objects(root, frames_of(root)[0])) == 3


def test_one_object_may_stand_without_a_list_and_in_latin_1(root):
    def change(annotation):
        annotation["object"] = annotation["object"][0] | {"raw_name": "café"}
        annotation["object"]["occluded"] = []

    edit_json(root, change)
    path = file_of(root, ".json")
    path.write_bytes(json.dumps(json.loads(path.read_text()), ensure_ascii=False).encode("latin-1"))

    (wall,) = read_objects(root, frames_of(root)[0])
    assert wall.is_occluded is None


def recode_bed(root):
    path = file_of(root, "_seg.png")
    decoded = decode_segmentation(read_color_map(path))
    index = np.append(0, np.where(decoded.class_index == 165, 166, decoded.class_index))
    blue = np.append(np.uint8(0), decoded.instance_byte)
    write_png(path, encode_segmentation(index[decoded.ids], blue[decoded.ids]))


BREAKAGES = {
    "no JSON": lambda root: file_of(root, ".json").unlink(),
    "broken JSON": lambda root: file_of(root, ".json").write_text('{"annotation":'),
    "other JSON": lambda root: file_of(root, ".json").write_text("[]"),
    "lacking key": lambda root: edit_json(root, lambda a: a["object"][0].pop("name_ndx")),
    "other size": lambda root: edit_json(root, lambda a: a.update(imsize=[40, 61, 3])),
    "no size": lambda root: edit_json(root, lambda a: a.update(imsize=[])),
    "other class": lambda root: edit_json(root, lambda a: a["object"][1].update(name_ndx=9)),
    "other code": recode_bed,
    "no segmentation": lambda root: file_of(root, "_seg.png").unlink(),
    "truncated PNG": lambda root: file_of(root, "_seg.png").write_bytes(
        file_of(root, "_seg.png").read_bytes()[:-60]
    ),
    "small PNG": lambda root: write_png(file_of(root, "_seg.png"), np.zeros((4, 6, 3), np.uint8)),
    "no masks": lambda root: shutil.rmtree(file_of(root, "")),
    "no photo": lambda root: file_of(root, ".jpg").unlink(),
}


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_a_bad_file_is_one_clear_error(root, breakage):
    frame = frames_of(root)[0]
    BREAKAGES[breakage](root)
    with pytest.raises(BadFileError, match="ADE_train_00000001"):
        read_objects(root, frame)
    assert len(read_objects(root, frames_of(root)[-1])) == 4


def test_missing_files_are_findings(root):
    file_of(root, "_seg.png").unlink()
    file_of(root, ".json").unlink()
    shutil.rmtree(file_of(root, ""))
    found = list(ADE20K.findings(root, ADE20K.locate(root)))
    names = ["ADE_train_00000001_seg.png", "ADE_train_00000001.json", "ADE_train_00000001"]
    assert [f.path.rsplit("/", 1)[-1] for f in found] == names
    assert [f.label for f in frames_of(root) if f.split == "train"] == [None]


def test_the_layout_is_found_below_a_root_and_nowhere_else(tmp_path, root):
    assert ADE20K.locate(root) == root / "ADE20K_2021_17_01"
    assert ADE20K.locate(root / "ADE20K_2021_17_01") == root / "ADE20K_2021_17_01"
    assert ADE20K.locate(root / "ADE20K_2021_17_01" / "images") is None


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"split": "test"}, "split"),
        ({"image_id": "room"}, "ADE_<id>"),
        ({"objects": (DrawnObject(name="gizmo", mask=area(0, 9, 0, 9)),)}, "gizmo"),
        ({"objects": (DrawnObject(name=BED, mask=np.zeros(SIZE, bool)),)}, "with pixels"),
        ({"objects": (DrawnObject(name=BED, mask=np.ones((4, 4), bool)),)}, "mask of"),
        ({"objects": OBJECTS[:2] * 2}, "overlap"),
        (
            {"objects": (DrawnObject(name=BED, mask=area(0, 9, 0, 9), hidden=area(8, 20, 0, 9)),)},
            "apart from the visible",
        ),
        (
            {
                "objects": (
                    DrawnObject(
                        name=BED, mask=area(0, 9, 0, 9),
                        parts=(DrawnObject(name=PILLOW, mask=area(5, 12, 0, 9)),),
                    ),
                )
            },
            "inside its whole",
        ),
    ],
)  # fmt: skip
def test_scenes_that_the_coding_cannot_hold_are_refused_and_nothing_is_written(
    tmp_path, change, reason
):
    scene = {
        "split": "train",
        "scene": "street",
        "image_id": "ADE_train_00000001",
        "image": np.zeros((*SIZE, 3), np.uint8),
        "objects": OBJECTS,
    }
    with pytest.raises(ValueError, match=reason):
        write_ade20k_image(tmp_path, **scene | change)
    assert list(tmp_path.iterdir()) == []


def test_equal_scenes_give_equal_files(root, tmp_path):
    train, val = (
        {
            path.name.replace("val", "train"): path.read_bytes()
            for path in (root / "ADE20K_2021_17_01").rglob("*.*")
            if f"_{split}_" in path.name and path.suffix != ".json"
        }
        for split in ("train", "val")
    )
    assert train == val
