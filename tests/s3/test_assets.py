"""An asset whose store is a bucket: a real Dagster run against a real server."""

import dagster as dg
import numpy as np
from PIL import Image

from assets.engine.resource import Engine
from assets.object_bank.checks import bank_checks
from assets.object_bank.report import SHEET
from assets.ood_objects import ood_objects
from assets.resources import DataRoot, ManifestStore
from assets.sources import sources
from storage.manifests.vacuum import missing_blobs, orphan_blobs
from storage.records import OodObject
from tests.assets.conftest import data_root
from tests.s3.conftest import ENVIRONMENT

__all__ = ["data_root"]


def run_bank(s3_root, data_root, instance):
    return dg.materialize(
        [ood_objects, sources, bank_checks],
        resources={
            "store": ManifestStore(root=s3_root),
            "data": DataRoot(path=str(data_root)),
            "engine": Engine(mode="inline"),
        },
        selection=dg.AssetSelection.assets("ood_objects") | dg.AssetSelection.checks(bank_checks),
        instance=instance,
    )


def test_the_bank_is_materialized_into_a_bucket(s3_root, data_root):
    with dg.DagsterInstance.ephemeral() as instance:
        run = run_bank(s3_root, data_root, instance)
        assert run.success
        (event,) = run.asset_materializations_for_node("ood_objects")
        assert all(found.passed for found in run.get_asset_check_evaluations())
        told = [dg.serialize_value(event) for event in instance.all_logs(run.run_id)]
    assert not [event for event in told if ENVIRONMENT["AWS_SECRET_ACCESS_KEY"] in event]
    store = ManifestStore(root=s3_root).open()
    version = store.manifests.latest("ood_objects")
    assert event.tags["dagster/data_version"] == version.fingerprint
    kept = [
        row
        for row in store.manifests.read_records("ood_objects", "ood_objects", OodObject)
        if row.verdict == "kept"
    ]
    assert kept
    assert all(store.blobs.get_image(row.crop_sha256).shape[2] == 4 for row in kept)
    assert missing_blobs(store.manifests, store.blobs, "ood_objects") == []
    assert not orphan_blobs(store.manifests, store.blobs, min_age_s=0.0)
    with (store.root / "reports" / SHEET).open("rb") as sheet:
        assert np.asarray(Image.open(sheet)).std() > 10
