"""Facts about the files of the release, checked on real images; see `storage.datasets.ade20k`."""

import csv
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from storage.datasets.ade20k import ADE20K, read_objects, read_parts
from storage.datasets.ade20k_annotation import read_annotation
from storage.datasets.ade20k_decode import decode_segmentation
from storage.datasets.ade20k_index import read_class_names
from storage.datasets.ade20k_write import DrawnObject, write_ade20k_image
from storage.datasets.source_classes import fine_class_id
from storage.images import read_color_map, read_image, read_label
from storage.label_space import OOD_CLASS_LISTS, read_table
from storage.rle import encode_box_mask

SAMPLES = Path(__file__).resolve().parents[4] / "shared" / "samples" / "ade20k"
IMAGES = {"ADE_train_00016869": 70, "ADE_train_00016900": 37, "ADE_train_00016964": 32}
"""Image -> objects and parts in its JSON file."""

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="needs ../shared/samples/ade20k")


def frame_of(name):
    frames = ADE20K.frames(SAMPLES, ADE20K.locate(SAMPLES))
    return next(frame for frame in frames if frame.frame_id == name)


def coded_from_json(objects, outlines, level):
    """Object id of each pixel by the rules of the module's docstring, -1 for none."""
    by_id = {entry.object_id: entry for entry in objects}
    owners = np.full(next(iter(outlines.values())).shape, -1)
    for entry in objects:
        if entry.part_level == level:
            owners[outlines[entry.object_id] == 255] = entry.object_id
    if level == 0:
        free = owners == -1
        for entry in objects:
            whole = entry
            while whole.part_level > 0:
                whole = by_id[whole.parent_id]
            if whole is not entry:
                owners[free & (outlines[entry.object_id] == 255)] = whole.object_id
    return owners


@pytest.mark.parametrize("name", IMAGES)
def test_every_object_and_part_equals_the_png_coding(name):
    frame = frame_of(name)
    image = SAMPLES / frame.image
    objects = read_annotation(image.with_suffix(".json")).objects
    outlines = {e.object_id: read_label(image.parent / e.mask_file) for e in objects}
    counts = sum(np.bincount(outline.ravel(), minlength=256) for outline in outlines.values())
    assert np.flatnonzero(counts).tolist() == [0, 128, 255]
    masks = {
        int(found.instance_id): found.mask_rle
        for found in read_objects(SAMPLES, frame) + read_parts(SAMPLES, frame)
    }
    assert masks.keys() == {entry.object_id for entry in objects}

    n_checked = 0
    for level in sorted({entry.part_level for entry in objects}):
        suffix = "seg" if level == 0 else f"parts_{level}"
        coded = decode_segmentation(read_color_map(image.with_name(f"{name}_{suffix}.png")))
        owners = coded_from_json(objects, outlines, level)
        entries = [entry for entry in objects if entry.part_level == level]
        assert np.array_equal(owners >= 0, coded.ids > 0)
        assert len(entries) == coded.class_index.size
        object_of = np.full(coded.class_index.size + 1, -1)
        for entry in entries:
            k = coded.ids.ravel()[np.argmax(owners == entry.object_id)]
            object_of[k] = entry.object_id
            assert coded.class_index[k - 1] == entry.class_index
            left, top = coded.box_px[k - 1, :2].tolist()
            assert masks[entry.object_id] == encode_box_mask(
                coded.mask(int(k)), left_px=left, top_px=top, image_size=coded.ids.shape
            )
            n_checked += 1
        assert np.array_equal(object_of[coded.ids], owners)
    assert n_checked == len(objects) == IMAGES[name]


@pytest.mark.parametrize("name", IMAGES)
def test_the_instance_channel_counts_objects_of_a_file(name):
    image = SAMPLES / frame_of(name).image
    for path in [image.with_name(f"{name}_seg.png"), *image.parent.glob(f"{name}_parts_*.png")]:
        blue = decode_segmentation(read_color_map(path)).instance_byte
        n = np.arange(1, blue.size + 1)
        assert sorted(blue.tolist()) == np.floor(255 * n / blue.size + 0.5).astype(int).tolist()


def test_attributes_of_the_samples():
    found = [o for name in IMAGES for o in read_objects(SAMPLES, frame_of(name))]
    assert len(found) == 109
    assert {o.is_occluded for o in found} == {True, False, None}
    assert {o.is_cropped for o in found} == {True, False}
    assert {o.class_id for o in found} >= {2, 3, 7, 13, 21, 105, 139}
    assert all("non-commercial" in o.license for o in found)


