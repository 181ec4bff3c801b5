"""`benchmark_scores` and `benchmark_report`: what they commit, repeat, check and write."""

from base64 import b64decode
from io import BytesIO

import dagster as dg
import numpy as np
import pytest
from PIL import Image
from upath import UPath

from assets.benchmark_report import benchmark_report
from assets.benchmark_scores import benchmark_scores
from assets.benchmarks.checks import answer_all
from assets.benchmarks.committing import rows_of
from assets.benchmarks.config import BenchmarkConfig, MeasuringPlace
from assets.benchmarks.frames import list_frames
from assets.benchmarks.measured import MeasuredRows
from assets.benchmarks.names import ASSET, BENCHMARKS
from assets.engine.resource import Engine
from assets.resources import DataRoot, ManifestStore
from storage.datasets.registry import dataset_named
from tests.assets.benchmarks.conftest import ARCHITECTURE


@pytest.fixture
def store(tmp_path):
    return ManifestStore(root=str(tmp_path / "store"))


@pytest.fixture
def evaluate(data_root, checkpoint, store, work_root):
    """Materialize scores and report of a benchmark; settings are added to quick ones."""

    def run(benchmark="road_obstacle_21", **config):
        quick = {"checkpoint": str(checkpoint), "architecture": ARCHITECTURE, "n_shown": 1}
        settings = BenchmarkConfig(**{**quick, "scores": ["learned", "energy"], **config})
        return dg.materialize(
            [benchmark_scores, benchmark_report],
            partition_key=benchmark,
            resources={
                "store": store,
                "data": DataRoot(path=str(data_root)),
                "engine": Engine(mode="inline"),
                "measuring_place": MeasuringPlace(work_root=str(work_root), device="cpu"),
            },
            run_config=dg.RunConfig(ops={ASSET: settings}),
            raise_on_error=False,
        )

    return run


def told(result):
    """What a failed step says."""
    (event,) = [event for event in result.all_events if event.is_step_failure]
    return event.step_failure_data.user_failure_data.description


def test_a_run_commits_rows_and_pictures_and_writes_a_page(evaluate, store):
    result = evaluate()
    assert result.success
    opened = store.open()
    version = opened.manifests.latest(ASSET, "road_obstacle_21")
    rows = rows_of(version, opened)
    assert len(rows.images) == 4 * 2 + 3
    assert {(row.score, row.estimator) for row in rows.results} == {
        (score, estimator)
        for score in ("learned", "energy")
        for estimator in ("pooled_exact", "image_mean")
    }
    assert len(rows.curves) == 2
    assert len(rows.shown) == 2 * 2
    for row in rows.shown:
        assert opened.blobs.get(row.overlay_sha256)[8:12] == b"WEBP"
    checks = result.get_asset_check_evaluations()
    assert [check.passed for check in checks] == [True] * 3
    (event,) = result.asset_materializations_for_node(ASSET)
    best = next(r for r in rows.results if (r.score, r.estimator) == ("learned", "pooled_exact"))
    assert event.metadata["learned_ap"].value == best.ap
    assert event.metadata["skipped_images"].value == 3
    assert "hidden" in event.metadata["skipped"].value
    assert "not known here" in event.metadata["overlapping_objects"].value
    shows_plots(event.metadata)
    (event,) = result.asset_materializations_for_node("benchmark_report")
    shows_plots(event.metadata)
    page = UPath(event.metadata["page"].path).read_text()
    assert page.lstrip().lower().startswith("<!doctype html>")
    assert UPath(event.metadata["markdown"].path).read_text() == event.metadata["report"].value


def shows_plots(metadata):
    """Whether a page of Dagster shows pictures and the table of results."""
    plots = {name: value.value for name, value in metadata.items() if name.startswith("plot_")}
    assert plots.keys() == {"plot_precision_and_recall", "plot_roc", "plot_reliability"}
    for text in plots.values():
        assert len(text) < 100_000
        content = b64decode(text.partition("base64,")[2].removesuffix(")"))
        assert np.asarray(Image.open(BytesIO(content))).std() > 10
    scores = {record.data["score"] for record in metadata["results"].records}
    assert scores == {"learned", "energy"}


def test_equal_inputs_are_not_measured_again(evaluate, store, monkeypatch):
    assert evaluate().success
    monkeypatch.setattr("assets.benchmarks.committing.measure_benchmark", None)
    assert evaluate().success
    manifests = store.open().manifests
    assert manifests.latest_number(ASSET, "road_obstacle_21") == 1
    assert not evaluate(scores=["energy"]).success, "another order is measured"


def test_a_lost_picture_is_made_again(evaluate, store):
    assert evaluate().success
    opened = store.open()
    row = rows_of(opened.manifests.latest(ASSET, "road_obstacle_21"), opened).shown[0]
    opened.blobs.path(row.photo_sha256).unlink()
    assert evaluate().success
    assert opened.blobs.exists(row.photo_sha256)


def test_bad_input_is_one_clear_line_and_leaves_nothing(evaluate, store, data_root):
    assert "tell its architecture" in told(evaluate(architecture=""))
    assert "no such file" in told(evaluate(checkpoint="nowhere.pth"))
    assert "materialize it first" in told(evaluate(checkpoint="latest", architecture=""))
    assert "materialize it first" in told(evaluate(checkpoint="closed_set"))
    assert "no checkpoint with SHA-256" in told(evaluate(checkpoint="0" * 64))
    assert "need Fishyscapes Static" in told(evaluate("fishyscapes_static"))
    (data_root / "dataset_ObstacleTrack" / "images" / "validation_1.webp").write_bytes(b"no image")
    assert "validation_1.webp: need a PNG, JPEG or WebP image" in told(evaluate())
    assert store.open().manifests.assets() == []


def test_checks_find_what_is_wrong(evaluate, store, data_root):
    assert evaluate().success
    opened = store.open()
    rows = rows_of(opened.manifests.latest(ASSET, "road_obstacle_21"), opened)
    frames = list_frames("road_obstacle_21", data_root)
    assert [c.passed for c in answer_all(rows, frames)] == [True] * 3
    fewer = MeasuredRows(
        benchmark=rows.benchmark,
        images=rows.images[1:-1],
        results=rows.results,
        curves=rows.curves,
        shown=(),
    )
    lost, _, pixels = answer_all(fewer, frames)
    assert not lost.passed
    assert not pixels.passed
    broken = type(rows.results[0])(**{**vars(rows.results[0]), "ap": float("nan")})
    wrong = MeasuredRows(
        benchmark=rows.benchmark, images=rows.images, results=(broken,), curves=(), shown=()
    )
    assert [c.passed for c in answer_all(wrong, frames)] == [True, False, True]


def test_every_benchmark_is_a_data_set_with_an_asset():
    for name in BENCHMARKS:
        assert dataset_named(name).kinds
