"""The main job whole, in one command: from real data sets to a report on real road anomalies."""

from html import unescape
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from assets.benchmarks.committing import rows_of
from assets.benchmarks.names import ASSET
from pipelines.commands.demo_evaluation import NO_QUALITY
from storage.store import open_store
from storage.training_records import SegmenterCheckpoint
from tests.browser import DESKTOP, opened_file, show
from tests.pipelines.conftest import own_folders, run

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@pytest.fixture(scope="module")
def told(samples, home):
    """What the command prints; the miniature's networks draw on photographs."""
    environment = own_folders(home, samples) | {"MULTISHIFT_NETWORKS": "miniature"}
    return run(environment, "demo", timeout_s=1700)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("real")


@pytest.fixture(scope="module")
def measured(told, home):
    """Rows of a benchmark, after the command."""
    store = open_store(home / "store")

    def read(name):
        return rows_of(store.manifests.wanted(ASSET, name), store)

    return read


def counted(label_file, *, n_in, n_ood, n_void):
    """Pixels of each value of a label file, looked at by hand; there must be no other."""
    label = np.asarray(Image.open(label_file))
    counts = [int((label == value).sum()) for value in (n_in, n_ood, n_void)]
    assert sum(counts) == label.size
    return tuple(counts)


def check_counts(rows, expected):
    """Images and results rest on the pixels of the label files."""
    assert {row.frame_id for row in rows.images} == expected.keys()
    for row in rows.images:
        assert (row.n_in, row.n_ood, row.n_void) == expected[row.frame_id]
        assert row.skipped is None
        assert 0 < row.ap < 1
    assert {row.score for row in rows.results} == {"learned", "max_logit"}
    for row in rows.results:
        if row.estimator == "pooled_exact":
            whole = tuple(map(sum, zip(*expected.values(), strict=True)))
            assert (row.n_in, row.n_ood, row.n_void) == whole
            assert (row.n_images, row.n_skipped) == (len(expected), 0)


def test_road_anomaly_is_measured_by_its_original_coding(measured, samples):
    folders = sorted((samples / "road_anomaly" / "frames").glob("*.labels"))
    expected = {
        folder.stem: counted(folder / "labels_semantic.png", n_in=0, n_ood=2, n_void=255)
        for folder in folders
    }
    assert len(expected) == 20
    check_counts(measured("road_anomaly"), expected)


def test_road_obstacles_are_measured_by_their_own_coding(measured, samples):
    suffix = "_labels_semantic"
    files = sorted((samples / "dataset_ObstacleTrack" / "labels_masks").glob(f"*{suffix}.png"))
    expected = {
        file.stem.removesuffix(suffix): counted(file, n_in=0, n_ood=1, n_void=255) for file in files
    }
    assert len(expected) == 10
    rows = measured("road_obstacle_21")
    check_counts(rows, expected)
    row = next(r for r in rows.results if (r.score, r.estimator) == ("learned", "pooled_exact"))
    assert row.n_labeled_components > 0
    assert (row.min_labeled_px, row.min_predicted_px) == (10, 50), "real frames, real sizes"


def test_gaps_of_cityscapes_are_skipped_with_a_reason(measured):
    rows = measured("cityscapes")
    assert [row.frame_id for row in rows.images if row.skipped is None] == [
        "frankfurt_000000_000576"
    ]
    assert sum(row.skipped is not None for row in rows.images) == 16


def test_the_network_comes_from_scenes_that_were_drawn_on_real_frames(told, home, measured):
    store = open_store(home / "store")
    rows = store.manifests.read_records(
        "segmenter_checkpoint", "segmenter_checkpoints", SegmenterCheckpoint, partition="demo"
    )
    best = next(row for row in rows if row.is_best)
    results = measured("road_anomaly").results
    assert {row.subject for row in results} == {best.checkpoint_sha256}
    assert {(row.world, row.training_set) for row in results} == {("paper", "demo@1")}
    assert all(row.trained_object_classes for row in results)
    assert NO_QUALITY in told


def report_of(told):
    (line,) = [row for row in told.splitlines() if row.startswith("report of the ")]
    return Path(line.partition(": ")[2])


def test_the_report_stands_beside_published_numbers_and_says_what_it_is_not(told):
    text = unescape(report_of(told).read_text(encoding="utf-8"))
    for part in ("RoadAnomaly", "RoadObstacle21", "MultiShiftSeg", NO_QUALITY):
        assert part in text


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_shows_real_pictures(told, tmp_path, scheme):
    with opened_file(report_of(told)) as tab:
        show(tab, scheme=scheme, size=DESKTOP)
        widths = tab.evaluate("[...document.images].map((image) => image.naturalWidth)")
        assert len(widths) == 2 * 2 * 2 * 3 * 3, "benchmarks, scores, ranks, images, pictures"
        assert min(widths) > 300
        assert len(tab.screenshot(path=tmp_path / "real.png", full_page=True)) > 500_000
