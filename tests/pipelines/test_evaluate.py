"""`multishift evaluate`: a table, two reports and rows, of a checkpoint or of score files."""

import shutil
from functools import partial

import numpy as np
import pyarrow.parquet as pq
import pytest

from models.filtering import load_sam
from models.metrics import PixelMetrics
from storage.benchmark_records import BenchmarkResult, MeasuredImage
from storage.datasets.smiyc import write_smiyc_frame
from storage.images import read_image, read_label, write_png
from storage.manifests.schemas import to_records
from storage.smiyc_scores import write_smiyc_score
from tests.pipelines.smiyc_world import HIDDEN, LABELED, size_of

FILES = {
    "benchmark_results.parquet",
    "measured_images.parquet",
    "score_curves.parquet",
    "shown_images.parquet",
    "pictures",
    "report.html",
    "report.md",
}


@pytest.fixture
def evaluate(track, tmp_path, invoke):
    """Evaluate into a folder of ``tmp_path``; code and output."""
    told = ("evaluate", "--data", track / "data", "--out", tmp_path / "out")
    return partial(invoke, *told)


@pytest.fixture
def checkpoint(track):
    return ("--checkpoint", track / "net.safetensors")


def score_of(name):
    """The brightness of an image, which is a fair score here."""
    return np.random.default_rng(len(name)).normal(size=size_of(name)).astype(np.float32)


@pytest.fixture
def maps(track, tmp_path):
    """Score maps of another tool, in several forms; those of hidden images lie there, too."""
    folder = tmp_path / "brightness"
    folder.mkdir()
    for name in LABELED:
        photograph = read_image(track / f"data/dataset_AnomalyTrack/images/{name}.jpg")
        np.save(folder / f"{name}.npy", photograph.mean(2, dtype=np.float32))
    (folder / f"{LABELED[0]}.npy").rename(folder / "moved.npy")
    write_smiyc_score(folder / f"{LABELED[0]}.hdf5", np.load(folder / "moved.npy"))
    (folder / "moved.npy").unlink()
    np.save(folder / f"{HIDDEN[0]}.npy", score_of(HIDDEN[0]))
    return folder


def rows(tmp_path, name, record):
    return to_records(pq.read_table(tmp_path / "out" / f"{name}.parquet"), record)


def test_a_checkpoint_is_measured(evaluate, checkpoint, tmp_path):
    code, output = evaluate(*checkpoint, "--score", "learned", "--score", "entropy")
    assert code == 0, output
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES
    results = rows(tmp_path, "benchmark_results", BenchmarkResult)
    assert {row.score for row in results} == {"learned", "entropy"}
    for row in results:
        if row.estimator == "pooled_exact" and row.domain == "all":
            assert f"{100 * row.ap:.2f}" in output
    skipped = [r for r in rows(tmp_path, "measured_images", MeasuredImage) if r.skipped]
    assert sorted(row.frame_id for row in skipped) == sorted(HIDDEN)
    page = (tmp_path / "out" / "report.html").read_text()
    assert "<html" in page
    assert "RoadAnomaly21" in (tmp_path / "out" / "report.md").read_text()
    assert not list((tmp_path / "work" / "benchmark_scores").iterdir())


def test_score_files_give_the_numbers_of_their_pixels(evaluate, maps, track, tmp_path):
    code, output = evaluate("--scores-from", maps, "--benchmark", "road_anomaly_21")
    assert code == 0, output
    pixels = PixelMetrics()
    for name in LABELED:
        photograph = read_image(track / f"data/dataset_AnomalyTrack/images/{name}.jpg")
        score = photograph.mean(2, dtype=np.float32)
        score = score.astype(np.float16).astype(np.float32) if name == LABELED[0] else score
        folder = track / "data/dataset_AnomalyTrack/labels_masks"
        pixels.update(score, read_label(folder / f"{name}_labels_semantic.png"))
    expected = pixels.compute()
    (row,) = [
        row
        for row in rows(tmp_path, "benchmark_results", BenchmarkResult)
        if (row.estimator, row.domain) == ("pooled_exact", "all")
    ]
    assert (row.ap, row.fpr95, row.auroc) == (expected.ap, expected.fpr95, expected.auroc)
    assert row.score == "file:brightness"
    assert "file:brightness" in output


