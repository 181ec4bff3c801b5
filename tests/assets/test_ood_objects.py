"""The object bank as an asset: real files in, a real Dagster run, a real manifest out."""

import os
import shutil
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from assets.object_bank import bank as bank_module
from assets.object_bank import checks
from assets.object_bank.checks import bank_checks
from assets.object_bank.config import OodObjectsConfig
from assets.object_bank.order import plan_bank
from assets.ood_objects import ood_objects
from assets.sources import sources
from storage.datasets.dataset import BadFileError
from storage.records import ClassCount, OodObject, Quarantined
from storage.rle import decode_mask


def run_bank(resources, **config):
    return dg.materialize(
        [ood_objects, sources, bank_checks],
        resources=resources,
        selection="ood_objects",
        run_config=dg.RunConfig(ops={"ood_objects": OodObjectsConfig(**config)}),
        raise_on_error=False,
    )


def rows_of(resources, table="ood_objects", record=OodObject):
    return resources["store"].open().manifests.read_records("ood_objects", table, record)


def metadata_of(run):
    return run.asset_materializations_for_node("ood_objects")[0].metadata


def test_every_object_gets_its_verdict_and_its_reason(resources):
    assert run_bank(resources).success
    verdicts = {
        (row.dataset, row.class_name, row.reason or "kept"): row for row in rows_of(resources)
    }
    assert set(verdicts) == {
        ("ade20k", "chair", "kept"),
        ("ade20k", "chair", "too_small"),
        ("ade20k", "sofa", "occluded"),
        ("ade20k_challenge", "chair", "duplicate"),
        ("coco", "chair", "kept"),
        ("coco", "chair", "truncated"),
        ("coco", "sofa", "crowd"),
    }
    assert len(rows_of(resources)) == 3 * 3 + 1 + 2 * 3


def test_a_kept_row_says_everything_about_its_crop(resources):
    run_bank(resources)
    store = resources["store"].open()
    row = next(r for r in rows_of(resources) if r.dataset == "ade20k" and r.verdict == "kept")
    crop = store.blobs.get_image(row.crop_sha256)
    assert crop.shape == (row.box_height_px, row.box_width_px, 4) == (110, 90, 4)
    mask = decode_mask(row.mask_rle, height_px=240, width_px=320)
    box = mask[row.box_y_px :, row.box_x_px :][: row.box_height_px, : row.box_width_px]
    assert (box == (crop[..., 3] > 0)).all()
    assert row.area_px == mask.sum()
    assert row.class_id == 20
    assert row.solidity == 1
    assert row.license
    assert row.source_image.endswith(".jpg")


def test_classes_without_objects_are_named(resources):
    run = run_bank(resources, class_list="published_val")
    counts = {row.class_name: row for row in rows_of(resources, "class_counts", ClassCount)}
    assert len(counts) == 32
    assert counts["bathtub"].is_absent
    assert "bathtub" in metadata_of(run)["classes_absent"].value
    assert not rows_of(resources), "chairs and sofas are not in that list"
    assert not run.success, "a bank without any object must block what follows"


def test_one_bad_file_is_a_row_and_stops_nothing(resources, data_root):
    broken = next((data_root / "ade20k").rglob("ADE_train_00000002.jpg"))
    broken.write_bytes(broken.read_bytes()[:500])
    run = run_bank(resources, max_bad_frac=0.5)
    assert run.success
    (bad,) = rows_of(resources, "quarantine", Quarantined)
    assert bad.status == "bad_input"
    assert "ADE_train_00000002.jpg" in bad.reason
    assert metadata_of(run)["quarantined"].value == 1
    assert not run_bank(resources, max_bad_frac=0.05).success, "too many bad files must block"


def test_a_second_run_does_nothing_and_changes_nothing(resources, monkeypatch):
    first = metadata_of(run_bank(resources))
    monkeypatch.setattr(bank_module, "cut_objects", refuse_to_cut)
    second = metadata_of(run_bank(resources))
    assert second["manifest_version"] == first["manifest_version"]
    assert second["fingerprint"] == first["fingerprint"]


def refuse_to_cut(item):
    raise AssertionError(f"{item} should not be cut again")


