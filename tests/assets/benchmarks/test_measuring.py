"""`measure_benchmark`: exact numbers over all pixels, whatever the sizes, codings and places."""

import io
import math
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import average_precision_score, roc_auc_score

from assets.benchmarks.frames import HIDDEN, NO_IMAGE, NO_LABEL, list_frames
from assets.benchmarks.measuring import measure_benchmark
from assets.benchmarks.names import ASSET
from assets.benchmarks.pooling import ScoreItem
from assets.engine.resource import Engine
from models.evaluation.answering import answer_photograph
from models.metrics import (
    ANOMALY_TRACK,
    ComponentMetrics,
    SmiycPixelMetrics,
    class_scores,
    confusion_matrix,
)
from models.score_overlay import score_overlay
from models.segmentation import load_segmenter
from storage.datasets.registry import complete_frames, dataset_named, read_target
from storage.images import read_image, read_label, write_png
from storage.label_space import TRAIN_CLASSES
from tests.assets.benchmarks.conftest import ARCHITECTURE, SIZES, ood_map, write_anomalies

SAM = Path(__file__).resolve().parents[3] / "models" / "miniature_set" / "sam.safetensors"
SCORES = ("learned", "max_softmax", "max_logit", "energy", "entropy")


def one(rows, **wanted):
    (row,) = [r for r in rows if all(getattr(r, name) == v for name, v in wanted.items())]
    return row


def answered(checkpoint, data_root, benchmark, splits):
    """Photograph by photograph: frame, answer and target."""
    network = load_segmenter(ARCHITECTURE, checkpoint)
    for frame in complete_frames(data_root, dataset_named(benchmark)):
        if frame.split in splits:
            image = read_image(data_root / frame.image)
            answer = answer_photograph(network, image, SCORES, has_masks=False)
            yield frame, answer, read_target(data_root, frame)


def pooled(found, score):
    scores = np.concatenate([answer.scores[score].ravel() for _, answer, _ in found])
    labels = np.concatenate([target.ood.ravel() for _, _, target in found])
    return scores[labels != 255], labels[labels != 255]


def test_numbers_are_those_of_all_pixels_together(measure, checkpoint, data_root, work_root):
    rows = measure("road_obstacle_21", extras=("smiyc_binned", "binned")).rows
    found = list(answered(checkpoint, data_root, "road_obstacle_21", ("val",)))
    assert len(found) == 4
    for score in SCORES:
        scores, labels = pooled(found, score)
        row = one(rows.results, score=score, estimator="pooled_exact", domain="all")
        assert row.auroc == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)
        assert row.ap == pytest.approx(average_precision_score(labels, scores), abs=1e-12)
        threshold = np.sort(scores[labels == 1])[::-1][math.ceil(0.95 * (labels == 1).sum()) - 1]
        assert row.fpr95 == pytest.approx((scores[labels == 0] >= threshold).mean())
        assert (row.n_in, row.n_ood) == ((labels == 0).sum(), (labels == 1).sum())
        means = one(rows.results, score=score, estimator="image_mean")
        alone = [pooled([each], score) for each in found]
        assert means.ap == pytest.approx(np.mean([average_precision_score(y, x) for x, y in alone]))
        suite = SmiycPixelMetrics()
        for _, answer, target in found:
            suite.update(answer.scores[score], target.ood)
        assert one(rows.results, score=score, estimator="smiyc_binned").ap == suite.compute().ap
        assert one(rows.results, score=score, estimator="binned").ap == pytest.approx(
            row.ap, abs=0.02
        )
    assert not list((work_root / "benchmark_scores").iterdir()), "score maps are removed"


def test_components_are_found_at_the_best_threshold_of_all_pixels(
    measure, plan, checkpoint, data_root
):
    rows = measure("road_obstacle_21", scores=("energy",)).rows
    row = one(rows.results, estimator="pooled_exact")
    found = list(answered(checkpoint, data_root, "road_obstacle_21", ("val",)))
    components = ComponentMetrics(plan("road_obstacle_21").sizes)
    for _, answer, target in found:
        flagged = answer.scores["energy"] >= np.float32(row.best_f1_threshold)
        components.update(flagged, target.ood)
    wanted = components.compute()
    assert (row.siou, row.ppv, row.f1_star) == (wanted.siou, wanted.ppv, wanted.f1_star)
    assert (row.min_predicted_px, row.min_labeled_px) == (50, 10)
    assert row.n_labeled_components == 4
    others = [r for r in measure("road_anomaly", scores=("energy",)).rows.results if r.siou]
    assert others == [], "RoadAnomaly has no size rules"


