"""Rows of the stage that measures: images, results, curves and what is shown of them.

A subject (a checkpoint, or a folder of score files) is measured on a benchmark (a data set). The
conventions are those of `storage.records`. Shares are in [0, 1], never in percent.
"""

from dataclasses import dataclass
from typing import Annotated

from storage.records import BlobRef, InnerPath, Key

KNOWN_CLASSES = "known_classes"
"""In place of a score: rows that tell how well the known classes were named."""

UNSCORED = "none"
"""In place of a score: rows of images that were skipped."""

ALL_DOMAINS = "all"
"""In place of a domain: all images of the benchmark together."""

POOLED_EXACT, IMAGE_MEAN = "pooled_exact", "image_mean"
"""Estimators: all pixels together, ties counted exactly; and means of the images' own numbers."""

SMIYC_BINNED, BINNED = "smiyc_binned", "binned"
"""Estimators: the quantile bins of the SMIYC suite; and bins of the leading bits of a score."""

CONFUSION = "confusion_matrix"
"""Estimator of the known classes: all pixels together."""


@dataclass(frozen=True, kw_only=True)
class MeasuredImage:
    """One image of a benchmark under one score; an image that was skipped has one row."""

    benchmark: Annotated[str, "name of the data set in `storage.datasets`", Key]
    split: Annotated[str, "split of the image", Key]
    frame_id: Annotated[str, "image, unique within the split", Key]
    score: Annotated[
        str, "name of the score; 'known_classes' for classes, 'none' where skipped", Key
    ]
    domain: Annotated[str, "covariate condition that the layout states; else empty"]
    image_path: Annotated[str, "image file, relative to the data root", InnerPath]
    image_sha256: Annotated[str | None, "SHA-256 of the image file; None where skipped"]
    label_sha256: Annotated[str | None, "SHA-256 of the label file; None where skipped"]
    label_coding: Annotated[str, "name of the coding in `storage.datasets.codings`"]
    height_px: Annotated[int | None, "height of the image and its label; None where skipped"]
    width_px: Annotated[int | None, "width of the image and its label; None where skipped"]
    n_in: Annotated[int, "in-distribution pixels, or those of a known class; 0 where skipped"]
    n_ood: Annotated[int, "OOD pixels"]
    n_void: Annotated[int, "pixels that are never scored"]
    auroc: Annotated[float | None, "AUROC of the image alone; None without both kinds of pixels"]
    ap: Annotated[float | None, "average precision of the image alone; None likewise"]
    fpr95: Annotated[
        float | None, "share of n_in flagged at the first threshold reaching 95 % recall"
    ]
    fpr95_nearest: Annotated[
        float | None, "the same at the threshold whose recall is nearest to 95 %"
    ]
    mean_iou: Annotated[
        float | None, "mIoU of the classes that its label holds; only in 'known_classes' rows"
    ]
    pixel_accuracy: Annotated[float | None, "share of known pixels named right; likewise"]
    skipped: Annotated[str | None, "why it was never scored; None where it was measured"]


