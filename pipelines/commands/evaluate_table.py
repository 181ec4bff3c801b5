"""The numbers of an evaluation in the terminal: a line for each score of each benchmark."""

from collections.abc import Sequence

from rich import box
from rich.markup import escape
from rich.table import Table

from storage.benchmark_records import (
    ALL_DOMAINS,
    CONFUSION,
    KNOWN_CLASSES,
    POOLED_EXACT,
    BenchmarkResult,
)

_NUMBERS = {
    "AP": "ap",
    "FPR95": "fpr95",
    "AUROC": "auroc",
    "F1*": "f1_star",
    "mIoU": "mean_iou",
}
_NONE = "·"


def result_table(results: Sequence[BenchmarkResult]) -> Table:
    """Numbers of all domains together, in percent; reports and rows have the others."""
    mended = sorted({row.refinement for row in results} - {"none"})
    by = f", refined by {', '.join(mended)}" if mended else ""
    table = Table(
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),  # a terminal of 80 columns holds the longest name
        pad_edge=False,
        title=f"All pixels of a benchmark together, in percent{by}",
        title_justify="left",
        caption="F1* at the threshold of the best F1; domains and other estimators: in the report",
        caption_justify="left",
    )
    table.add_column("benchmark, score", no_wrap=True)
    for heading in (*_NUMBERS, "images", "skipped"):
        table.add_column(heading, justify="right", no_wrap=True)
    benchmark = ""
    for row in results:
        if row.domain != ALL_DOMAINS or row.estimator not in (POOLED_EXACT, CONFUSION):
            continue
        if row.benchmark != benchmark:
            benchmark = row.benchmark
            table.add_row(f"[bold]{benchmark}[/]")
        numbers = [_percent(getattr(row, field)) for field in _NUMBERS.values()]
        table.add_row(f"  {_score(row)}", *numbers, str(row.n_images), str(row.n_skipped))
    return table


def _score(row: BenchmarkResult) -> str:
    return "known classes" if row.score == KNOWN_CLASSES else escape(row.score)


def _percent(share: float | None) -> str:
    return _NONE if share is None else f"{100 * share:.2f}"
