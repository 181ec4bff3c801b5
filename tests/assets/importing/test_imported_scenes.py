"""The asset `imported_scenes`: rows, pictures, what is refused, and that it can be done again."""

from dataclasses import replace

import dagster as dg
import numpy as np
import pytest
from PIL import Image

from assets.importing import scenes
from assets.importing.checks import QUESTIONS, answer_all
from assets.importing.sets import register_set
from assets.retracting.retractions import record_retraction
from storage.datasets.cityscapes import write_cityscapes_frame
from storage.export.license_terms import PassingOn, used_sources
from storage.png import png_bytes
from storage.records import Quarantined
from storage.rle import decode_mask
from storage.scene_records import LabelledScene
from tests.assets.importing.conftest import FRAMES, SIZE, pixels

ASSET = "imported_scenes"


def rows_of(store, name="published"):
    return store.manifests.read_records(ASSET, "labelled_scenes", LabelledScene, partition=name)


def quarantine_of(store, name="published"):
    return store.manifests.read_records(ASSET, "quarantine", Quarantined, partition=name)


def label_file(folder, ood_class):
    return next(folder.glob(f"gtFine/*/*/*_{ood_class}_0.80_gtFine_labelTrainIds.png"))


def test_every_scene_is_a_row_with_what_its_name_states(run, store):
    assert run().success
    first, second, third = rows_of(store)
    assert [row.frame_id for row in (first, second, third)] == list(FRAMES)
    assert [row.variant for row in (first, second, third)] == [0, 1, 0]
    assert (first.object_class_names, second.object_class_names) == (("bathtub",), ("chair",))
    assert (first.weather, first.place) == (None, None)
    assert (second.weather, second.time, second.place) == ("foggy", "day", "Oslo")
    assert (first.object_class_ids, third.object_class_ids) == ((38,), (0,))
    for row in (first, second, third):
        assert (row.round, row.attempt, row.seed, row.prompt) == ("published", None, None, None)
        assert row.object_ious == (0.8,)
        assert row.object_ids == ()
        assert used_sources([row])[0].passing_on == PassingOn.NO
        assert row.layout_sha256 is row.sam_layout_sha256 is None
    assert third.city == "oslo"
    assert third.source_image == f"cityscapes/leftImg8bit/val/oslo/{FRAMES[2]}_leftImg8bit.png"
    assert third.source_label == f"cityscapes/gtFine/val/oslo/{FRAMES[2]}_gtFine_labelIds.png"


def test_pictures_are_those_of_the_files(bring, store, published):
    bring()
    row = rows_of(store)[2]
    image, label = pixels(2)
    assert np.array_equal(store.blobs.get_image(row.image_sha256), image)
    assert np.array_equal(store.blobs.get_image(row.label_sha256), label)
    assert store.blobs.get(row.label_sha256) == label_file(published, "hot dog").read_bytes()
    mask = decode_mask(row.object_mask_rles[0], height_px=SIZE[0], width_px=SIZE[1])
    assert np.array_equal(mask, label == 254)
    assert (row.height_px, row.width_px) == SIZE
    assert (row.n_ood_px, row.n_void_px) == (int(mask.sum()), 3)


def test_layouts_come_along_where_they_are(bring, store, published):
    place = label_file(published, "bathtub")
    for suffix, value in (("ADEcolor", 254), ("ADEcolor_paste", 9)):
        content = png_bytes(np.full((*SIZE, 3), value, np.uint8), {"by": suffix})
        place.with_name(place.name.replace("labelTrainIds", suffix)).write_bytes(content)
    bring()
    row = rows_of(store)[0]
    assert int(store.blobs.get_image(row.sam_layout_sha256).max()) == 254
    assert int(store.blobs.get_image(row.layout_sha256).max()) == 9


def test_frames_of_the_data_root_give_their_own_paths(bring, store, resources, tmp_path):
    root = tmp_path / "no data"
    write_cityscapes_frame(
        root / "my_cityscapes",
        split="train",
        name=FRAMES[0],
        image=np.zeros((*SIZE, 3), np.uint8),
        label_ids=np.zeros(SIZE, np.uint8),
    )
    bring()
    assert rows_of(store)[0].source_image.startswith("my_cityscapes/leftImg8bit/train/lisbon/")
    assert rows_of(store)[2].source_image.startswith("cityscapes/")


def test_a_copy_elsewhere_gives_equal_rows(bring, store, published, tmp_path):
    bring()
    before = store.manifests.wanted(ASSET, "published")
    assert before.version == 1
    published.rename(tmp_path / "moved")
    for path in (tmp_path / "moved").rglob("*.png"):
        path.touch()
    bring(folder=tmp_path / "moved")
    after = store.manifests.wanted(ASSET, "published")
    assert after.version == 2
    assert after.fingerprint == before.fingerprint


def test_again_nothing_is_read(bring, store, monkeypatch):
    bring()
    monkeypatch.setattr(scenes, "import_scene", None)
    bring()
    assert store.manifests.latest_number(ASSET, "published") == 1


def test_lost_pictures_are_stored_again(bring, store):
    bring()
    store.blobs.path(rows_of(store)[0].image_sha256).unlink()
    bring()
    assert store.blobs.exists(rows_of(store)[0].image_sha256)


