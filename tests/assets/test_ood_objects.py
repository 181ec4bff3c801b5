"""The object bank as an asset: real files in, a real Dagster run, a real manifest out."""

import dagster as dg
import pytest

from assets.object_bank import bank as bank_module
from assets.object_bank.checks import bank_checks
from assets.object_bank.config import OodObjectsConfig
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
    order = bank_module.plan_bank(config, resources["data"], resources["store"])
    return bank_module.build_bank(
        order, resources["store"].open(), resources["engine"], run_id="test"
    )


def test_equal_inputs_give_equal_data_versions(resources, tmp_path):
    first = metadata_of(run_bank(resources))["fingerprint"]
    other = {**resources, "store": type(resources["store"])(root=str(tmp_path / "other"))}
    assert metadata_of(run_bank(other))["fingerprint"] == first


def test_no_source_at_all_is_one_clear_error(resources, tmp_path):
    (tmp_path / "empty").mkdir()
    resources["data"] = type(resources["data"])(path=str(tmp_path / "empty"))
    with pytest.raises(ValueError, match="need labeled images of ade20k"):
        bank_module.plan_bank(OodObjectsConfig(), resources["data"], resources["store"])


def test_a_changed_source_changes_the_recipe(resources, data_root):
    def recipe():
        config = OodObjectsConfig()
        return bank_module.plan_bank(config, resources["data"], resources["store"]).recipe

    before = recipe()
    next((data_root / "coco" / "train2017").iterdir()).touch()
    assert recipe() != before


def test_bad_file_errors_name_file_fact_and_cure():
    assert str(BadFileError("a.png", "is cut off", "fetch it again")) == (
        "a.png: is cut off; fetch it again"
    )