def test_a_folder_for_each_benchmark_needs_no_names(evaluate, maps, tmp_path):
    (tmp_path / "tool").mkdir()
    maps.rename(tmp_path / "tool" / "road_anomaly_21")
    code, output = evaluate("--scores-from", tmp_path / "tool")
    assert code == 0, output
    assert "file:tool" in output


def test_missing_and_stray_maps_are_named(evaluate, maps, tmp_path):
    (maps / f"{LABELED[1]}.npy").rename(maps / "other.npy")
    code, output = evaluate("--scores-from", maps, "--benchmark", "road_anomaly_21")
    assert code == 1
    assert f"1 of 3 images without a map ({LABELED[1]})" in output
    assert "1 maps without an image (other)" in output
    assert not (tmp_path / "out").exists()


def test_a_bad_map_is_one_line_and_nothing_is_written(evaluate, maps, tmp_path):
    np.save(maps / f"{LABELED[1]}.npy", np.zeros((3, 4), np.float32))
    code, output = evaluate("--scores-from", maps, "--benchmark", "road_anomaly_21")
    assert code == 1
    assert f"{LABELED[1]}.npy: need " in output
    assert not (tmp_path / "out").exists()


def test_refined_scores_are_told_apart(evaluate, maps, tmp_path):
    from safetensors.torch import save_file

    sam = tmp_path / "sam.safetensors"
    save_file(load_sam("sam_miniature", seed=1).sam.state_dict(), sam)
    told = ("--scores-from", maps, "--benchmark", "road_anomaly_21", "--refine", "sam")
    code, output = evaluate(*told, "--sam", sam)
    assert code == 0, output
    assert "in percent, refined by sam" in output
    results = rows(tmp_path, "benchmark_results", BenchmarkResult)
    assert {row.refinement for row in results} == {"sam"}


def test_a_former_evaluation_is_replaced_and_other_files_are_not(evaluate, maps, tmp_path):
    told = ("--scores-from", maps, "--benchmark", "road_anomaly_21")
    assert evaluate(*told)[0] == 0
    page = (tmp_path / "out" / "report.html").read_bytes()
    (tmp_path / "out" / "pictures" / "old.webp").write_bytes(b"")
    assert evaluate(*told)[0] == 0
    assert not (tmp_path / "out" / "pictures" / "old.webp").exists()
    assert (tmp_path / "out" / "report.html").read_bytes() == page
    (tmp_path / "out" / "thesis.tex").write_text("mine")
    code, output = evaluate(*told)
    assert code == 1
    assert "need a new or empty folder, or that of a former evaluation, found thesis.tex" in output
    assert (tmp_path / "out" / "thesis.tex").read_text() == "mine"


def test_what_was_measured_is_kept_where_another_benchmark_fails(
    evaluate, track, tmp_path, checkpoint
):
    obstacles = track / "data" / "dataset_ObstacleTrack"
    ood = np.zeros((40, 64), np.uint8)
    image = np.zeros((40, 64, 3), np.uint8)
    options = {"track": "road_obstacle_21", "name": "validation_1", "image": image}
    write_smiyc_frame(obstacles, **options, ood=ood)
    write_png(obstacles / "labels_masks" / "validation_1_labels_semantic.png", ood + 7)
    try:
        code, output = evaluate(*checkpoint, "--score", "learned")
    finally:
        shutil.rmtree(obstacles)
    assert code == 1
    assert "error road_obstacle_21: " in output
    assert "label value 7 outside the coding" in output
    results = rows(tmp_path, "benchmark_results", BenchmarkResult)
    assert {row.benchmark for row in results} == {"road_anomaly_21"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([], "need either --checkpoint or --scores-from"),
        (["--checkpoint", "none.pth"], "need a checkpoint"),
        (["--checkpoint", "net", "--benchmark", "coco"], "need a benchmark of"),
        (["--checkpoint", "net", "--benchmark", "muad"], "need MUAD"),
        (["--checkpoint", "net", "--score", "rba"], "got 'rba'"),
        (["--checkpoint", "net", "--estimator", "mean"], "got 'mean'"),
    ],
)
def test_what_cannot_be_is_one_line(evaluate, track, tmp_path, words, told):
    words = [str(track / "net.safetensors") if word == "net" else word for word in words]
    code, output = evaluate(*words)
    assert code == 1
    assert told in output
    assert output.count("\n") == 1
    assert not (tmp_path / "out").exists()
