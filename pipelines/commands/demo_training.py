"""The last part of `multishift demo`: a segmenter learns the known classes, then the unknown."""

from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table
from upath import UPath

from assets.closed_set.committing import rows_of
from assets.closed_set.config import ClosedSetTrainingConfig
from assets.closed_set.names import ASSET, START
from assets.partitions import FIRST_ROUND
from assets.segmenters.config import SegmenterConfig
from pipelines.commands.console import err, out
from pipelines.commands.runs import run_job
from pipelines.commands.train import run_train
from pipelines.commands.train_curve import sparkline
from pipelines.settings import Settings
from storage.atomic import write_atomically
from storage.store import Store
from storage.world import PAPER_WORLD, World, read_world

ARCHITECTURE = "deeplab_miniature"
JOB = "train_closed_set"
SELECTION = "demo"
FILE = f"""# What the demo trains on: every scene that it drew. The demo leaves this file as it is;
# docs/training_sets.md tells what else a selection may say.
rounds = ["{FIRST_ROUND}"]
"""
MAX_CLASSES = 5

_PHOTOGRAPHS: dict[str, Any] = {
    "batch_size": 1,
    # Photographs of 1024 x 2048 at a quarter of their size: the network sees whole cars.
    "transform": {
        "geometry": {"resize_probability": 1.0, "scales": [0.25], "crop": [192, 384]},
    },
    "stages": [{"n_epochs": 2}, {"n_epochs": 6}],
}
_DRAWN: dict[str, Any] = {"batch_size": 2, "stages": [{"n_epochs": 4}, {"n_epochs": 16}]}


def train_demo(settings: Settings, store: Store, *, step: int, is_quick: bool) -> bool:
    """Train on the known classes, choose pairs, train in two stages; true if all runs did well.

    Each prints what came of it. What is there for the same inputs is not trained again.

    Args:
        settings: of this checkout.
        store: where everything lies.
        step: number of the first step of the demo that this takes; it takes two.
        is_quick: whether it learns for few epochs.
    """
    world = read_world(Path(settings.data_root))
    err.print(f"[bold]{step}[/] Dagster job [bold]{JOB}[/], {ARCHITECTURE}")
    chosen = {"ops": {ASSET: {"config": known_classes(world, is_quick=is_quick).model_dump()}}}
    if not run_job(JOB, partition_key=ARCHITECTURE, run_config=chosen):
        return False
    show_closed_set(store)
    write_selection(Path(settings.selections_root))
    err.print(f"[bold]{step + 1}[/] both stages, selection [bold]{SELECTION}[/]")
    return run_train(SELECTION, two_stages(world, is_quick=is_quick), device=None) == 0


def known_classes(world: World, *, is_quick: bool = False) -> ClosedSetTrainingConfig:
    """The training on the known classes; photographs keep more of their size than drawn frames."""
    chosen: dict[str, Any] = {"n_epochs": 5} if is_quick else {}
    if world == PAPER_WORLD:
        chosen |= {"short_side_px": 256, "max_frames": 64}
    return ClosedSetTrainingConfig(**chosen)


def two_stages(world: World, *, is_quick: bool = False) -> SegmenterConfig:
    """The published training at the size of the demo: some pairs, a few minutes on two cores."""
    settings = _PHOTOGRAPHS if world == PAPER_WORLD else _DRAWN
    if is_quick:
        settings = {**settings, "stages": [{"n_epochs": 1}, {"n_epochs": 2}]}
    return SegmenterConfig.model_validate(
        {
            "architecture": ARCHITECTURE,
            "initial_checkpoint": START,
            "held_out_frac": 0.2,
            "n_between_logs": 5,
            "n_epochs_between_scores": 4 if world == PAPER_WORLD else 1,
            "settings": settings,
        }
    )


def write_selection(folder: Path) -> Path:
    """Path of the demo's selection file, written if there is none."""
    path = folder / f"{SELECTION}.toml"
    if not path.exists():
        write_atomically(UPath(path), FILE.encode())
    return path


def show_closed_set(store: Store) -> None:
    """Print how well the known classes are named, and the way there."""
    rows = rows_of(store.manifests.wanted(ASSET, ARCHITECTURE), store)
    row = rows.checkpoint
    # Not the table's title: that would be broken at the width of the narrow table.
    title = f"{ARCHITECTURE} on the known classes, {row.n_frames} frames, {row.n_steps} steps"
    out.print(title, soft_wrap=True)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in ("epoch", "loss", "mIoU"):
        table.add_column(heading, justify="right", no_wrap=True)
    scored = [step for step in rows.steps if step.mean_iou is not None]
    for step in scored:
        table.add_row(str(step.epoch + 1), f"{step.loss:.4f}", f"{step.mean_iou or 0:.4f}")
    out.print(table)
    out.print(f"loss {sparkline([step.loss for step in rows.steps])}")
    out.print(f"mIoU {sparkline([step.mean_iou or 0.0 for step in scored])}")
    named = sorted(zip(row.class_ious, row.class_names, strict=True))
    worst = ", ".join(f"{name} {iou:.2f}" for iou, name in named[:MAX_CLASSES])
    n_held_out = len(row.held_out_frame_ids)
    out.print(f"held-out frames: {n_held_out}, mIoU {row.mean_iou:.4f}; hardest: {worst}")