def test_a_killed_run_continues_with_what_is_missing(resources, monkeypatch):
    cut, seen = bank_module.cut_objects, []

    def die_at_the_fourth(item):
        if len(seen) == 3:
            raise KeyboardInterrupt
        seen.append(item)
        return cut(item)

    monkeypatch.setattr(bank_module, "cut_objects", die_at_the_fourth)
    with pytest.raises(KeyboardInterrupt):
        build(resources)
    monkeypatch.setattr(bank_module, "cut_objects", counted := Counted(cut))
    version = build(resources)
    assert counted.n == 3, "three of six images were finished before"
    whole = run_bank({**resources}).asset_materializations_for_node("ood_objects")[0]
    assert whole.metadata["fingerprint"].value == version.fingerprint


class Counted:
    def __init__(self, function):
        self.function, self.n = function, 0

    def __call__(self, item):
        self.n += 1
        return self.function(item)


def build(resources):
    config = OodObjectsConfig()
    order = plan_bank(config, resources["data"], resources["store"])
    return bank_module.build_bank(
        order, resources["store"].open(), resources["engine"], run_id="test"
    )


def test_equal_inputs_give_equal_data_versions(resources, tmp_path):
    first = metadata_of(run_bank(resources))["fingerprint"]
    other = {**resources, "store": type(resources["store"])(root=str(tmp_path / "other"))}
    assert metadata_of(run_bank(other))["fingerprint"] == first


def test_what_the_listing_misses_is_in_quarantine_too(resources, data_root):
    next((data_root / "ade20k").rglob("ADE_train_00000003.jpg")).unlink()
    run = run_bank(resources, max_bad_frac=0.5)
    (bad,) = rows_of(resources, "quarantine", Quarantined)
    assert bad.item == (
        "ade20k/ade20k/ADE20K_2021_17_01/images/ADE/training/home_or_hotel/living_room/"
        "ADE_train_00000003.jpg"
    )
    assert run.success
    assert not run_bank(resources, max_bad_frac=0.0).success


def test_a_split_that_is_lost_as_a_whole_blocks_whatever_the_limit(resources, data_root):
    annotations = data_root / "coco" / "annotations" / "instances_train2017.json"
    annotations.write_bytes(annotations.read_bytes()[:300])
    run = run_bank(resources, max_bad_frac=1.0)
    assert not run.success
    (bad,) = rows_of(resources, "quarantine", Quarantined)
    assert bad.item.endswith("instances_train2017.json")


def test_an_absent_source_is_named(resources, data_root):
    (data_root / "coco").rename(data_root / "holiday")
    shutil.rmtree(data_root / "holiday")
    run = run_bank(resources)
    assert run.success
    assert metadata_of(run)["sources_absent"].value == "coco"


def fail_for(n_failures):
    """A cutting function that fails for its first items, as a full disk would."""
    seen = []

    def cut(item):
        seen.append(item)
        if len(seen) <= n_failures:
            raise RuntimeError("no space left")
        return CUT(item)

    return cut


CUT = bank_module.cut_objects


def test_when_the_store_fails_the_former_bank_stays(resources, monkeypatch):
    before = metadata_of(run_bank(resources))["fingerprint"]
    monkeypatch.setattr(bank_module, "cut_objects", fail_for(99))
    run = run_bank(resources, min_side_px=40.0)
    assert not run.success
    latest = resources["store"].open().manifests.latest("ood_objects")
    assert (latest.version, latest.fingerprint) == (1, before.value)


def test_an_item_that_failed_is_tried_again_and_the_bank_is_as_if_it_never_had(
    resources, monkeypatch, tmp_path
):
    monkeypatch.setattr(bank_module, "cut_objects", fail_for(1))
    run_bank(resources, max_bad_frac=0.5)
    (bad,) = rows_of(resources, "quarantine", Quarantined)
    assert bad.status == "failed"
    healed = metadata_of(run_bank(resources, max_bad_frac=0.5))["fingerprint"]
    assert not rows_of(resources, "quarantine", Quarantined)
    other = {**resources, "store": type(resources["store"])(root=str(tmp_path / "other"))}
    assert metadata_of(run_bank(other, max_bad_frac=0.5))["fingerprint"] == healed


