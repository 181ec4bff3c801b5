"""What a training left, for people: scores by epoch, the curve as a picture, how to use it."""

from collections.abc import Sequence
from itertools import pairwise

from rich import box
from rich.table import Table

from assets.segmenters.committing import Rows, rows_of
from assets.segmenters.names import ASSET
from models.plots import step_curves
from pipelines.commands.console import out
from storage.manifests.pointers import ManifestVersion
from storage.png import png_bytes
from storage.store import Store
from storage.training_records import SegmenterCheckpoint, TrainingStep

ASSET_PAGE = f"http://127.0.0.1:3000/assets/{ASSET}"
MAX_EPOCHS = 30
MAX_BARS = 60
_BARS = "▁▂▃▄▅▆▇█"


def show_training(version: ManifestVersion, training: str, store: Store) -> None:
    """Print the scores of a training by epoch, the way of its loss, and where its weights are.

    Args:
        version: of `segmenter_checkpoint` that holds the training.
        training: digest of the training.
        store: that holds the version; the picture of the curve is put into its reports.
    """
    rows = rows_of(version, store).of_training(training)
    best = next(row for row in rows.checkpoints if row.is_best)
    _say(f"Selection scores of {best.architecture}, selection {best.selection}")
    out.print(_table(rows.scored, best))
    for name, values in rows.curves.items():
        numbers = values[1]
        _say(f"{name:>4} {sparkline(numbers)} {numbers[0]:.4f} to {numbers[-1]:.4f}")
    _say(f"curve: {_write_plot(rows, version, best, store)}")
    _show_checkpoints(rows, store)
    _say(f"runs and lineage in the browser: make ui, then {ASSET_PAGE}?partition={best.selection}")


def sparkline(values: Sequence[float]) -> str:
    """A bar for each value between the smallest and the largest; of many, means of neighbors."""
    groups = min(len(values), MAX_BARS)
    edges = [round(number * len(values) / groups) for number in range(groups + 1)]
    spans = [values[start:end] for start, end in pairwise(edges)]
    means = [sum(span) / len(span) for span in spans]
    low, high = min(means), max(means)
    scale = (len(_BARS) - 1) / (high - low) if high > low else 0.0
    return "".join(_BARS[round((mean - low) * scale)] for mean in means)


def _table(scored: Sequence[TrainingStep], best: SegmenterCheckpoint) -> Table:
    """A row an epoch; of many epochs the last ones, and the best."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for heading in ("epoch", "stage", "step", "loss", "AP", "mIoU"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("")
    for step in scored:
        is_best = step.step == best.step
        if step in scored[-MAX_EPOCHS:] or is_best:
            numbers = (f"{value or 0:.4f}" for value in (step.average_precision, step.mean_iou))
            place = (step.epoch + 1, step.stage + 1, step.step, f"{step.loss:.4f}")
            mark = "best" if is_best else ""
            table.add_row(*map(str, place), *numbers, mark, style="bold" if is_best else None)
    return table


def _write_plot(
    rows: Rows, version: ManifestVersion, best: SegmenterCheckpoint, store: Store
) -> str:
    """Path of the curve as a picture; it replaces that of the training before."""
    title = f"{best.architecture}, {rows.steps[-1].step} steps"
    picture = step_curves(rows.curves, title=title)
    name = f"{version.asset}/{version.partition}-{best.architecture}.png"
    return str(store.write_report(name, png_bytes(picture, {})))


def _show_checkpoints(rows: Rows, store: Store) -> None:
    for row in sorted(rows.checkpoints, key=lambda row: not row.is_best):
        kinds = [name for name, is_so in (("best", row.is_best), ("last", row.is_last)) if is_so]
        score = f"AP {row.average_precision:.4f}, mIoU {row.mean_iou:.4f}"
        _say(f"{' and '.join(kinds)} checkpoint, step {row.step}, {score}: {row.checkpoint_sha256}")
        if row.is_best:
            path = store.blobs.path(row.checkpoint_sha256)
            _say("  from models.segmentation import load_segmenter")
            _say(f'  network = load_segmenter("{row.architecture}", "{path}")')
            _say(f"  where it comes from: multishift lineage {row.checkpoint_sha256[:12]}")


def _say(text: str) -> None:
    out.print(text, markup=False, highlight=False, soft_wrap=True)