@dataclass(frozen=True, kw_only=True)
class BenchmarkResult:
    """The numbers of one score on all images of a benchmark or of a domain, by one estimator."""

    benchmark: Annotated[str, "name of the data set in `storage.datasets`", Key]
    domain: Annotated[str, "'all', or one of the benchmark's domains", Key]
    subject: Annotated[str, "SHA-256 of the checkpoint file, or digest of the score files", Key]
    score: Annotated[str, "name of the score, or 'known_classes'", Key]
    estimator: Annotated[
        str, "'pooled_exact', 'image_mean', 'smiyc_binned', 'binned' or 'confusion_matrix'", Key
    ]
    refinement: Annotated[str, "'none', or what mended the score maps, such as 'sam'", Key]
    world: Annotated[str, "of the images: 'paper' for the real data sets, or 'miniature'"]
    subject_kind: Annotated[str, "'checkpoint' or 'score_files'"]
    architecture: Annotated[
        str | None, "name in `models.segmentation.ARCHITECTURES`; None for score files"
    ]
    n_images: Annotated[int, "images that the numbers rest on"]
    n_skipped: Annotated[int, "images that do not count: hidden or missing files, or one class"]
    n_in: Annotated[int, "in-distribution pixels, or those of a known class"]
    n_ood: Annotated[int, "OOD pixels"]
    n_void: Annotated[int, "pixels that are never scored"]
    auroc: Annotated[float | None, "area under the ROC curve"]
    ap: Annotated[float | None, "average precision"]
    fpr95: Annotated[float | None, "false-positive rate where recall first reaches 95 %"]
    fpr95_nearest: Annotated[float | None, "false-positive rate where recall is nearest to 95 %"]
    best_f1: Annotated[float | None, "highest F1 of a threshold over pixels"]
    best_f1_threshold: Annotated[float | None, "that threshold; pixels at or above are flagged"]
    siou: Annotated[float | None, "mean sIoU of labeled components at that threshold"]
    ppv: Annotated[float | None, "mean PPV of predicted components at that threshold"]
    f1_star: Annotated[float | None, "component F1, mean over overlaps of 0.25 to 0.75"]
    n_labeled_components: Annotated[int | None, "labeled components that counted"]
    n_predicted_components: Annotated[int | None, "predicted components that counted"]
    min_labeled_px: Annotated[
        int | None, "smaller labeled components are void; None without components"
    ]
    min_predicted_px: Annotated[
        int | None, "smaller predicted components are dropped; None without components"
    ]
    mean_iou: Annotated[float | None, "mIoU over the classes that some label holds"]
    mean_class_accuracy: Annotated[float | None, "mean of the classes' own accuracies"]
    pixel_accuracy: Annotated[float | None, "share of known pixels named right"]
    class_names: Annotated[tuple[str, ...], "known classes that some label holds"]
    class_ious: Annotated[tuple[float, ...], "IoU of each of them"]
    labels_sha256: Annotated[
        str, "digest over the frame, coding and SHA-256 of every label that counted"
    ]
    training: Annotated[
        str | None, "digest of the training that made the checkpoint; None if this store has none"
    ]
    training_set: Annotated[
        str | None, "partition and version of its training set, such as 'default@3'"
    ]
    trained_object_classes: Annotated[
        tuple[str, ...], "unknown objects that the training showed, as far as this store knows"
    ]
    benchmark_object_classes: Annotated[
        tuple[str, ...], "unknown objects of the benchmark (storage/tables)"
    ]
    overlapping_classes: Annotated[
        tuple[str, ...], "objects of the benchmark that the training showed, too"
    ]
    code_version: Annotated[str, "version of the measuring code"]


@dataclass(frozen=True, kw_only=True)
class ScoreCurve:
    """What plots of one score on all images need; every count is exact, over all pixels.

    Points go from the highest threshold to the lowest; bins from the lowest score to the highest.
    """

    benchmark: Annotated[str, "name of the data set in `storage.datasets`", Key]
    subject: Annotated[str, "as in `BenchmarkResult`", Key]
    score: Annotated[str, "name of the score", Key]
    refinement: Annotated[str, "as in `BenchmarkResult`", Key]
    thresholds: Annotated[tuple[float, ...], "at most 256, falling; scores at or above are flagged"]
    recall: Annotated[tuple[float, ...], "share of OOD pixels flagged at each: ROC's y, PR's x"]
    precision: Annotated[tuple[float, ...], "share of OOD pixels in what is flagged at each"]
    false_positive_rate: Annotated[tuple[float, ...], "share of other pixels flagged: ROC's x"]
    histogram_edges: Annotated[tuple[float, ...], "65 edges of 64 bins of equal width"]
    histogram_in: Annotated[tuple[int, ...], "in-distribution pixels in each bin"]
    histogram_ood: Annotated[tuple[int, ...], "OOD pixels in each bin"]
    calibration_scores: Annotated[
        tuple[float, ...], "mean score of bins with about as many pixels each, at most 16"
    ]
    calibration_ood_frac: Annotated[tuple[float, ...], "share of OOD pixels in each"]
    calibration_n: Annotated[tuple[int, ...], "pixels in each"]


@dataclass(frozen=True, kw_only=True)
class ShownImage:
    """An image among the best or the worst of a score, to look at."""

    benchmark: Annotated[str, "name of the data set in `storage.datasets`", Key]
    subject: Annotated[str, "as in `BenchmarkResult`", Key]
    score: Annotated[str, "name of the score", Key]
    refinement: Annotated[str, "as in `BenchmarkResult`", Key]
    rank: Annotated[str, "'best' or 'worst'", Key]
    place: Annotated[int, "0 for the very best or worst", Key]
    split: Annotated[str, "split of the image"]
    frame_id: Annotated[str, "image, unique within the split"]
    domain: Annotated[str, "its domain; empty where there is none"]
    ap: Annotated[float, "average precision of the image alone"]
    photo_sha256: Annotated[str, "blob of its thumbnail (WebP)", BlobRef]
    label_sha256: Annotated[str, "blob of its label in colors (WebP)", BlobRef]
    overlay_sha256: Annotated[str, "blob of the score over the photo (WebP)", BlobRef]