def test_components_of_a_domain_are_found_at_its_own_threshold(
    measure, plan, checkpoint, data_root
):
    rows = measure("acdc_poc", scores=("max_logit",)).rows
    sizes = plan("acdc_poc").sizes
    assert sizes == ANOMALY_TRACK, "it states none of its own"
    found = list(answered(checkpoint, data_root, "acdc_poc", ("val",)))
    for domain in ("fog", "night", "all"):
        row = one(rows.results, estimator="pooled_exact", domain=domain)
        components = ComponentMetrics(sizes)
        for frame, answer, target in found:
            if domain in (frame.domain, "all"):
                flagged = answer.scores["max_logit"] >= np.float32(row.best_f1_threshold)
                components.update(flagged, target.ood)
        wanted = components.compute()
        assert (row.siou, row.ppv, row.f1_star) == (wanted.siou, wanted.ppv, wanted.f1_star)
        assert row.n_labeled_components == {"fog": 2, "night": 1, "all": 3}[domain]


def test_images_alone_are_rows(measure, checkpoint, data_root):
    rows = measure("road_obstacle_21").rows
    for frame, answer, target in answered(checkpoint, data_root, "road_obstacle_21", ("val",)):
        row = one(rows.images, frame_id=frame.frame_id, score="entropy")
        scores, labels = pooled([(frame, answer, target)], "entropy")
        assert row.ap == pytest.approx(average_precision_score(labels, scores))
        assert (row.height_px, row.width_px) == target.ood.shape
        assert row.n_void == (target.ood == 255).sum()
        assert len(row.image_sha256) == len(row.label_sha256) == 64
    assert {(row.height_px, row.width_px) for row in rows.images if row.score == "energy"} == set(
        SIZES
    )


def test_hidden_labels_are_counted_and_never_scored(measure):
    rows = measure("road_obstacle_21", scores=("learned",)).rows
    skipped = [row for row in rows.images if row.skipped is not None]
    assert [row.frame_id for row in skipped] == ["test_0", "test_1", "test_2"]
    assert {(row.skipped, row.score, row.ap, row.n_in) for row in skipped} == {
        (HIDDEN, "none", None, 0)
    }
    row = one(rows.results, estimator="pooled_exact")
    assert (row.n_images, row.n_skipped) == (4, 3)


def test_half_of_the_files_are_missing(measure, data_root):
    frames = data_root / "road_anomaly" / "frames"
    (frames / "0.jpg").unlink()
    (frames / "1.labels" / "labels_semantic.png").unlink()
    rows = measure("road_anomaly", scores=("learned",)).rows
    reasons = {row.frame_id: row.skipped for row in rows.images}
    assert reasons == {"0": NO_IMAGE, "1": NO_LABEL, "2": None, "3": None}
    row = one(rows.results, estimator="pooled_exact")
    assert (row.n_images, row.n_skipped) == (2, 2)
    for number in (2, 3):
        (frames / f"{number}.jpg").unlink()
    with pytest.raises(ValueError, match=r"need images of RoadAnomaly with labels, got none of 4"):
        measure("road_anomaly")


def test_both_codings_of_one_set_give_equal_numbers(measure, plan, tmp_path, work_root):
    original = measure("road_anomaly", scores=("energy",)).rows
    write_anomalies(tmp_path / "other", is_original=False)
    order = plan("road_anomaly", tmp_path / "other", scores=("energy",))
    processed = measure_benchmark(order, Engine(mode="inline"), work_root=work_root, device="cpu")
    first, second = (
        one(rows.results, estimator="pooled_exact") for rows in (original, processed.rows)
    )
    assert first.n_ood == second.n_ood > 0
    assert first.labels_sha256 != second.labels_sha256
    assert replace(first, labels_sha256="") == replace(second, labels_sha256="")


