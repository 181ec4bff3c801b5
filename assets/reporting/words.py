"""What a report says of its numbers: names of estimators, and how each was made."""

from collections.abc import Iterable

from storage.benchmark_records import (
    BINNED,
    CONFUSION,
    IMAGE_MEAN,
    POOLED_EXACT,
    SMIYC_BINNED,
)
from storage.datasets.registry import DATASETS

_ESTIMATORS = {
    POOLED_EXACT: (
        "pooled, exact",
        "All pixels of the benchmark are ranked together; equal scores count together; nothing is "
        "binned.",
    ),
    IMAGE_MEAN: (
        "mean over images",
        "Each image with both kinds of pixels is ranked alone, and the images' numbers are "
        "averaged. Such means are never compared with pooled numbers.",
    ),
    SMIYC_BINNED: (
        "SMIYC bins",
        "The estimate of the SMIYC suite and its test server: at most 768 quantile bins an image, "
        "laid in one order.",
    ),
    BINNED: (
        "binned",
        "Scores are counted in fixed bins of their leading bits; scores in a bin count as equal.",
    ),
    CONFUSION: (
        "all pixels",
        "One confusion matrix over all labeled pixels of the known classes.",
    ),
    "unknown": ("not stated", "The source does not say how its numbers were estimated."),
}

METRICS = {
    "AUROC": "Chance that an unknown object's pixel scores above another one.",
    "AP": "Average precision: the sum over recall gained of the precision there, not a trapezoid.",
    "FPR95": "Share of in-distribution pixels flagged at the first threshold that finds 95 % of "
    "the unknown objects' pixels.",
    "FPR95 nearest": "The same at the threshold whose recall is nearest to 95 %, which may lie "
    "below: the rule of the method's first implementation.",
    "best F1": "Highest F1 over pixels of any threshold.",
    "sIoU": "Overlap of labeled components with what was predicted on them, mean over components.",
    "PPV": "Share of a predicted component that lies on labeled ones, mean over components.",
    "F1*": "F1 over components, mean over overlaps of 25 to 75 % in steps of 5.",
    "mIoU": "Mean IoU over the known classes that some label holds.",
    "mean class accuracy": "Mean of the classes' own recalls.",
    "pixel accuracy": "Share of known pixels named right; called mean accuracy in some papers.",
}
"""What each quantity is, by its title in the tables."""


def estimator_words(name: str) -> str:
    """Short name of an estimator; one that is not known here keeps its own."""
    return _ESTIMATORS[name][0] if name in _ESTIMATORS else name


def estimator_meanings(names: Iterable[str]) -> dict[str, str]:
    """Short name and meaning of each estimator, in the house's order."""
    asked = set(names)
    return dict(meaning for name, meaning in _ESTIMATORS.items() if name in asked)


def refinement_words(name: str) -> str:
    """What mended the scores; empty where nothing did."""
    return "" if name == "none" else f"refined by {name}"


def family(source: str) -> str:
    """The publication of a source, without its table."""
    return source.partition(":")[0]


def benchmark_title(name: str) -> str:
    """The data set's title; its name where no reader knows it."""
    return next((dataset.title for dataset in DATASETS if dataset.name == name), name)
