"""Which unknown objects of a benchmark a training has already shown: they are no unknown objects.

Reference: method brief D 17; a detector that has seen a class is not measured on finding the new.
"""

import csv
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from assets.benchmarks.frames import BenchmarkFrames
from storage.benchmark_objects import KnownObject, listed_objects
from storage.datasets.acdc_poc import NAME as ACDC_POC
from storage.datasets.acdc_poc import painted_object
from storage.records import Frame
from storage.world import FRAME_TABLE, read_world

_ARTICLE = re.compile(r"^(an?|the) ")


def objects_of(frames: BenchmarkFrames, data_root: Path) -> tuple[KnownObject, ...]:
    """Unknown objects of a benchmark as far as anybody has listed them, by name.

    The miniature world tells those of each measured frame, and ACDC-POC by the names of its files;
    of the other real data sets a table holds what their makers published.
    """
    if read_world(data_root).name == "miniature":
        return _named(_miniature(frames, data_root))
    if frames.dataset.name == ACDC_POC:
        return _named(_painted(frames.measured))
    return listed_objects(frames.dataset.name)


def overlapping(objects: Iterable[KnownObject], trained: Iterable[str]) -> tuple[str, ...]:
    """Names of the objects that are among the classes of a training, under either name."""
    shown = {_plain(name) for name in trained}
    return tuple(
        one.name for one in objects if shown & {_plain(n) for n in (one.name, *one.ade_names)}
    )


def _named(names: Iterable[str]) -> tuple[KnownObject, ...]:
    """Objects that are called as a class is."""
    return tuple(KnownObject(name=name, ade_names=(name,)) for name in names)


def _painted(frames: Sequence[Frame]) -> list[str]:
    return sorted(set(filter(None, (painted_object(frame.frame_id) for frame in frames))))


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
    return _ARTICLE.sub("", name.strip().lower().replace("_", " "))
