"""Write the miniature world: plan it, fan the rendering out, leave the marker when all is there."""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields
from itertools import groupby
from pathlib import Path

from assets.engine.resource import Engine
from assets.miniature.rendering import RenderItem, WrittenFrame, render_and_write, render_key
from models.miniature.plan import PlannedFrame, plan_world
from models.miniature.world import HEIGHT, WORLD_VERSION
from storage.world import MARKER, read_marker, write_frame_table, write_marker

FRAMES_AN_ITEM = 8
"""Small enough for a progress bar that moves, large enough to make the fan-out cheap."""


@dataclass(frozen=True, kw_only=True)
class MiniatureSize:
    """How much of the world to write; equal sizes give equal files."""

    n_train: int = 300
    others_frac: float = 1.0
    seed: int = 0


def write_world(root: Path, size: MiniatureSize, engine: Engine) -> int:
    """Number of frames written to ``root``; 0 where this very world is already complete.

    Raises:
        ValueError: if the folder holds another world or other files, or a frame failed.
    """
    facts = {"world_version": WORLD_VERSION, "scene_height_px": HEIGHT, **asdict(size)}
    if _is_complete(root, facts):
        return 0
    plan = plan_world(n_train=size.n_train, others_frac=size.others_frac, seed=size.seed)
    write_marker(root, {**facts, "is_complete": False})
    written: list[WrittenFrame] = []
    items = list(_items(root, plan))
    for outcome in engine.map(render_and_write, items, key=render_key, label="miniature world"):
        if outcome.value is None:
            reason = outcome.error.reason if outcome.error else "no value"
            raise ValueError(f"{root}: {outcome.key} could not be written: {reason}")
        written += outcome.value
    write_frame_table(root, _to_csv(written))
    write_marker(root, {**facts, "is_complete": True})
    return len(written)


def _is_complete(root: Path, facts: dict[str, str | int | float]) -> bool:
    found = read_marker(root)
    if found is None:
        if root.is_dir() and any(root.iterdir()):
            raise ValueError(
                f"{root}: need a new or empty folder, got one with files and no {MARKER}; choose "
                "another folder, so that nothing of yours is mixed with rendered pictures"
            )
        return False
    is_complete = found.pop("is_complete", False) is True
    if found != facts:
        raise ValueError(
            f"{root}: holds another miniature world ({found}), wanted {facts}; choose another "
            "folder, or remove this one"
        )
    return is_complete


def _items(root: Path, plan: Sequence[PlannedFrame]) -> Iterator[RenderItem]:
    for (dataset, split), frames in groupby(plan, key=lambda frame: (frame.dataset, frame.split)):
        group = tuple(frames)
        # COCO keeps the annotations of a split in one file, so one item writes all of them.
        step = len(group) if dataset == "coco" else FRAMES_AN_ITEM
        for start in range(0, len(group), step):
            yield RenderItem(
                root=str(root),
                dataset=dataset,
                split=split,
                start=start,
                frames=group[start : start + step],
            )


def _to_csv(written: Sequence[WrittenFrame]) -> str:
    stream = io.StringIO()
    table = csv.writer(stream, lineterminator="\n")
    table.writerow([field.name for field in fields(WrittenFrame)])
    ordered = sorted(written, key=lambda frame: (frame.dataset, frame.split, frame.frame_id))
    table.writerows([list(asdict(frame).values()) for frame in ordered])
    return stream.getvalue()
