"""`multishift demo`: the main job on the miniature world, as a person would run it."""

import shlex
from collections import Counter
from pathlib import Path

from rich import box
from rich.table import Table

from assets.engine.resource import Engine
from assets.labelling.labels import ASSET as LABELLED
from assets.miniature.world import MiniatureSize, write_world
from assets.object_bank.bank import ASSET
from assets.object_bank.report import SHEET
from assets.partitions import train_cities
from models.miniature.world import WORLD_VERSION
from pipelines.commands.console import err, out
from pipelines.commands.demo_evaluation import evaluate_demo
from pipelines.commands.demo_scenes import generate, missing_network, show_scenes
from pipelines.commands.demo_training import train_demo
from pipelines.commands.instance import choose_instance
from pipelines.commands.runs import run_job
from pipelines.settings import STATE_ROOT, Settings, read_settings
from storage.records import ClassCount, OodObject, Quarantined
from storage.store import Store
from storage.world import PAPER_WORLD, read_marker, read_world

UI = "http://127.0.0.1:3000"
MAX_NAMED = 5
FORMER_JOBS = 5
"""Steps of the demo before those of the cities."""


def run_demo(*, n_train: int, is_quick: bool = False) -> int:
    """Write the world, run the jobs on this checkout's instance, print what came out.

    Args:
        n_train: training frames of a world that is not there yet.
        is_quick: learn for few epochs, and measure on few benchmarks.
    """
    settings = read_settings()
    STATE_ROOT.mkdir(exist_ok=True)
    choose_instance()
    _prepare_world(settings, n_train)
    missing = missing_network(settings)
    is_done = _fill_bank() and (missing is not None or generate(settings, first_step=4))
    store = settings.open_store()
    if store.manifests.latest(ASSET) is not None:
        _print_bank(store)
        out.print(f"contact sheet: {store.root / 'reports' / SHEET}", soft_wrap=True)
    _print_quarantine(settings)
    if not is_done:
        err.print("look at the run with: make ui")
        return 1
    if missing is None:
        show_scenes(settings, store)
        is_done = learn_and_measure(settings, store, is_quick=is_quick)
    else:
        out.print(f"no scenes yet: {missing}", markup=False, soft_wrap=True)
    page = f"{UI}/assets/{ASSET if missing else LABELLED}"
    out.print(f"runs, lineage and pictures: make ui, then {page}", soft_wrap=True)
    return 0 if is_done else 1


def learn_and_measure(settings: Settings, store: Store, *, is_quick: bool = False) -> bool:
    """The last steps; not with the paper's networks, which take a GPU and days to learn."""
    root = Path(settings.data_root)
    if read_world(root) == PAPER_WORLD and settings.networks != "miniature":
        out.print("no training: real frames take a GPU and a checkpoint (docs/training.md)")
        return True
    step = FORMER_JOBS + len(train_cities(root)) + 1
    is_trained = train_demo(settings, store, step=step, is_quick=is_quick)
    return is_trained and evaluate_demo(settings, store, step=step + 2, is_quick=is_quick)


def _fill_bank() -> bool:
    for number, name in enumerate(("observe_data", "build_bank"), start=2):
        err.print(f"[bold]{number}[/] Dagster job [bold]{name}[/]")
        if not run_job(name):
            return False
    return True


def _prepare_world(settings: Settings, n_train: int) -> None:
    root = Path(settings.data_root)
    if "data_root" in settings.model_fields_set:
        err.print(f"[bold]1[/] using your data below {root}")
        return
    _refuse_former_world(root)
    err.print(f"[bold]1[/] writing the miniature world to {root}")
    engine = Engine(mode="processes", n_workers=2)
    if not write_world(root, MiniatureSize(n_train=n_train), engine):
        err.print("  already there")


def _refuse_former_world(root: Path) -> None:
    found = (read_marker(root) or {}).get("world_version", WORLD_VERSION)
    if found != WORLD_VERSION:
        raise ValueError(
            f"{root}: holds version {found} of the miniature world, and this multishift draws "
            f"version {WORLD_VERSION}; remove it (rm -r {shlex.quote(str(root))}), then run "
            "the demo again: the new version is drawn, what the store holds of the former one stays"
        )


def _print_bank(store: Store) -> None:
    objects = store.manifests.read_records(ASSET, "ood_objects", OodObject)
    counts = store.manifests.read_records(ASSET, "class_counts", ClassCount)
    table = Table(
        title="Bank of out-of-distribution objects",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    reasons = sorted({row.reason for row in objects if row.reason})
    table.add_column("class", no_wrap=True)
    for heading in ("kept", *reasons):
        table.add_column(heading.replace("_", "\n"), justify="right", no_wrap=True)
    verdicts = Counter((row.class_id, row.reason or "kept") for row in objects)
    for count in sorted(counts, key=lambda row: (-row.n_kept, -row.n_rejected, row.class_name)):
        if not count.is_absent:
            cells = [verdicts[count.class_id, column] for column in ("kept", *reasons)]
            table.add_row(count.class_name, *(str(cell) if cell else "·" for cell in cells))
    totals = Counter(row.reason or "kept" for row in objects)
    table.add_section()
    table.add_row("all", *(str(totals[column]) for column in ("kept", *reasons)), style="bold")
    out.print(table)
    n_absent = sum(count.is_absent for count in counts)
    out.print(f"{n_absent} classes of the list have no object here")


def _print_quarantine(settings: Settings) -> None:
    """Name the first files that could not be used, with what to do about them."""
    manifests = settings.open_store().manifests
    if manifests.latest(ASSET) is None:
        return
    bad = manifests.read_records(ASSET, "quarantine", Quarantined)
    out.print(f"in quarantine: {len(bad) or 'no image'}")
    for row in bad[:MAX_NAMED]:
        out.print(f"  {row.item}: {row.reason}", markup=False, highlight=False, soft_wrap=True)