def test_a_mixed_up_coding_is_one_clear_error(measure, data_root, tmp_path, plan, work_root):
    root = tmp_path / "mixed"
    write_anomalies(root, is_original=False)
    wrong = np.where(ood_map(2, has_void=False) == 1, 2, 0).astype(np.uint8)
    write_png(root / "RoadAnomaly_jpg" / "labels" / "2.png", wrong)
    order = plan("road_anomaly", root, scores=("energy",))
    with pytest.raises(ValueError, match=r"2\.png: label value 2 outside the coding") as error:
        measure_benchmark(order, Engine(mode="inline"), work_root=work_root, device="cpu")
    assert "image test/2 of road_anomaly cannot be measured" in str(error.value)
    assert "road_anomaly_original" in str(error.value), "it names the coding that fits"
    assert not list((work_root / "benchmark_scores").iterdir())


def test_a_label_of_another_size_is_one_clear_error(measure, data_root):
    label = data_root / "road_anomaly" / "frames" / "1.labels" / "labels_semantic.png"
    write_png(label, np.zeros((7, 9), np.uint8))
    with pytest.raises(ValueError, match=r"1\.jpg: its label is \(7, 9\), the image \(40, 48\)"):
        measure("road_anomaly")


def test_known_classes_by_domain(measure, checkpoint, data_root):
    rows = measure("acdc_poc", scores=("learned",)).rows
    found = list(answered(checkpoint, data_root, "acdc_poc", ("val",)))
    for domain in ("fog", "night", "all"):
        there = [each for each in found if domain in ("all", each[0].domain)]
        confusion = sum(confusion_matrix(t.train_ids, a.predicted) for _, a, t in there)
        wanted = class_scores(confusion)
        row = one(rows.results, score="known_classes", domain=domain)
        assert row.estimator == "confusion_matrix"
        assert (row.mean_iou, row.pixel_accuracy) == (wanted.mean_iou, wanted.pixel_accuracy)
        assert row.mean_class_accuracy == wanted.mean_class_accuracy
        assert row.class_names == ("road", "sky")
        assert row.n_images == len(there)
        named = dict(zip(row.class_names, row.class_ious, strict=True))
        for label in TRAIN_CLASSES:
            if label.name in named:
                assert named[label.name] == wanted.class_iou[label.train_id]
        exact = one(rows.results, score="learned", domain=domain, estimator="pooled_exact")
        scores, labels = pooled(there, "learned")
        assert exact.ap == pytest.approx(average_precision_score(labels, scores))


def test_a_benchmark_of_known_classes_alone(measure):
    measured = measure("acdc")
    rows = measured.rows
    assert {row.score for row in rows.results} == {"known_classes"}
    assert sorted(row.domain for row in rows.results) == ["all", "fog", "rain"]
    assert {(row.split, row.skipped) for row in rows.images} == {("val", None)}
    assert (rows.curves, rows.shown, dict(measured.pictures)) == ((), (), {})


def test_muad_has_objects_and_classes(measure):
    rows = measure("muad", scores=("max_logit",)).rows
    row = one(rows.results, score="max_logit", estimator="pooled_exact")
    assert row.n_ood == 3 * 8 * 12
    assert row.n_void == sum(2 * width for _, width in SIZES[:3])
    assert one(rows.results, score="known_classes").class_names == ("road", "sky")
    assert row.benchmark_object_classes == (
        "bear deer cow",
        "garbage bag",
        "stand food",
        "trash can",
    )


@pytest.mark.slow
def test_worker_processes_give_the_same_rows(measure):
    inline = measure("acdc_poc", scores=("energy",))
    processes = measure(
        "acdc_poc", scores=("energy",), engine=Engine(mode="processes", n_workers=1)
    )
    assert processes.rows == inline.rows
    assert processes.pictures == inline.pictures


def test_what_memory_does_not_hold_changes_nothing(measure, monkeypatch):
    wanted = measure("road_obstacle_21", scores=("energy",)).rows
    usual = ScoreItem.__init__
    monkeypatch.setattr(
        ScoreItem, "__init__", lambda self, **values: usual(self, **values, n_held=100)
    )
    assert measure("road_obstacle_21", scores=("energy",)).rows == wanted