def test_the_data_version_does_not_depend_on_where_the_data_lie(resources, data_root, tmp_path):
    broken = next((data_root / "ade20k").rglob("ADE_train_00000002.jpg"))
    broken.write_bytes(broken.read_bytes()[:500])
    first = metadata_of(run_bank(resources, max_bad_frac=0.5))["fingerprint"]
    moved = tmp_path / "elsewhere"
    shutil.copytree(data_root, moved)
    resources["data"] = type(resources["data"])(path=str(moved))
    resources["store"] = type(resources["store"])(root=str(tmp_path / "other"))
    assert metadata_of(run_bank(resources, max_bad_frac=0.5))["fingerprint"] == first
    (bad,) = rows_of(resources, "quarantine", Quarantined)
    assert str(tmp_path) not in bad.reason


def test_a_damaged_part_or_a_missing_crop_is_made_again(resources):
    first = metadata_of(run_bank(resources))["fingerprint"]
    store = resources["store"].open()
    part = next(Path(resources["store"].root).rglob("part-*.parquet"))
    part.write_bytes(part.read_bytes()[:100])
    assert metadata_of(run_bank(resources))["fingerprint"] == first
    row = next(row for row in rows_of(resources) if row.crop_sha256)
    store.blobs.path(row.crop_sha256).unlink()
    assert metadata_of(run_bank(resources))["fingerprint"] == first
    assert store.blobs.exists(row.crop_sha256)


def answers(resources):
    store = resources["store"].open()
    version = store.manifests.wanted("ood_objects")
    return {name: question(version, store) for name, question in checks.QUESTIONS.items()}


def test_checks_fail_for_what_they_ask(resources):
    run_bank(resources)
    assert all(answer.passed for answer in answers(resources).values())
    store = resources["store"].open()
    former = store.manifests.latest("ood_objects")
    tables = {name: store.manifests.rows(former, name) for name in former.tables}
    counts = store.manifests.read_records("ood_objects", "class_counts", ClassCount)
    swapped = [replace(row, n_kept=row.n_rejected, n_rejected=row.n_kept) for row in counts]
    store.manifests.commit(
        "ood_objects", {**tables, "class_counts": swapped}, provenance=former.provenance
    )
    assert not answers(resources)["classes_covered"].passed
    row = next(row for row in rows_of(resources) if row.crop_sha256)
    store.blobs.path(row.crop_sha256).unlink()
    orphan = store.blobs.path(store.blobs.put(b"nobody names me"))
    os.utime(orphan, (0, 0))
    blobs = answers(resources)["no_orphan_blob"]
    assert not blobs.passed
    assert (blobs.metadata["missing"].value, blobs.metadata["orphans"].value) == (1, 1)


def test_a_check_that_cannot_be_answered_fails_with_its_reason(resources):
    run_bank(resources)
    for part in Path(resources["store"].root).rglob("part-*.parquet"):
        part.write_bytes(part.read_bytes()[:50])
    results = list(checks.bank_checks(store=resources["store"]))
    assert [result.passed for result in results].count(False) >= 3
    assert any("need" in result.metadata["problems"].value for result in results)


@pytest.mark.parametrize("sources", [[], ["coco", "coco"], ["bdd100k"]])
def test_sources_are_named_once(sources):
    with pytest.raises(ValueError, match="each once"):
        OodObjectsConfig(sources=sources)


def test_no_source_at_all_is_one_clear_error(resources, tmp_path):
    (tmp_path / "empty").mkdir()
    resources["data"] = type(resources["data"])(path=str(tmp_path / "empty"))
    with pytest.raises(ValueError, match="need labeled images of ade20k"):
        plan_bank(OodObjectsConfig(), resources["data"], resources["store"])


def test_a_changed_source_changes_the_recipe(resources, data_root):
    def recipe():
        config = OodObjectsConfig()
        return plan_bank(config, resources["data"], resources["store"]).recipe

    before = recipe()
    next((data_root / "coco" / "train2017").iterdir()).touch()
    assert recipe() != before


def test_bad_file_errors_name_file_fact_and_cure():
    assert str(BadFileError("a.png", "is cut off", "fetch it again")) == (
        "a.png: is cut off; fetch it again"
    )
