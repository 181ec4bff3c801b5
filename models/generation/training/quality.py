"""How good generated pictures are: pure numbers of what other networks say about them."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Float64, Int64, Integer, UInt8

from models.filtering import mask_iou
from storage.label_space import OOD_ID

Table = Int64[np.ndarray, "classes classes"]


def class_table(
    labels: Integer[np.ndarray, "*pixels"],
    predicted: Integer[np.ndarray, "*pixels"],
    *,
    n_classes: int,
) -> Table:
    """Pixels by true class (row) and predicted class (column).

    Args:
        labels: classes; every value from ``n_classes`` on is left out.
        predicted: classes below ``n_classes``.
        n_classes: known classes and, as the last one, unknown objects.
    """
    is_known = labels < n_classes
    pairs = labels[is_known].astype(np.int64) * n_classes + predicted[is_known]
    counts = np.bincount(pairs, minlength=n_classes**2)
    return np.asarray(counts.reshape(n_classes, n_classes), np.int64)


def class_ious(table: Table) -> Float64[np.ndarray, " classes"]:
    """Intersection over union of each class; NaN for a class that no label holds."""
    hits = np.diag(table).astype(np.float64)
    union = table.sum(0) + table.sum(1) - hits
    ious = np.full(len(table), np.nan)
    return np.asarray(np.divide(hits, union, out=ious, where=table.sum(1) > 0))


def agreement(
    found: Integer[np.ndarray, " pictures"], wanted: Integer[np.ndarray, " pictures"]
) -> float:
    """Share of the pictures in which a classifier finds what was wanted."""
    return float((found == wanted).mean())


def mean_ood_iou(
    labels: Sequence[UInt8[np.ndarray, "height width"]],
    judged: Sequence[Bool[np.ndarray, "height width"]],
) -> float | None:
    """Mean over scenes of the IoU of label 254 with what a judge calls unknown; None of no scene.

    Args:
        labels: train ids, `OOD_ID` on unknown objects.
        judged: for each scene where the judge sees unknown objects.
    """
    pairs = zip(labels, judged, strict=True)
    ious = [mask_iou(label == OOD_ID, unknown) for label, unknown in pairs]
    return float(np.mean(ious)) if ious else None


def ratio(value: float | None, reference: float | None) -> float | None:
    """Value as a share of a reference; None where one is missing or the reference is zero."""
    return None if value is None or not reference else value / reference


def frechet_distance(
    first: Float[np.ndarray, "pictures features"], second: Float[np.ndarray, "others features"]
) -> float:
    """Distance of two sets of features as if each were one normal distribution, 0 or more.

    Reference: Heusel et al. 2017 (arXiv 1706.08500), equation 6, with the features of a network of
    our own: ``|m1 - m2|^2 + tr(C1 + C2 - 2 (C1 C2)^(1/2))``. Comparable only with other distances
    of the same network and the same number of pictures.

    Raises:
        ValueError: if a set has fewer than two pictures.
    """
    if min(len(first), len(second)) < 2:
        raise ValueError(f"need two pictures a set, got {len(first)} and {len(second)}")
    (mean, cov), (other_mean, other_cov) = _moments(first), _moments(second)
    root = _square_root(cov)
    # The trace of (C1 C2)^(1/2) is that of (C1^(1/2) C2 C1^(1/2))^(1/2), which is symmetric.
    shared = np.linalg.eigvalsh(root @ other_cov @ root).clip(min=0)
    distance = ((mean - other_mean) ** 2).sum() + np.trace(cov) + np.trace(other_cov)
    return float(max(0.0, distance - 2 * np.sqrt(shared).sum()))


def _moments(
    features: Float[np.ndarray, "pictures features"],
) -> tuple[Float64[np.ndarray, " features"], Float64[np.ndarray, "features features"]]:
    wide = features.astype(np.float64)
    return wide.mean(0), np.atleast_2d(np.cov(wide, rowvar=False))


def _square_root(
    matrix: Float64[np.ndarray, "features features"],
) -> Float64[np.ndarray, "features features"]:
    values, vectors = np.linalg.eigh(matrix)
    root: Float64[np.ndarray, "features features"] = (
        vectors * np.sqrt(values.clip(min=0))
    ) @ vectors.T
    return root
