"""Exports on disk: what readers find there, and that there is never half of one."""

import csv
import errno
import fcntl
import hashlib
import json
import os
import shutil
import subprocess

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

from storage.datasets.check import check_root
from storage.datasets.generated import GENERATED
from storage.datasets.registry import complete_frames, read_target
from storage.export import PictureSize, write
from storage.export.plan import ExportError, split_of
from storage.export.scene_table import read_stated_facts
from storage.images import read_image
from storage.png import png_text
from tests.storage.export.scenes import APACHE, CITYSCAPES, box, commit, new_store, pictures, scene

TWO_MASKS = [box(20, 1, 5, 5), box(18, 20, 10, 12)]
PLAIN = {"weather": None, "time": None, "place": None}


@pytest.fixture
def out(tmp_path):
    return tmp_path / "data" / "multishift_cityscapes"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A store with four scenes, made once: writing blobs waits for the disk."""
    folder = tmp_path_factory.mktemp("made")
    store = new_store(folder)
    rows = [
        scene(store, 0),
        scene(store, 1, variant=1, frame_id="lisbon_000000_000019"),
        scene(store, 2, frame_id="oslo_000001_000019", **PLAIN, licenses=(CITYSCAPES, APACHE)),
        scene(
            store,
            3,
            masks=TWO_MASKS,
            object_class_names=("chair", "door/double"),
            frame_id="lisbon_000009_000019",
        ),
    ]
    commit(store, rows, provenance={"min_iou": "0.7"})
    return folder, rows


@pytest.fixture
def rows(store, made):
    shutil.copytree(made[0], str(store.root), dirs_exist_ok=True)
    return made[1]


def blobs_below(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")}


def test_the_reader_of_the_published_set_reads_it(export, rows, out):
    export(out)
    root = out.parent
    frames = complete_frames(root, GENERATED)
    assert sorted(frame.source_frame_id for frame in frames) == sorted(r.frame_id for r in rows)
    for frame in frames:
        table = pq.read_table(out / "scenes.parquet").to_pylist()
        number = next(row["seed"] for row in table if row["name"] == frame.frame_id) - 2**40
        masks = TWO_MASKS if number == 3 else [box(20, 10 + number, 8, 12)]
        image, label, _, _ = pictures(number, masks)
        target = read_target(root, frame)
        assert np.array_equal(read_image(root / frame.image), image)
        assert np.array_equal(target.ood == 1, label == 254)
        assert np.array_equal(target.train_ids, np.where(label == 254, 255, label))
    report = check_root(root)
    assert not report.findings
    assert not report.unrecognized
    assert [(row.dataset, row.n_pairs) for row in report.rows] == [("multishift_cityscapes", 4)]
    assert not check_root(out).findings


def test_files_are_those_of_the_store_byte_for_byte(export, store, rows, out):
    export(out)
    stem = "lisbon_000000_000019_rainy_night_New_York_City_bathtub_0.87"
    for place, blob in (
        (f"leftImg8bit/train/lisbon/{stem}_leftImg8bit.png", rows[0].image_sha256),
        (f"gtFine/train/lisbon/{stem}_gtFine_labelTrainIds.png", rows[0].label_sha256),
        (f"gtFine/train/lisbon/{stem}_gtFine_ADEcolor.png", rows[0].sam_layout_sha256),
        (f"gtFine/train/lisbon/{stem}_gtFine_ADEcolor_paste.png", rows[0].layout_sha256),
    ):
        assert (out / place).read_bytes() == store.blobs.get(blob)


def test_the_table_holds_every_fact_of_every_scene(export, rows, out):
    export(out)
    table = pq.read_table(out / "scenes.parquet")
    assert "object_mask_rles" not in table.column_names
    assert table.schema.field("seed").metadata[b"doc"]
    by_seed = {row["seed"]: row for row in table.to_pylist()}
    for row in rows:
        told = by_seed[row.seed]
        for name in set(told) & set(type(row).__dataclass_fields__):
            value = getattr(row, name)
            assert told[name] == (list(value) if isinstance(value, tuple) else value), name
        assert all((out / told[kind]).is_file() for kind in ("image", "label", "layout"))
    with (out / "scenes.csv").open(newline="") as stream:
        lines = list(csv.DictReader(stream))
    two = next(line for line in lines if line["frame_id"] == "lisbon_000009_000019")
    assert json.loads(two["object_class_names"]) == ["chair", "door/double"]
    assert two["name"].endswith("_door-double_0.87")
    assert [line["name"] for line in lines] == table["name"].to_pylist()


def test_scenes_of_one_name_are_all_there(export, rows, out):
    export(out)
    names = {path.name[:-16] for path in (out / "leftImg8bit/train/lisbon").iterdir()}
    stem = "lisbon_000000_000019_rainy_night_New_York_City_bathtub"
    assert {f"{stem}_0.87", f"{stem}_0.86"} < names


def test_the_card_says_what_a_reader_must_know(export, rows, out):
    export(out)
    card = (out / "README.md").read_text()
    for text in (
        "4 scenes of 3 frames in 2 cities",
        "**No.**",
        "Cityscapes: the data set and modified versions of it may not be distributed",
        "| rainy night | 3 |",
        "| plain template | 1 |",
        "| 254 | unknown object |",
        "| labelled_scenes | min_iou | 0.7 |",
        f"| {APACHE} | 4 | yes | keep the notice |",
        "| miniature@0123456789abcdef | 4 |",
        "lisbon\\|round-1",
    ):
        assert text in card, text


def test_the_card_of_rendered_sources_says_yes(export, store, out):
    commit(store, [scene(store)])
    export(out)
    assert "## May it be passed on?\n\nYes," in (out / "README.md").read_text()


def test_croissant_describes_the_files_that_are_there(export, rows, out):
    export(out)
    told = json.loads((out / "croissant.json").read_text())
    assert told["@type"] == "sc:Dataset"
    assert told["conformsTo"] == "http://mlcommons.org/croissant/1.0"
    assert told["@context"]["@vocab"] == "https://schema.org/"
    assert all(told[name] for name in ("name", "description", "url", "version", "creator"))
    assert set(told["license"]) == {APACHE, CITYSCAPES}
    assert len(told["datePublished"]) == 10
    parts = {part["@id"]: part for part in told["distribution"]}
    for name in ("scenes.parquet", "scenes.csv"):
        content = (out / name).read_bytes()
        assert parts[name]["@type"] == "cr:FileObject"
        assert parts[name]["sha256"] == hashlib.sha256(content).hexdigest()
        assert parts[name]["contentSize"] == f"{len(content)} B"
    for kind in ("image", "label"):
        assert parts[f"{kind}_files"]["@type"] == "cr:FileSet"
        assert len(list(out.glob(parts[f"{kind}_files"]["includes"]))) == 4
    sets = {one["@id"]: one for one in told["recordSet"]}
    assert set(sets) == {"scenes", "images", "labels"}
    fields = {field["name"]: field for field in sets["scenes"]["field"]}
    assert {"image", "label", "prompt", "place", "weather", "time", "round", "seed"} < set(fields)
    assert fields["object_class_names"]["repeated"] is True
    assert fields["seed"]["dataType"] == "sc:Integer"
    columns = pq.read_schema(out / "scenes.parquet").names
    assert [field["source"]["extract"]["column"] for field in fields.values()] == columns
    known = {*parts, *(field["@id"] for one in told["recordSet"] for field in one["field"])}
    assert references(told["recordSet"]) <= known


def references(node):
    """Every ``@id`` that a part of the metadata points to."""
    if isinstance(node, list):
        return set().union(*map(references, node))
    if not isinstance(node, dict):
        return set()
    own = {node["@id"]} if set(node) == {"@id"} else set()
    return own | references(list(node.values()))


def test_sums_are_those_of_the_program_sha256sum(export, rows, out):
    export(out)
    told = subprocess.run(
        ["sha256sum", "--check", "--quiet", "--strict", "SHA256SUMS"], cwd=out, check=False
    )
    assert told.returncode == 0
    listed = {line.split("  ")[1] for line in (out / "SHA256SUMS").read_text().splitlines()}
    there = {path.relative_to(out).as_posix() for path in out.rglob("*") if path.is_file()}
    assert there - listed == {"SHA256SUMS"}


def test_equal_scenes_give_equal_exports_and_again_there_is_nothing_to_do(export, rows, out):
    assert export(out).is_new
    first = blobs_below(out)
    assert not export(out).is_new
    export(out.with_name("again"))
    assert blobs_below(out.with_name("again")) == first == blobs_below(out)


def test_a_damaged_export_is_not_called_whole(export, rows, out):
    export(out)
    (out / "scenes.csv").write_text("mine")
    with pytest.raises(ExportError, match=r"1 of its files are missing or changed.*scenes\.csv"):
        export(out)


def test_an_export_of_other_scenes_is_not_overwritten(export, rows, out):
    export(out)
    before = blobs_below(out)
    with pytest.raises(ExportError, match="got another export; name another folder"):
        export(out, cities=["oslo"])
    with pytest.raises(ExportError, match="got another export"):
        export(out, imported=False, rounds=["round-1"], cities=["lisbon"])
    assert blobs_below(out) == before


@pytest.mark.parametrize("name", ["thesis.txt", "export.json"])
def test_a_folder_in_use_is_never_written_to(export, rows, out, name):
    out.mkdir(parents=True)
    (out / name).write_text("mine")
    with pytest.raises(ExportError, match="need a new or empty folder"):
        export(out)
    assert [path.name for path in out.parent.rglob("*")] == [out.name, name]


def test_an_empty_folder_is_filled_and_a_file_is_refused(export, rows, out, monkeypatch):
    out.mkdir(parents=True)
    assert export(out).n_files == 4 * 4 + 6
    (out.parent / "file").write_text("mine")
    with pytest.raises(ExportError, match="got a file"):
        export(out.parent / "file")
    (out.parent / "here").mkdir()
    monkeypatch.chdir(out.parent / "here")
    with pytest.raises(ExportError, match="other than the one you are in"):
        export(out.parent / "here")


@pytest.mark.parametrize("kind", ["image", "label", "layout"])
@pytest.mark.parametrize("harm", ["missing", "damaged"])
def test_a_bad_blob_is_one_error_and_leaves_nothing(export, store, rows, out, kind, harm):
    path = store.blobs.path(getattr(rows[2], f"{kind}_sha256"))
    if harm == "missing":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(ExportError, match="scene oslo_000001_000019, variant 0 of round-1") as told:
        export(out)
    assert f"its {kind} cannot be exported" in str(told.value)
    assert "materialize its city again" in str(told.value)
    assert not list(out.parent.iterdir())


def test_pictures_that_are_not_what_their_row_says(export, store, out):
    label = np.full((32, 64), 30, np.uint8)
    wrong = {
        "label value 30 outside": {"label_sha256": store.blobs.put_image(label)},
        "need a PNG of RGB 64x32, got L 64x32": {"image_sha256": store.blobs.put_image(label)},
        "need a PNG of L 64x32, got L 32x16": {
            "label_sha256": store.blobs.put_image(label[::2, ::2])
        },
        "cannot identify image file": {"image_sha256": store.blobs.put(b"text", ".bin")},
    }
    for fact, change in wrong.items():
        commit(store, [scene(store, **change)])
        with pytest.raises(ExportError, match=fact):
            export(out)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (KeyboardInterrupt(), KeyboardInterrupt),
        (OSError(errno.ENOSPC, "No space left on device"), ExportError),
        (OSError(errno.EIO, "Input/output error"), OSError),
    ],
)
def test_an_interrupt_or_a_full_disk_leaves_nothing(export, rows, out, error, expected):
    def stop(done, total):
        if done == 2:
            raise error

    with pytest.raises(expected) as told:
        export(out, progress=stop)
    assert expected is not ExportError or "no room on its disk; nothing was kept" in str(told.value)
    assert not list(out.parent.iterdir())
    assert export(out).is_new


def test_what_a_killed_export_left_is_cleared_away(export, rows, out):
    left = out.with_name(f".{out.name}.multishift-export")
    (left / "gtFine").mkdir(parents=True)
    (left / "gtFine" / "half.png").write_bytes(b"half")
    (left / "file").write_bytes(b"half")
    export(out)
    assert [path.name for path in out.parent.iterdir()] == [out.name]
    assert not (out / "file").exists()
    assert not (out / "gtFine" / "half.png").exists()


def test_two_exports_to_one_folder(export, rows, out):
    beside = out.with_name(f".{out.name}.multishift-export")
    beside.mkdir(parents=True)
    descriptor = os.open(beside, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    with pytest.raises(ExportError, match="another export is writing there"):
        export(out)
    os.close(descriptor)
    assert export(out).is_new


def test_a_folder_that_fills_meanwhile_is_kept(export, rows, out, monkeypatch):
    def fill():
        out.mkdir()
        (out / "thesis.txt").write_text("mine")

    monkeypatch.setattr(write.os, "sync", fill)
    with pytest.raises(ExportError, match="filled by somebody else"):
        export(out)
    assert [path.name for path in out.parent.rglob("*")] == [out.name, "thesis.txt"]


def request_sizes(store, height, width):
    """Rows of scene_requests, with the size of the frames and nothing else that matters."""
    from storage.manifests.schemas import TABLES
    from storage.scene_records import SceneRequest

    assert TABLES["scene_requests"] is SceneRequest
    blank = {"str": "", "int": 0}
    row = {
        name: ()
        if "tuple" in str(field.type)
        else blank["int" if "int" in str(field.type) else "str"]
        for name, field in SceneRequest.__dataclass_fields__.items()
    }
    known = {"round": "round-1", "frame_id": "lisbon_000000_000019"}
    size = {"height_px": height, "width_px": width}
    record = SceneRequest(**{**row, **known, **size})
    store.manifests.commit(
        "scene_requests", {"scene_requests": [record]}, partition="lisbon|round-1"
    )


def test_the_size_of_the_frame(export, store, out):
    own = scene(store)
    imported = scene(store, round="a-set", attempt=None)
    commit(store, [own])
    commit(store, [imported], asset="imported_scenes")
    with pytest.raises(ExportError, match="scene_requests holds no row of it any more"):
        export(out, size=PictureSize.FRAME)
    request_sizes(store, 64, 128)
    export(out, size=PictureSize.FRAME, imported=True)
    first, second = pq.read_table(out / "scenes.parquet").to_pylist()
    assert (first["height_px"], first["width_px"]) == (64, 128)
    assert (second["height_px"], second["width_px"]) == (32, 64)
    image, label, layout, _ = pictures(0, [box(20, 10, 8, 12)])
    bilinear = Image.fromarray(image).resize((128, 64), Image.Resampling.BILINEAR)
    assert np.array_equal(read_image(out / first["image"]), np.asarray(bilinear))
    twice = np.repeat(np.repeat(label, 2, 0), 2, 1)
    assert np.array_equal(np.asarray(Image.open(out / first["label"])), twice)
    twice = np.repeat(np.repeat(layout, 2, 0), 2, 1)
    assert np.array_equal(read_image(out / first["layout"]), twice)
    assert (first["n_ood_px"], first["n_void_px"]) == (4 * own.n_ood_px, 4 * own.n_void_px)
    assert png_text((out / first["image"]).read_bytes()) == {"multishift seed": "7"}
    assert not check_root(out).findings
    with pytest.raises(ExportError, match="got another export"):
        export(out, imported=True)


def test_layouts_that_are_unknown_are_left_out(export, store, out):
    commit(store, [scene(store, layout_sha256=None, sam_layout_sha256=None)])
    export(out)
    (row,) = pq.read_table(out / "scenes.parquet").to_pylist()
    assert row["layout"] is row["sam_layout"] is None
    assert not list(out.rglob("*ADEcolor*"))


@pytest.mark.parametrize(
    ("image", "split"),
    [
        ("cityscapes/leftImg8bit/val/munster/x.png", "val"),
        ("leftImg8bit/leftImg8bit/train/x.png", "train"),
        ("elsewhere/val/x.png", "train"),
        ("leftImg8bit/extra/x.png", "train"),
    ],
)
def test_the_split_is_that_of_the_photograph(store, image, split):
    assert split_of(scene(store, source_image=image)) == split


def test_a_table_that_is_no_export_is_named(export, rows, out):
    assert read_stated_facts(out) == {}
    export(out)
    assert len(read_stated_facts(out)) == 4
    (out / "scenes.parquet").write_bytes(b"mine")
    with pytest.raises(ValueError, match=r"scenes\.parquet: need the table of an export"):
        read_stated_facts(out)
