"""The worlds of the benchmarks: rendered once, and held in memory by a process that measures."""

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8

from assets.benchmarks.frames import list_frames
from assets.benchmarks.names import BENCHMARKS, has_unknown_objects
from assets.benchmarks.order import component_sizes
from assets.engine.resource import Engine
from assets.miniature.world import MiniatureSize, write_world
from models.experiment.plan import Plan, WorldSize
from models.metrics import ComponentSizes
from storage.datasets.codings import Target
from storage.datasets.registry import read_target
from storage.images import read_image
from storage.world import FRAME_TABLE, read_marker, read_world


@dataclass(frozen=True, kw_only=True)
class RenderedWorld:
    """A world of benchmarks.

    Attributes:
        name: of it in the plan.
        root: folder of its data sets.
        seed: that it is drawn from.
        version: of the miniature world.
        facts: that decide on every pixel.
    """

    name: str
    root: str
    seed: int
    version: str
    facts: tuple[tuple[str, Any], ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class LabelledImage:
    """One image of a benchmark; ``is_unseen`` where it shows a reserved place or object kind."""

    photograph: UInt8[np.ndarray, "height width 3"]
    target: Target
    domain: str
    is_unseen: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class HeldBenchmark:
    """A benchmark in memory.

    Attributes:
        name: of it.
        has_unknown: whether scores are measured; else the known classes alone are.
        sizes: rules for components; None where it has none.
        images: that have a label.
    """

    name: str
    has_unknown: bool
    sizes: ComponentSizes | None
    images: tuple[LabelledImage, ...]

    @property
    def domains(self) -> tuple[str, ...]:
        """Domains that its layout tells apart, sorted."""
        return tuple(sorted({image.domain for image in self.images if image.domain}))


def render_benchmarks(plan: Plan, name: str, folder: Path, engine: Engine) -> RenderedWorld:
    """The world of that name in the plan, rendered below a folder if it is not there yet.

    Equal worlds of several plans are one.

    Raises:
        ValueError: if another world or other files lie where it belongs.
    """
    size: WorldSize = getattr(plan.worlds, name)
    root = folder / f"seed-{size.seed}-{size.n_train}-{size.others_frac:g}"
    write_world(root, MiniatureSize(**size.model_dump()), engine)
    facts = read_marker(root) or {}
    return RenderedWorld(
        name=name,
        root=str(root),
        seed=size.seed,
        version=str(facts["world_version"]),
        facts=tuple(sorted(facts.items())),
    )


@lru_cache(maxsize=1)
def held_benchmarks(world: RenderedWorld) -> tuple[HeldBenchmark, ...]:
    """All benchmarks of a world, read once a process: 60 MB of a whole one.

    Raises:
        BadFileError: if a file cannot be used.
        ValueError: if the frame table says nothing of an image.
    """
    root = Path(world.root)
    is_unseen = _unseen_frames(root)
    return tuple(_held(name, root, is_unseen) for name in BENCHMARKS)


def _held(name: str, root: Path, is_unseen: dict[tuple[str, str, str], bool]) -> HeldBenchmark:
    frames = list_frames(name, root)
    images = []
    for frame in frames.measured:
        key = (name, frame.split, frame.frame_id)
        if key not in is_unseen:
            raise ValueError(
                f"{root / FRAME_TABLE}: need a row of {'/'.join(key)}, got none; remove the folder "
                "and run again"
            )
        images.append(
            LabelledImage(
                photograph=np.asarray(read_image(root / frame.image)),
                target=read_target(root, frame),
                domain=frame.domain,
                is_unseen=is_unseen[key],
            )
        )
    return HeldBenchmark(
        name=name,
        has_unknown=has_unknown_objects(frames.dataset),
        sizes=component_sizes(name, read_world(root)),
        images=tuple(images),
    )


def _unseen_frames(root: Path) -> dict[tuple[str, str, str], bool]:
    """Whether each frame shows what is reserved, by data set, split and name."""
    with (root / FRAME_TABLE).open(encoding="utf-8", newline="") as stream:
        return {
            (row["dataset"], row["split"], row["frame_id"]): row["is_unseen"] == str(True)
            for row in csv.DictReader(stream)
        }
