"""The end of `multishift demo`: the trained segmenter on the small benchmarks, and one report."""

from pathlib import Path

from assets.benchmarks.committing import rows_of
from assets.benchmarks.measured import MeasuredRows
from assets.benchmarks.names import ASSET, BENCHMARKS, benchmark_named
from pipelines.commands.console import err, out
from pipelines.commands.demo_training import ARCHITECTURE, SELECTION
from pipelines.commands.evaluate_table import result_table
from pipelines.commands.runs import run_job
from pipelines.settings import Settings
from storage.store import Store
from storage.world import PAPER_WORLD, read_world

JOB = "evaluate"
SCORES = ("learned", "max_logit")
"""What the training is for, and what the same network scores without it."""

PAGE = "benchmarks.html"

QUICK = ("road_anomaly", "road_anomaly_21", "acdc_poc")
"""Without and with rules for components, with domains and known classes."""

NO_QUALITY = (
    "These numbers tell that the way from real files to a report works, and nothing of quality: a "
    "network of the miniature's size learned for minutes from scenes that the miniature's "
    "networks drew."
)


def evaluate_demo(settings: Settings, store: Store, *, step: int, is_quick: bool) -> bool:
    """Measure on every benchmark of the world, and write one page; true if all runs did well.

    Args:
        settings: of this checkout.
        store: where everything lies.
        step: number of the first step of the demo that this takes; it takes one a benchmark.
        is_quick: whether no others than those of `QUICK` are measured.
    """
    root = Path(settings.data_root)
    wanted = QUICK if is_quick else BENCHMARKS
    names = [name for name in wanted if benchmark_named(name).locate(root) is not None]
    for number, name in enumerate(names, start=step):
        err.print(f"[bold]{number}[/] Dagster job [bold]{JOB}[/], {name}")
        if not run_job(JOB, partition_key=name, run_config=_config()):
            return False
    measured = [rows_of(store.manifests.wanted(ASSET, name), store) for name in names]
    _show(measured, store, note=NO_QUALITY if read_world(root) == PAPER_WORLD else "")
    return True


def _config() -> dict[str, object]:
    wanted = {"selection": SELECTION, "architecture": ARCHITECTURE, "scores": list(SCORES)}
    return {"ops": {ASSET: {"config": wanted}}}


def _show(measured: list[MeasuredRows], store: Store, *, note: str) -> None:
    from assets.reporting.page import report_page

    page = store.write_report(PAGE, report_page(measured, store.blobs, note=note).encode())
    out.print(result_table([row for rows in measured for row in rows.results]))
    if note:
        out.print(note, soft_wrap=True)
    out.print(f"report of the benchmarks: {page}", markup=False, soft_wrap=True)
