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

JOB = "evaluate"
SCORES = ("learned", "max_logit")
"""What the training is for, and what the same network scores without it."""

PAGE = "benchmarks.html"


def evaluate_demo(settings: Settings, store: Store, *, step: int) -> bool:
    """Measure on every benchmark of the world, and write one page; true if all runs did well."""
    root = Path(settings.data_root)
    names = [name for name in BENCHMARKS if benchmark_named(name).locate(root) is not None]
    for number, name in enumerate(names, start=step):
        err.print(f"[bold]{number}[/] Dagster job [bold]{JOB}[/], {name}")
        if not run_job(JOB, partition_key=name, run_config=_config()):
            return False
    _show([rows_of(store.manifests.wanted(ASSET, name), store) for name in names], store)
    return True


def _config() -> dict[str, object]:
    wanted = {"selection": SELECTION, "architecture": ARCHITECTURE, "scores": list(SCORES)}
    return {"ops": {ASSET: {"config": wanted}}}


def _show(measured: list[MeasuredRows], store: Store) -> None:
    from assets.reporting.page import report_page

    page = store.write_report(PAGE, report_page(measured, store.blobs).encode())
    out.print(result_table([row for rows in measured for row in rows.results]))
    out.print(f"report of the benchmarks: {page}", markup=False, soft_wrap=True)
