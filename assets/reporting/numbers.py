"""Numbers as a report writes them: percent, by one rule of digits."""

from dataclasses import dataclass

_CLOSE_PCT = 1.0


@dataclass(frozen=True)
class Column:
    """A quantity of a table: its name in rows and in print, and which end of it is good."""

    name: str
    title: str
    is_low_good: bool = False

    @property
    def arrow(self) -> str:
        """Which way is better."""
        return "↓" if self.is_low_good else "↑"


OOD_COLUMNS = (
    Column("auroc", "AUROC"),
    Column("ap", "AP"),
    Column("fpr95", "FPR95", is_low_good=True),
    Column("fpr95_nearest", "FPR95 nearest", is_low_good=True),
    Column("best_f1", "best F1"),
    Column("siou", "sIoU"),
    Column("ppv", "PPV"),
    Column("f1_star", "F1*"),
)
"""Quantities of scores, by their names in `BenchmarkResult` and `PublishedResult`."""

CLASS_COLUMNS = (
    Column("mean_iou", "mIoU"),
    Column("mean_class_accuracy", "mean class accuracy"),
    Column("pixel_accuracy", "pixel accuracy"),
)
"""Quantities of the known classes."""


def percent(value_pct: float | None) -> str:
    """A value in percent with one decimal, or two within one percent of 0 and of 100.

    There the differences are: 0.07 and 0.14 % must not both read 0.1. A dash where there is none.
    """
    if value_pct is None:
        return "–"
    distance = min(value_pct, 100 - value_pct)
    return f"{value_pct:.{2 if 0 < distance < _CLOSE_PCT else 1}f}"


def in_percent(share: float | None) -> float | None:
    """A share of 0 to 1 in percent."""
    return None if share is None else 100 * share


def count(number: int) -> str:
    """A count with its thousands apart."""
    return f"{number:,}".replace(",", "\u202f")


def plural(number: int, noun: str) -> str:
    """A count and what it counts."""
    return f"{count(number)} {noun}" + ("" if number == 1 else "s")
