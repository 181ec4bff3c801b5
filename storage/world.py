"""The two worlds, told apart by what lies in the data root."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from upath import UPath

from storage.atomic import write_atomically

MARKER = "miniature.json"
"""File that `multishift miniature` leaves in the folder it filled."""

FRAME_TABLE = "miniature_frames.csv"
"""What every frame of the miniature shows: weather, time, place, object kinds."""

_REFERENCE_HEIGHT_PX = 1024


@dataclass(frozen=True)
class World:
    """One world: its name, its version, and the height of its street scenes in pixels."""

    name: str
    version: str
    scene_height_px: int

    def scale_px(self, length_px: float) -> float:
        """Length in this world's scenes of a length stated for scenes 1024 pixels high."""
        return length_px * self.scene_height_px / _REFERENCE_HEIGHT_PX


PAPER_WORLD = World(name="paper", version="", scene_height_px=_REFERENCE_HEIGHT_PX)


def read_world(data_root: Path) -> World:
    """World of a data root: the miniature where its marker lies, else the paper's.

    Raises:
        ValueError: if the miniature there is unfinished or its marker cannot be read.
    """
    facts = read_marker(data_root)
    if facts is None:
        return PAPER_WORLD
    if facts.get("is_complete") is not True:
        raise ValueError(
            f"{data_root / MARKER}: the miniature world is unfinished; run "
            f"`multishift miniature {data_root}` again"
        )
    return World("miniature", str(facts["world_version"]), int(facts["scene_height_px"]))


def read_marker(data_root: Path) -> dict[str, Any] | None:
    """Facts that the marker states; None where there is no marker.

    Raises:
        ValueError: if the marker cannot be read.
    """
    marker = data_root / MARKER
    if not marker.exists():
        return None
    try:
        facts = json.loads(marker.read_text(encoding="utf-8"))
        if not facts["world_version"] or int(facts["scene_height_px"]) < 1:
            raise ValueError(f"no world version or no scene height in {facts}")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(
            f"{marker}: need the marker of a miniature world, got {error!r}; remove the folder and "
            f"run `multishift miniature {data_root}` again"
        ) from error
    return dict(facts)


def write_marker(data_root: Path, facts: dict[str, Any]) -> None:
    """Replace the marker of the miniature in one step; ``is_complete`` tells whether it is done."""
    text = json.dumps(facts, indent=2, sort_keys=True) + "\n"
    write_atomically(UPath(data_root / MARKER), text.encode())


def write_frame_table(data_root: Path, text: str) -> None:
    """Replace the table of what every frame shows."""
    write_atomically(UPath(data_root / FRAME_TABLE), text.encode())