def test_curves_are_exact_at_their_points(measure, checkpoint, data_root):
    (curve,) = measure("road_obstacle_21", scores=("max_logit",)).rows.curves
    found = list(answered(checkpoint, data_root, "road_obstacle_21", ("val",)))
    scores, labels = pooled(found, "max_logit")
    assert 20 < len(curve.thresholds) <= 256
    assert list(curve.thresholds) == sorted(curve.thresholds, reverse=True)
    for place, threshold in enumerate(curve.thresholds):
        flagged = scores >= np.float32(threshold)
        assert curve.recall[place] == flagged[labels == 1].mean()
        assert curve.false_positive_rate[place] == flagged[labels == 0].mean()
        assert curve.precision[place] == (labels[flagged] == 1).mean()
    assert curve.recall[-1] == curve.false_positive_rate[-1] == 1
    assert (sum(curve.histogram_in), sum(curve.histogram_ood)) == (
        (labels == 0).sum(),
        (labels == 1).sum(),
    )
    assert sum(curve.calibration_n) == labels.size
    mean = np.average(curve.calibration_ood_frac, weights=curve.calibration_n)
    assert mean == pytest.approx((labels == 1).mean())


def test_best_and_worst_images_are_pictures(measure):
    measured = measure("road_anomaly", scores=("learned", "energy"), n_shown=3)
    rows = [row for row in measured.rows.shown if row.score == "energy"]
    assert [(row.rank, row.place) for row in rows] == [
        ("best", 0),
        ("best", 1),
        ("worst", 0),
        ("worst", 1),
    ]
    aps = {r.frame_id: r.ap for r in measured.rows.images if r.score == "energy"}
    ranked = sorted(aps, key=lambda name: -aps[name])
    assert [row.frame_id for row in rows] == [ranked[0], ranked[1], ranked[3], ranked[2]]
    for row in rows:
        for name in (row.photo_sha256, row.label_sha256, row.overlay_sha256):
            with Image.open(io.BytesIO(measured.pictures[name])) as picture:
                assert picture.format == "WEBP"
                assert picture.size in {(width, height) for height, width in SIZES}


def test_pictures_of_a_score_have_one_scale(measure, checkpoint, data_root, monkeypatch):
    spans = {}

    def overlay(photograph, found, *, span, is_ood):
        spans.setdefault(span, []).append(found)
        return score_overlay(photograph, found, span=span, is_ood=is_ood)

    monkeypatch.setattr("assets.benchmarks.showing.score_overlay", overlay)
    measure("road_obstacle_21", scores=("learned", "energy"), n_shown=2)
    assert [len(drawn) for drawn in spans.values()] == [4, 4], "one span a score"
    found = list(answered(checkpoint, data_root, "road_obstacle_21", ("val",)))
    for (low, high), score in zip(spans, ("learned", "energy"), strict=True):
        scores, _ = pooled(found, score)
        assert np.percentile(scores, (1, 99)) == pytest.approx((low, high), rel=1e-6)


def test_maps_of_a_killed_measurement_are_removed(measure, work_root):
    left = work_root / ASSET / ("a" * 32)
    (left / "maps").mkdir(parents=True)
    measure("road_anomaly", scores=("energy",))
    assert list((work_root / ASSET).iterdir()) == []


def test_a_score_that_is_no_number_is_told(measure, data_root, monkeypatch):
    def lost(network, photograph, scores, *, has_masks):
        answer = answer_photograph(network, photograph, scores, has_masks=has_masks)
        answer.scores["energy"][3, 3] = np.nan
        return answer

    monkeypatch.setattr("models.evaluation.answering.answer_photograph", lost)
    with pytest.raises(ValueError, match=r"0\.jpg, score energy: need finite scores, got 1 NaN"):
        measure("road_anomaly", scores=("energy",))


def test_maps_take_no_more_room_than_allowed(measure, work_root):
    with pytest.raises(ValueError, match=r"ask for fewer scores at once, or allow more"):
        measure("road_anomaly", max_work_bytes=30_000)
    assert not list((work_root / "benchmark_scores").iterdir())


def test_a_checkpoint_that_was_replaced_is_told(plan, work_root):
    order = plan("road_anomaly", scores=("energy",))
    other = replace(order, subject=replace(order.subject, sha256="0" * 64))
    with pytest.raises(ValueError, match=r"need the checkpoint with SHA-256 000"):
        measure_benchmark(other, Engine(mode="inline"), work_root=work_root, device="cpu")


