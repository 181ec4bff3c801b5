"""`multishift check-data`: which data sets are there, and what is wrong with them."""

import json
from pathlib import Path

from rich.progress import Progress
from rich.table import Table

from pipelines.commands.console import err, out
from storage.datasets.check import CheckReport, check_root
from storage.datasets.registry import DATASETS

NOTHING_THERE = 2
"""Exit code for a folder without any data set: most likely not the one that was meant."""


def run_check(root: Path, *, as_json: bool, workers: int) -> int:
    """Check the folder and print the report; gives the exit code."""
    with Progress(console=err, transient=True) as bar:
        task = bar.add_task("checking files", total=None)
        report = check_root(
            root,
            workers=workers,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )
    if as_json:
        out.print_json(json.dumps(report.to_json()))
    else:
        print_report(report)
    return report.exit_code if report.rows else NOTHING_THERE


def print_report(report: CheckReport) -> None:
    """The report as a table, then the findings, then what was not recognized."""
    if not report.rows:
        out.print(f"no data set found below {report.root}; docs/data.md shows the layouts")
    else:
        out.print(_table(report))
    for number, finding in enumerate(report.findings, start=1):
        out.print(f"[bold]{number:3d}[/] ", end="")
        out.print(f"{finding.path}: {finding.fact}", markup=False, highlight=False, soft_wrap=True)
        out.print(
            f"      {finding.cure}", style="dim", markup=False, highlight=False, soft_wrap=True
        )
    absent = sorted({dataset.name for dataset in DATASETS} - {row.dataset for row in report.rows})
    if report.rows and absent:
        out.print(f"not here: {', '.join(absent)}", highlight=False)
    if report.unrecognized:
        names = ", ".join(report.unrecognized)
        out.print(f"not recognized, not counted: {names}", markup=False, highlight=False)


def _table(report: CheckReport) -> Table:
    table = Table(title=f"Data below {report.root}", title_justify="left")
    table.add_column("data set", overflow="fold")
    table.add_column("folder", overflow="fold", no_wrap=True)  # a path is copied; titles may wrap
    table.add_column("split")
    for heading in ("pairs", "hidden", "gaps"):
        table.add_column(heading, justify="right")
    for row in report.rows:
        gaps = f"[bold red]{row.n_gaps}[/]" if row.n_gaps else "0"
        title = f"{row.title} *" if row.is_documented_only else row.title
        table.add_row(title, row.folder, row.split, str(row.n_pairs), str(row.n_hidden), gaps)
    if any(row.is_documented_only for row in report.rows):
        table.caption = "* layout from documentation, not verified on real files"
        table.caption_justify = "left"
    return table