BAD = {
    "truncated": (lambda path: path.write_bytes(path.read_bytes()[:60]), "cannot be decoded"),
    "palette": (lambda path: Image.open(path).convert("P").save(path), "palette image"),
    "value": (
        lambda path: Image.fromarray(np.full(SIZE, 30, np.uint8)).save(path),
        "label value 30 outside",
    ),
    "size": (
        lambda path: Image.fromarray(np.zeros((5, 7), np.uint8)).save(path),
        "need the size of its image, 48x24, got 7x5",
    ),
}


@pytest.mark.parametrize("harm", BAD)
def test_a_bad_label_is_a_row_with_its_reason(bring, store, published, harm):
    spoil, reason = BAD[harm]
    spoil(label_file(published, "bathtub"))
    bring()
    (bad,) = quarantine_of(store)
    assert reason in bad.reason
    assert bad.reason.startswith("gtFine/train/lisbon/"), "not where this machine keeps it"
    assert (bad.item, bad.status) == (f"train/{FRAMES[0]}_bathtub_0.80", "bad_input")
    assert [row.variant for row in rows_of(store)] == [1, 0], "others keep their number"


def test_a_layout_of_another_size_is_told_too(bring, store, published):
    place = label_file(published, "bathtub")
    content = png_bytes(np.zeros((3, 3, 3), np.uint8), {})
    place.with_name(place.name.replace("labelTrainIds", "ADEcolor")).write_bytes(content)
    bring()
    assert "layouts may also be left out" in quarantine_of(store)[0].reason


def test_many_bad_scenes_block_what_follows(run, store, published):
    label_file(published, "bathtub").unlink()
    result = run()
    assert not result.success
    assert len(rows_of(store)) == 2
    assert "label is missing" in quarantine_of(store)[0].reason
    answers = {
        event.event_specific_data.check_name: event.event_specific_data
        for event in result.all_events
        if event.event_type_value == "ASSET_CHECK_EVALUATION"
    }
    assert [name for name, found in answers.items() if not found.passed] == ["few_quarantined"]
    assert "1 of 3 scenes" in answers["few_quarantined"].metadata["problems"].value


def test_checks_look_at_what_was_committed(bring, store):
    bring()
    version = store.manifests.wanted(ASSET, "published")
    wrong = np.full((3, 3), 30, np.uint8)
    rows = rows_of(store)
    rows[0] = replace(rows[0], label_sha256=store.blobs.put_image(wrong))
    rows[1] = replace(rows[1], image_sha256="0" * 64)
    tables = {"labelled_scenes": rows, "quarantine": []}
    version = store.manifests.commit(
        ASSET, tables, partition="published", provenance=version.provenance
    )
    answers = {found.check_name: found for found in answer_all(version, store, 0.0)}
    assert list(answers) == list(QUESTIONS)
    passed = {name: found.passed for name, found in answers.items()}
    assert passed == {
        "scenes_imported": True,
        "sizes_match": False,
        "values_in_coding": False,
        "few_quarantined": True,
    }
    assert answers["sizes_match"].metadata["n_problems"].value == 2


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda folder: None, "need a folder in the published layout"),
        (lambda folder: folder.write_bytes(b"zip"), "need a folder, got a file; unpack it"),
        (lambda folder: (folder / "leftImg8bit").mkdir(parents=True), "found none"),
    ],
)
def test_a_folder_without_a_set_is_one_clear_error(run, store, tmp_path, make, reason):
    make(tmp_path / "other")
    result = run(folder=tmp_path / "other")
    assert not result.success
    failed = next(event for event in result.all_events if event.is_step_failure)
    assert reason in failed.event_specific_data.error.to_string()
    assert store.manifests.partitions(ASSET) == []


def test_the_ui_shows_counts_and_a_sheet(run, store):
    result = run()
    shown = result.asset_materializations_for_node("imported_scenes")[0].metadata
    assert shown["dagster/partition_row_count"].value == 3
    assert shown["frames"].value == 2
    assert "data:image/webp" in shown["contact_sheet"].value
    assert (store.root / "reports" / "imported_scenes" / "published.png").exists()
    counts = {one.data["value"]: one.data["count"] for one in shown["conditions"].records}
    assert counts == {"foggy day": 2, "plain template": 1}


@pytest.mark.parametrize("name", ["", "a b", "a/b", ".hidden", "x" * 65])
def test_names_that_cannot_be_a_partition(name):
    with dg.DagsterInstance.ephemeral() as instance, pytest.raises(ValueError, match="--name"):
        register_set(instance, name)


def test_the_next_import_leaves_out_what_is_retracted_and_nothing_else(run, bring, store):
    assert run().success
    before = rows_of(store)
    record_retraction(f"cityscapes/{FRAMES[0]}", store, reason="withdrawn", by="ada")
    assert run().success
    (row,) = rows_of(store)
    assert replace(row, generator="") == replace(before[2], generator="")
    version = store.manifests.wanted(ASSET, "published")
    assert version.provenance["retracted"].count(FRAMES[0]) == 2
    assert bring(max_bad_frac=0.05) == version
    record_retraction(f"cityscapes/{FRAMES[2]}", store, reason="withdrawn", by="ada")
    with pytest.raises(ValueError, match="got 3 of retracted frames; retract imported/published"):
        bring()
