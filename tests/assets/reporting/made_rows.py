"""Rows as a measurement leaves them, made of drawn scores; small and quick."""

import hashlib
import io
from dataclasses import replace

import numpy as np
from PIL import Image

from assets.benchmarks.measured import MeasuredRows
from models.label_colors import label_colors
from models.score_overlay import score_overlay
from storage.benchmark_records import (
    BenchmarkResult,
    MeasuredImage,
    ScoreCurve,
    ShownImage,
)

SUBJECT = hashlib.sha256(b"checkpoint").hexdigest()
OTHER_SUBJECT = hashlib.sha256(b"another").hexdigest()
SCORES = {"learned": 3.2, "energy": 2.1, "max_softmax": 1.2}
CLASSES = ("road", "sidewalk", "car", "person")


def result(benchmark="road_anomaly", score="learned", **changes):
    """A result with every number that scores have."""
    fields = {
        "benchmark": benchmark,
        "domain": "all",
        "subject": SUBJECT,
        "score": score,
        "estimator": "pooled_exact",
        "refinement": "none",
        "subject_kind": "checkpoint",
        "architecture": "mask2former_r50",
        "n_images": 6,
        "n_skipped": 2,
        "n_in": 1_200_000,
        "world": "paper",
        "n_ood": 34_000,
        "n_void": 5_600,
        "auroc": 0.9631,
        "ap": 0.8017,
        "fpr95": 0.0712,
        "fpr95_nearest": 0.0708,
        "best_f1": 0.755,
        "best_f1_threshold": 1.7,
        "siou": 0.5012,
        "ppv": 0.4401,
        "f1_star": 0.4277,
        "n_labeled_components": 17,
        "n_predicted_components": 31,
        "min_labeled_px": 100,
        "min_predicted_px": 500,
        "mean_iou": None,
        "mean_class_accuracy": None,
        "pixel_accuracy": None,
        "class_names": (),
        "class_ious": (),
        "labels_sha256": hashlib.sha256(benchmark.encode()).hexdigest(),
        "training": "3f" * 32,
        "training_set": "default@3",
        "trained_object_classes": ("chair", "sofa", "animal"),
        "benchmark_object_classes": ("animal", "rock", "tent"),
        "overlapping_classes": ("animal",),
        "code_version": "1",
    }
    return BenchmarkResult(**{**fields, **changes})


def worse(place):
    """Numbers that fall with the place of a score."""
    falling = {"auroc": 0.9631, "ap": 0.8017, "best_f1": 0.755, "siou": 0.5, "f1_star": 0.4277}
    rising = {"fpr95": 0.0712, "fpr95_nearest": 0.0708}
    return {
        **{name: value - 0.1 * place for name, value in falling.items()},
        **{name: value + 0.1 * place for name, value in rising.items()},
    }


def class_result(benchmark, **changes):
    """A result of the known classes, without any number of scores."""
    pixels = ("auroc", "ap", "fpr95", "fpr95_nearest", "best_f1", "best_f1_threshold")
    components = ("siou", "ppv", "f1_star", "n_labeled_components", "n_predicted_components")
    none = dict.fromkeys((*pixels, *components, "min_labeled_px", "min_predicted_px"))
    fields = {
        **none,
        "score": "known_classes",
        "estimator": "confusion_matrix",
        "n_ood": 0,
        "mean_iou": 0.5412,
        "mean_class_accuracy": 0.6301,
        "pixel_accuracy": 0.8507,
        "class_names": CLASSES,
        "class_ious": (0.91, 0.5234, 0.7999, 0.4),
    }
    return result(benchmark, **{**fields, **changes})


def curve(benchmark, score="learned", separation=2.0, **changes):
    """Curves of scores drawn from two normal distributions."""
    rng = np.random.default_rng(round(100 * separation))
    known, ood = rng.normal(0, 1, 20_000), rng.normal(separation, 1, 1_000)
    thresholds = np.quantile(np.concatenate([known, ood]), np.linspace(0.9999, 0, 200))
    found = (ood[None] >= thresholds[:, None]).sum(1)
    wrong = (known[None] >= thresholds[:, None]).sum(1)
    edges = np.linspace(-4, 8, 65)
    order = np.argsort(np.concatenate([known, ood]))
    is_ood = np.repeat([False, True], [len(known), len(ood)])[order]
    ranked = np.concatenate([known, ood])[order]
    bins = np.array_split(np.arange(len(ranked)), 16)
    fields = {
        "benchmark": benchmark,
        "subject": SUBJECT,
        "score": score,
        "refinement": "none",
        "thresholds": tuple(thresholds.tolist()),
        "recall": tuple((found / len(ood)).tolist()),
        "precision": tuple((found / np.maximum(found + wrong, 1)).tolist()),
        "false_positive_rate": tuple((wrong / len(known)).tolist()),
        "histogram_edges": tuple(edges.tolist()),
        "histogram_in": tuple(np.histogram(known, edges)[0].tolist()),
        "histogram_ood": tuple(np.histogram(ood, edges)[0].tolist()),
        "calibration_scores": tuple(float(ranked[part].mean()) for part in bins),
        "calibration_ood_frac": tuple(float(is_ood[part].mean()) for part in bins),
        "calibration_n": tuple(len(part) for part in bins),
    }
    return ScoreCurve(**{**fields, **changes})


