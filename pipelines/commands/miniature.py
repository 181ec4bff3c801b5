"""`multishift miniature`: the small world, written to disk."""

from pathlib import Path

from assets.engine.resource import Engine
from assets.miniature.world import MiniatureSize, write_world
from pipelines.commands.console import err, out


def run_miniature(
    folder: Path, *, n_train: int, others_frac: float, seed: int, n_workers: int
) -> int:
    """Write the world and tell where; 0, or an error if the folder cannot take it."""
    size = MiniatureSize(n_train=n_train, others_frac=others_frac, seed=seed)
    engine = Engine(mode="inline" if n_workers == 1 else "processes", n_workers=n_workers)
    n_written = write_world(folder, size, engine)
    if not n_written:
        out.print(
            f"{folder} already holds this miniature world; remove the folder to write it anew",
            soft_wrap=True,
        )
        return 0
    out.print(f"wrote {n_written} frames to {folder}", soft_wrap=True)
    err.print(f"[dim]look at it with: multishift check-data {folder}[/]", soft_wrap=True)
    return 0
