"""The whole demo with its store in a bucket: every stage writes there and reads from there."""

import pytest

from storage.manifests.vacuum import missing_blobs, orphan_blobs
from storage.store import open_store
from tests.assets.synthesis.conftest import tiny_set
from tests.pipelines.conftest import INSTANCE, N_TRAIN, run

__all__ = ["tiny_set"]

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
DEMO_S = 900

STAGES = {
    *("ood_objects", "detector_calibration", "scene_requests", "synthetic_scenes"),
    *("filtered_scenes", "labelled_scenes", "closed_set_checkpoint", "training_set"),
    *("segmenter_checkpoint", "benchmark_scores"),
}


def test_the_demo_runs_on_a_bucket(s3_root, s3_environment, tiny_set, tmp_path):
    (tmp_path / "dagster.yaml").write_text(INSTANCE)
    folders = {"DATA": "data", "SELECTIONS": "selections", "WORK": "work"}
    environment = {
        **s3_environment,
        "DAGSTER_HOME": str(tmp_path),
        **{f"MULTISHIFT_{name}_ROOT": str(tmp_path / path) for name, path in folders.items()},
        "MULTISHIFT_STORE_ROOT": s3_root,
        "MULTISHIFT_MINIATURE_SET": str(tiny_set),
        "MULTISHIFT_THREADS": "1",
        "COLUMNS": "160",
    }
    run(environment, "miniature", tmp_path / "data", "--frames", N_TRAIN, "--others", 0.1)
    told = run(environment, "demo", timeout_s=DEMO_S)
    for line in ("contact sheet: ", "scenes to look at: ", "curve: ", "report of the "):
        assert line in told
    store = open_store(s3_root)
    assert set(store.manifests.assets()) >= STAGES
    for asset in store.manifests.assets():
        for partition in store.manifests.partitions(asset):
            assert missing_blobs(store.manifests, store.blobs, asset, partition) == []
    assert not orphan_blobs(store.manifests, store.blobs, min_age_s=0.0)
    reports = {str(path) for path in (store.root / "reports").rglob("*.html")}
    assert reports
    assert "removed 0 versions" in run(environment, "vacuum", "--min-age-hours", 0)
    outside = [path.name for path in tmp_path.iterdir()]
    assert "s3:" not in outside
