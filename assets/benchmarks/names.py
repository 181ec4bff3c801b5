"""Which benchmarks there are, and where their numbers lie in the store: known without torch."""

from collections.abc import Mapping
from types import MappingProxyType

import dagster as dg

from storage.datasets.dataset import Dataset
from storage.datasets.registry import dataset_named

ASSET = "benchmark_scores"
REPORT = "benchmark_report"

IMAGES, RESULTS, CURVES, SHOWN = (
    "measured_images",
    "benchmark_results",
    "score_curves",
    "shown_images",
)
TABLES = (IMAGES, RESULTS, CURVES, SHOWN)

CODE_VERSION = "2"
"""Raise it when equal inputs and an equal configuration give other numbers."""

SPLITS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "road_anomaly": ("test",),
        "road_anomaly_21": ("val", "test"),
        "road_obstacle_21": ("val", "test"),
        "fishyscapes_lost_and_found": ("val",),
        "fishyscapes_static": ("val",),
        "muad": ("test",),
        "acdc_poc": ("val",),
        "acdc": ("val",),
        "cityscapes": ("val",),
    }
)
"""Splits of each benchmark; what is hidden of them is a row with a reason, and never scored."""

BENCHMARKS = tuple(SPLITS)

benchmarks = dg.StaticPartitionsDefinition(list(BENCHMARKS))

FILE_PREFIX = "file:"
"""Begins the name of a score that was read from files."""


def benchmark_named(name: str) -> Dataset:
    """The data set of a benchmark.

    Raises:
        ValueError: if it is none; the message lists all names.
    """
    if name not in SPLITS:
        raise ValueError(f"need a benchmark of {', '.join(BENCHMARKS)}, got {name!r}")
    return dataset_named(name)


def has_unknown_objects(dataset: Dataset) -> bool:
    """Whether scores are measured; on the others the known classes alone are."""
    return "ood" in dataset.kinds