def test_scores_that_are_not_defined_are_refused(plan):
    with pytest.raises(ValueError, match=r"need scores of learned, .* got 'rba'"):
        plan("road_anomaly", scores=("rba",))
    with pytest.raises(ValueError, match=r"need estimators of smiyc_binned, binned, got 'ours'"):
        plan("road_anomaly", extras=("ours",))
    with pytest.raises(ValueError, match=r"need a benchmark of road_anomaly, .* got 'coco'"):
        plan("coco")
    with pytest.raises(FileNotFoundError, match=r"need Fishyscapes Static, found no folder"):
        plan("fishyscapes_static")


def test_equal_orders_have_equal_recipes(plan):
    first = plan("road_anomaly")
    assert first.recipe == plan("road_anomaly").recipe
    others = [
        plan("road_anomaly", scores=("energy",)),
        plan("road_anomaly", n_shown=1),
        plan("muad"),
        replace(first, source_version="other"),
    ]
    assert len({first.recipe, *(order.recipe for order in others)}) == 5


@pytest.mark.parametrize("benchmark", ["road_anomaly", "road_obstacle_21"])
def test_real_samples_are_read_by_their_own_coding(plan, samples, benchmark):
    order = plan(benchmark, samples)
    for frame in order.frames.measured[:3]:
        raw = read_label(samples / frame.label)
        target = read_target(samples, frame)
        ood_value = {"road_anomaly": 2, "road_obstacle_21": 1}[benchmark]
        assert (target.ood == 1).sum() == (raw == ood_value).sum() > 0
        assert (target.ood == 255).sum() == (raw == 255).sum()
        assert (target.ood == 0).sum() == (raw == 0).sum() > 0


def test_real_labels_of_muad_are_read_by_their_own_coding(samples, tmp_path):
    folder = tmp_path / "test_sets" / "test_OOD"
    for part in ("leftImg8bit", "leftLabel"):
        (folder / part).mkdir(parents=True)
    for name in ("0", "55"):
        image, label = f"{name}_leftImg8bit.png", f"{name}_leftLabel.png"
        shutil.copy(
            samples / "MUAD" / "samples" / f"{name}_image.png", folder / "leftImg8bit" / image
        )
        shutil.copy(samples / "MUAD" / "decoded" / label, folder / "leftLabel" / label)
    frames = list_frames("muad", tmp_path).measured
    assert [frame.frame_id for frame in frames] == ["0", "55"]
    for frame in frames:
        raw, target = read_label(tmp_path / frame.label), read_target(tmp_path, frame)
        assert (target.ood == 1).sum() == np.isin(raw, (19, 20)).sum()
        assert (target.ood == 0).sum() == (raw < 19).sum() > 0
        assert (target.ood == 255).sum() == (raw > 20).sum()
        assert (target.train_ids[raw < 19] == raw[raw < 19]).all()


def test_images_without_any_unknown_object_are_one_clear_error(measure, data_root):
    for number in range(4):
        path = data_root / "road_anomaly" / "frames" / f"{number}.labels" / "labels_semantic.png"
        write_png(path, np.zeros(SIZES[number], np.uint8))
    with pytest.raises(ValueError, match=r"score energy on road_anomaly .* of both classes, got"):
        measure("road_anomaly", scores=("energy",))


def test_a_label_without_any_known_class_is_a_row(measure, data_root):
    label = next((data_root / "acdc" / "gt" / "fog").rglob("*_gt_labelTrainIds.png"))
    write_png(label, np.full(SIZES[0], 255, np.uint8))
    rows = measure("acdc").rows
    assert {(row.domain, row.n_in, row.mean_iou is None) for row in rows.images} == {
        ("fog", 0, True),
        ("rain", SIZES[1][1] * (SIZES[1][0] - 4), False),
    }
    assert sorted(row.domain for row in rows.results) == ["all", "rain"]


def test_maps_are_mended_before_they_count(measure, data_root):
    for label in list((data_root / "road_anomaly" / "frames").rglob("labels_semantic.png"))[1:]:
        label.unlink()  # one image will do: SAM takes its time
    plain = measure("road_anomaly", scores=("energy",)).rows
    refined = measure("road_anomaly", scores=("energy",), refinement="sam", refiner=str(SAM)).rows
    assert {row.refinement for row in refined.results} == {"sam"}
    before, after = (one(rows.results, estimator="pooled_exact") for rows in (plain, refined))
    assert (before.n_in, before.n_ood) == (after.n_in, after.n_ood)
    assert before.auroc != after.auroc
