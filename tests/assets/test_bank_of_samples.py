"""The object bank on real files of ADE20K and COCO, where this machine has them."""

import json

import numpy as np
import pytest
from pycocotools import coco as coco_api

from assets.engine.resource import Engine
from assets.object_bank.bank import build_bank
from assets.object_bank.config import OodObjectsConfig
from assets.object_bank.cutting import cut_objects
from assets.object_bank.order import plan_bank
from assets.resources import DataRoot, ManifestStore
from models.object_bank import ObjectGeometry, measure_object
from storage.records import OodObject
from storage.rle import decode_mask

N_ANNOTATIONS = 852
EVERY_CLASS = tuple(range(151))


@pytest.fixture
def order(samples, tmp_path):
    def plan(**config):
        store = ManifestStore(root=str(tmp_path / "store"))
        return plan_bank(OodObjectsConfig(**config), DataRoot(path=str(samples)), store)

    return plan


def mask_of(row: OodObject) -> np.ndarray:
    return decode_mask(row.mask_rle, height_px=row.image_height_px, width_px=row.image_width_px)


# pycocotools itself, the oracle here, uses what numpy is about to remove.
@pytest.mark.filterwarnings("ignore::DeprecationWarning:pycocotools")
@pytest.mark.slow
def test_every_coco_mask_is_that_of_pycocotools(order, samples):
    apis = {
        split: coco_api.COCO(samples / "coco" / "annotations" / f"instances_{split}2017.json")
        for split in ("train", "val")
    }
    n_equal = 0
    for item in order(sources=["coco"]).items:
        every = type(item)(**{**vars(item), "class_ids": EVERY_CLASS})
        for row in cut_objects(every):
            api = apis[row.split]
            expected = api.annToMask(api.anns[int(row.instance_id)])
            n_equal += np.array_equal(mask_of(row), expected.astype(bool))
    assert n_equal == N_ANNOTATIONS


def test_the_bank_of_the_samples_is_complete_and_true(order, tmp_path):
    store = ManifestStore(root=str(tmp_path / "store")).open()
    version = build_bank(order(), store, Engine(mode="inline"), run_id="test")
    assert version.rows("quarantine") == 0
    rows = store.manifests.read_records("ood_objects", "ood_objects", OodObject)
    kept = [row for row in rows if row.verdict == "kept"]
    assert {row.dataset for row in kept} == {"ade20k", "coco"}, "the 150-class samples hold none"
    for row in rows:
        geometry = measure_object(mask_of(row))
        assert geometry == ObjectGeometry(
            box=(row.box_x_px, row.box_y_px, row.box_width_px, row.box_height_px),
            area_px=row.area_px,
            border_frac=row.border_frac,
            solidity=row.solidity,
            main_part_frac=geometry.main_part_frac,
        )
    for row in kept:
        crop = store.blobs.get_image(row.crop_sha256)
        assert crop.shape[:2] == (row.box_height_px, row.box_width_px)
        assert (crop[..., 3] > 0).sum() == row.area_px


def test_each_coco_row_names_the_license_of_its_photo(order, samples):
    content = json.loads((samples / "coco" / "annotations" / "instances_val2017.json").read_text())
    names = {entry["id"]: entry["name"] for entry in content["licenses"]}
    by_file = {entry["file_name"]: names[entry["license"]] for entry in content["images"]}
    items = [item for item in order(sources=["coco"]).items if item.frame.split == "val"]
    rows = [row for item in items for row in cut_objects(item)]
    assert rows
    assert all(by_file[row.source_image.rsplit("/", 1)[-1]] in row.license for row in rows)