def image(benchmark, frame_id, score="learned", **changes):
    """A measured image."""
    fields = {
        "benchmark": benchmark,
        "split": "test",
        "frame_id": frame_id,
        "score": score,
        "domain": "",
        "image_path": f"frames/{frame_id}.jpg",
        "image_sha256": "0" * 64,
        "label_sha256": "1" * 64,
        "label_coding": "ood_with_void",
        "height_px": 64,
        "width_px": 128,
        "n_in": 8000,
        "n_ood": 100,
        "n_void": 92,
        "auroc": 0.9,
        "ap": 0.8,
        "fpr95": 0.1,
        "fpr95_nearest": 0.1,
        "mean_iou": None,
        "pixel_accuracy": None,
        "skipped": None,
    }
    return MeasuredImage(**{**fields, **changes})


def skipped_image(benchmark, frame_id, reason):
    """An image that nobody scored."""
    none = ("image_sha256", "label_sha256", "height_px", "width_px", "auroc", "ap")
    return image(
        benchmark,
        frame_id,
        "none",
        skipped=reason,
        **dict.fromkeys((*none, "fpr95", "fpr95_nearest")),
    )


def picture_bytes(number):
    """Photo, label and overlay of a made street, each as WebP."""
    rng = np.random.default_rng(number)
    photo = np.full((64, 128, 3), (150, 180, 210), np.uint8)
    photo[30:] = 90 + rng.integers(0, 20, (34, 128, 1), np.uint8)
    label = np.where(np.arange(64)[:, None] < 30, 10, 0).astype(np.uint8).repeat(128, axis=1)
    left = 20 + 10 * number
    photo[40:52, left : left + 18] = (170, 90, 40)
    label[40:52, left : left + 18] = 254
    score = rng.normal(0, 0.3, (64, 128)).astype(np.float32)
    score[38:50, left : left + 18] += 3
    overlay = score_overlay(photo, score, is_ood=label == 254)
    return [_webp(picture) for picture in (photo, label_colors(label), overlay)]


def shown(benchmark, blobs, score="learned", **changes):
    """Two best and two worst images; their pictures are added to the blobs."""
    rows = []
    for number, (rank, place) in enumerate((r, p) for r in ("best", "worst") for p in (0, 1)):
        names = []
        for content in picture_bytes(number):
            names.append(hashlib.sha256(content).hexdigest())
            blobs[names[-1]] = content
        fields = {
            "benchmark": benchmark,
            "subject": SUBJECT,
            "score": score,
            "refinement": "none",
            "rank": rank,
            "place": place,
            "split": "test",
            "frame_id": f"street_{number}",
            "domain": "",
            "ap": 0.97 - 0.3 * number,
        }
        blob_names = dict(
            zip(("photo_sha256", "label_sha256", "overlay_sha256"), names, strict=True)
        )
        rows.append(ShownImage(**{**fields, **blob_names, **changes}))
    return tuple(rows)


def road_anomaly(blobs):
    """One benchmark without domains, under three scores and two estimators."""
    name = "road_anomaly"
    results = [result(name, score, **worse(place)) for place, score in enumerate(SCORES)]
    means = [replace(row, estimator="image_mean", ap=0.99, siou=None) for row in results]
    images = [image(name, f"street_{n}", score) for n in range(6) for score in SCORES]
    hidden = [skipped_image(name, f"hidden_{n}", "its label is hidden") for n in range(2)]
    return MeasuredRows(
        benchmark=name,
        images=(*images, *hidden, skipped_image(name, "gone", "its image is missing")),
        results=(*means, *results),
        curves=tuple(curve(name, score, separation) for score, separation in SCORES.items()),
        shown=shown(name, blobs),
    )


def acdc_poc(blobs):
    """A benchmark with domains and known classes."""
    name = "acdc_poc"
    domains = {"fog": 0.9, "night": 0.53, "rain": 0.71, "snow": 0.77}
    by_domain = [
        result(name, score, domain=domain, ap=ap - 0.1 * place, overlapping_classes=())
        for domain, ap in domains.items()
        for place, score in enumerate(SCORES)
    ]
    named = [class_result(name, domain=d, mean_iou=ap - 0.2) for d, ap in domains.items()]
    images = [
        image(name, f"{domain}_{number}", split="val", domain=domain)
        for domain in domains
        for number in range(3)
    ]
    results = [
        result(name, score, **worse(place), overlapping_classes=())
        for place, score in enumerate(SCORES)
    ]
    return MeasuredRows(
        benchmark=name,
        images=tuple(images),
        results=(*results, class_result(name), *by_domain, *named),
        curves=tuple(curve(name, score, separation) for score, separation in SCORES.items()),
        shown=shown(name, blobs, split="val", domain="fog"),
    )


def _webp(picture):
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, format="WEBP", lossless=True)
    return stream.getvalue()
