"""Which unknown objects of a benchmark a training has already shown: they are no unknown objects.

Reference: method brief D 17; a detector that has seen a class is not measured on finding the new.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from assets.benchmarks.frames import BenchmarkFrames
from storage.label_space import read_table
from storage.world import FRAME_TABLE, read_world


@dataclass(frozen=True, kw_only=True)
class KnownObject:
    """An object class of a benchmark, and the ADE20K-150 classes that are the same thing."""

    name: str
    ade_names: tuple[str, ...]


def objects_of(frames: BenchmarkFrames, data_root: Path) -> tuple[KnownObject, ...]:
    """Unknown objects of a benchmark as far as anybody has listed them, by name.

    The miniature world tells those of each measured frame; of real data sets the table
    ``storage/tables/benchmark_object_classes.csv`` holds what their makers published.
    """
    benchmark = frames.dataset.name
    if read_world(data_root).name == "miniature":
        return tuple(KnownObject(name=n, ade_names=(n,)) for n in _miniature(frames, data_root))
    rows = [r for r in read_table("benchmark_object_classes") if r["benchmark"] == benchmark]
    found = (
        KnownObject(
            name=row["object_class"], ade_names=tuple(filter(None, row["ade20k_150"].split("|")))
        )
        for row in rows
    )
    return tuple(sorted(found, key=lambda one: one.name))


def overlapping(objects: Iterable[KnownObject], trained: Iterable[str]) -> tuple[str, ...]:
    """Names of the objects that are among the classes of a training, under either name."""
    shown = {_plain(name) for name in trained}
    return tuple(
        one.name for one in objects if shown & {_plain(n) for n in (one.name, *one.ade_names)}
    )


def _miniature(frames: BenchmarkFrames, data_root: Path) -> list[str]:
    path = data_root / FRAME_TABLE
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["dataset"] == frames.dataset.name]
    measured = {(frame.split, frame.frame_id) for frame in frames.measured}
    shown = (row["object_kinds"] for row in rows if (row["split"], row["frame_id"]) in measured)
    kinds = {kind for kinds in shown for kind in kinds.split(" + ")}
    return sorted(filter(None, kinds))


def _plain(name: str) -> str:
    return name.strip().lower().replace("_", " ")
