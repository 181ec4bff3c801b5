"""Which published rows belong beside which measured ones."""

from collections.abc import Sequence

from assets.reporting.rows import MeasuredRows, splits
from storage.benchmark_records import ALL_DOMAINS
from storage.published_results import ABLATION, METHOD, PublishedResult, published_results
from storage.world import PAPER_WORLD

OOD_METRICS = ("auroc", "ap", "fpr95", "siou", "ppv", "f1_star")
CLASS_METRICS = ("miou", "pixel_accuracy")
EACH_CLASS = ("class_iou",)


def comparable(
    published: Sequence[PublishedResult] | None, world: str
) -> Sequence[PublishedResult]:
    """Published rows that may stand beside numbers of a world; by default the project's table.

    Pictures of another world than the paper's share no more than a name with what was published.
    """
    if world != PAPER_WORLD.name:
        return ()
    return published_results() if published is None else published


class PublishedBeside:
    """Published rows of a benchmark, apart by whether they rest on the images measured here."""

    def __init__(self, rows: MeasuredRows, published: Sequence[PublishedResult]) -> None:
        """Keep the rows of the benchmark."""
        self._rows = [row for row in published if row.benchmark == rows.benchmark]
        self._splits = set(splits(rows))

    def methods(
        self, metrics: Sequence[str], *, domain: str = ALL_DOMAINS
    ) -> list[PublishedResult]:
        """Methods' own results on the splits that were measured."""
        return [row for row in self._of(metrics, METHOD, domain) if row.split in self._splits]

    def variants(self, metrics: Sequence[str]) -> list[PublishedResult]:
        """Variants that explain a method, on the splits that were measured."""
        found = self._of(metrics, ABLATION, ALL_DOMAINS)
        return [row for row in found if row.split in self._splits]

    def elsewhere(self, metrics: Sequence[str]) -> dict[str, list[PublishedResult]]:
        """Methods' own results by split, where the split was not measured."""
        found: dict[str, list[PublishedResult]] = {}
        for row in self._of(metrics, METHOD, ALL_DOMAINS):
            if row.split not in self._splits:
                found.setdefault(row.split, []).append(row)
        return found

    def _of(self, metrics: Sequence[str], kind: str, domain: str) -> list[PublishedResult]:
        return [
            row
            for row in self._rows
            if row.metric in metrics and row.kind == kind and row.domain == domain
        ]