def test_class_lists_agree_and_name_the_indices_of_the_json_files():
    names = read_class_names(SAMPLES / "class_index" / "ade20k_classes.txt")
    assert names == read_class_names(SAMPLES / "class_index" / "index_ade20k.mat")
    assert len(names) == 3148
    assert names[0] == "-"
    for name in IMAGES:
        for entry in read_annotation((SAMPLES / frame_of(name).image).with_suffix(".json")).objects:
            assert names[entry.class_index - 1] == entry.name


def synonyms(text, separator=","):
    return frozenset(part.strip().casefold() for part in text.split(separator))


def test_the_fine_table_follows_from_the_official_tables():
    fine = read_class_names(SAMPLES / "class_index" / "ade20k_classes.txt")
    challenge = SAMPLES / "ADEChallengeData2016"
    with (challenge / "objectInfo150.txt").open() as stream:
        coarse = {
            int(r["Idx"]): synonyms(r["Name"]) for r in csv.DictReader(stream, delimiter="\t")
        }
    lines = (challenge / "convertFromADE" / "mapFromADE.txt").read_text().splitlines()
    official = {int(line.split()[1]): int(line.split()[0]) for line in lines}
    rows = {int(row["fine_index_2016"]): row for row in read_table("ade20k_fine_to_150")}

    for index, name in enumerate(fine, start=1):
        shared = sorted(c for c, others in coarse.items() if synonyms(name) & others)
        exact = [c for c in shared if coarse[c] == synonyms(name)]
        is_ood = bool(shared) and shared[0] in OOD_CLASS_LISTS["published_train"]
        row = rows.pop(index, None)
        if row is None:
            assert not exact
            assert index not in official
            assert not shared or (len(shared) == 1 and not is_ood)
            continue
        assert row["fine_name"] == name
        assert row["match"] == (
            "exact" if exact else "synonym" if int(row["class_id"]) else
            "ambiguous" if len(shared) > 1 else "unmatched"
        )  # fmt: skip
        assert not exact or int(row["class_id"]) == exact[0]
        if int(row["class_id"]):
            assert int(row["class_id"]) in shared
        # reviewed: "screen, CRT screen" (2253) is "screen, crt screen" (3109) in other letters
        assert official.get(index, 0) == int(row["class_id"]) or index == 2253
    assert rows == {}


def test_names_decide_and_not_indices_or_letters():
    assert fine_class_id("sofa, couch, lounge") == 24
    assert fine_class_id("Screen,CRT screen") == 142
    assert fine_class_id("door") == fine_class_id("double door") == 15
    assert fine_class_id("screen") == 0
    assert fine_class_id("wheel") == 0
    matches = Counter(row["match"] for row in read_table("ade20k_fine_to_150"))
    assert matches == {"exact": 148, "synonym": 6, "unmatched": 32, "ambiguous": 4}


def test_written_files_look_like_those_of_the_release(tmp_path):
    name = "ADE_train_00016900"
    frame = frame_of(name)
    outline = np.zeros((64, 64), bool)
    outline[8:20, 8:30] = True
    part = np.zeros_like(outline)
    part[10:12, 10:20] = True
    hidden = np.zeros_like(outline)
    hidden[20:22, 8:30] = True
    drawn = DrawnObject(
        name="car, auto, automobile, machine, motorcar", mask=outline, hidden=hidden,
        parts=(DrawnObject(name="wheel", mask=part, class_index=3035),),
    )  # fmt: skip
    write_ade20k_image(
        tmp_path / "ADE20K_2021_17_01", split=frame.split, scene=frame.group, image_id=name,
        image=read_image(SAMPLES / frame.image)[:64, :64], objects=[drawn],
    )  # fmt: skip
    official, ours = (SAMPLES / frame.image).parent, (tmp_path / frame.image).parent

    assert {
        p.relative_to(ours).as_posix().replace("instance_001", "instance_002")
        for p in ours.rglob("*.*")
    } <= {p.relative_to(official).as_posix() for p in official.rglob("*.*")}
    for path in (p for p in ours.rglob("*.*") if p.suffix in (".png", ".jpg")):
        twin = official / str(path.relative_to(ours)).replace("instance_001", "instance_002")
        with Image.open(path) as one, Image.open(twin) as other:
            assert (one.mode, one.format) == (other.mode, other.format)
    one, other = (
        json.loads((folder / f"{name}.json").read_text())["annotation"]
        for folder in (ours, official)
    )
    assert list(one) == list(other)
    assert one["folder"] == other["folder"]
    twin = next(o for o in other["object"] if o["name"] == drawn.name)
    for key in twin:
        assert type(one["object"][0][key]) in (type(twin[key]), list, int)
    assert list(one["object"][0]) == list(twin)
    assert one["object"][0]["name_ndx"] == twin["name_ndx"]
    assert {*one["object"][0]["parts"]} == {*twin["parts"]}
    assert {*one["object"][0]["polygon"]} == {*twin["polygon"]}
