"""Rendered scenes of a training: drawn by many processes, stored in chunks, loaded as tensors.

A chunk is one ``.npy`` file of bytes (scene, height, width, plane): red, green, blue, layout, label
and instance. Chunks are scratch: they are renamed into place, but not synced to the disk.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from assets.miniature_set.workshop import Facts, Workshop

if TYPE_CHECKING:
    from torch import Tensor

    from models.generation.training.measuring import MeasuredScenes
    from models.miniature import SceneSpec

N_PLANES = 6


@dataclass(frozen=True, kw_only=True)
class Stream:
    """Scenes for one purpose; those to measure on show as many objects as the demo asks for.

    Attributes:
        purpose: what the scenes are drawn for; every purpose has its own.
        is_unseen: whether they hold reserved places and object kinds.
        n_scenes: in all.
        n_objects: that each shows; None for one to three or none.
    """

    purpose: str
    is_unseen: bool = False
    n_scenes: int
    n_objects: int | None = 1

    def spec(self, index: int) -> "SceneSpec":
        """What one of its scenes shows."""
        from models.generation.training.examples import draw_example

        return draw_example(
            index, purpose=self.purpose, is_unseen=self.is_unseen, n_objects=self.n_objects
        )


@dataclass(frozen=True)
class Chunk:
    """Consecutive scenes of one stream, and the file to keep them in."""

    stream: Stream
    first: int
    n_scenes: int
    path: str


MapChunks: TypeAlias = Callable[[Callable[[Chunk], int], Sequence[Chunk]], Iterable[int]]
"""Runs a function on chunks anywhere, in any order; raises if one of them fails."""


@dataclass(frozen=True, eq=False)
class SceneTensors:
    """Scenes on a device: images (N, H, W, 3), layouts, labels and instances (N, H, W), uint8."""

    images: "Tensor"
    layouts: "Tensor"
    labels: "Tensor"
    instances: "Tensor"


def render_chunk(chunk: Chunk) -> int:
    """Draw the scenes of a chunk and keep them; the number of scenes."""
    import cv2

    from models.generation.training.examples import render_example

    cv2.setNumThreads(1)
    rows = []
    for index in range(chunk.first, chunk.first + chunk.n_scenes):
        example = render_example(chunk.stream.spec(index))
        planes = (example.image, example.layout, example.label, example.instances)
        rows.append(np.dstack(planes))
    staged = Path(f"{chunk.path}.{os.getpid()}.tmp")
    with staged.open("wb") as stream:
        np.save(stream, np.stack(rows))
    staged.replace(chunk.path)
    return chunk.n_scenes


def render_scenes(shop: Workshop, out: Path) -> Facts:
    """Stage: all scenes of the recipe; those that a former run finished are kept."""
    chunks = _chunks(shop, out)
    todo = [chunk for chunk in chunks if not Path(chunk.path).exists()]
    shop.say(f"render: {len(chunks) - len(todo)} of {len(chunks)} chunks are there")
    n_drawn, said_at = 0, 0
    for n_scenes in shop.map_chunks(render_chunk, todo):
        n_drawn += n_scenes
        if n_drawn - said_at >= sum(chunk.n_scenes for chunk in todo) / 10:
            said_at = n_drawn
            shop.say(f"render: {n_drawn} scenes drawn")
    return {"n_scenes": sum(chunk.n_scenes for chunk in chunks)}


def streams(shop: Workshop) -> dict[str, Stream]:
    """Name -> stream."""
    counts = shop.recipe.scenes
    n_measured = counts.n_measured
    return {
        "training": Stream(purpose="training", n_scenes=counts.n_training, n_objects=None),
        "known": Stream(purpose="measuring", n_scenes=n_measured),
        "reserved": Stream(purpose="measuring", n_scenes=n_measured, is_unseen=True),
        "known-floor": Stream(purpose="floor", n_scenes=n_measured),
        "reserved-floor": Stream(purpose="floor", n_scenes=n_measured, is_unseen=True),
    }


def _chunks(shop: Workshop, out: Path) -> list[Chunk]:
    size = shop.recipe.scenes.n_a_chunk
    return [
        Chunk(stream, first, min(size, stream.n_scenes - first), str(out / f"{name}-{first}.npy"))
        for name, stream in streams(shop).items()
        for first in range(0, stream.n_scenes, size)
    ]


def specs_of(shop: Workshop, stream: str) -> list["SceneSpec"]:
    """What each scene of a stream shows, in order."""
    named = streams(shop)[stream]
    return [named.spec(index) for index in range(named.n_scenes)]


def load_planes(shop: Workshop, stream: str) -> list[np.ndarray]:
    """The chunks of a stream, in order, mapped into memory.

    Raises:
        ValueError: if a chunk is missing or damaged, naming the file.
    """
    from models.miniature import HEIGHT, WIDTH

    named, chunks = streams(shop)[stream], _chunks(shop, shop.output("render"))
    wanted = [chunk for chunk in chunks if chunk.stream == named]
    planes = []
    for chunk in wanted:
        shape = (chunk.n_scenes, HEIGHT, WIDTH, N_PLANES)
        try:
            found = np.load(chunk.path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise _damaged(chunk, str(error)) from error
        if found.shape != shape or found.dtype != np.uint8:
            raise _damaged(chunk, f"it holds {found.dtype} {found.shape}")
        planes.append(found)
    return planes


def load_tensors(shop: Workshop, stream: str = "training") -> SceneTensors:
    """The scenes of a stream on the workshop's device."""
    import torch

    if stream not in shop.shelf:
        parts: list[list[Tensor]] = [[], [], [], []]
        for chunk in load_planes(shop, stream):
            planes = torch.from_numpy(np.array(chunk)).to(shop.device)
            parts[0].append(planes[..., :3].contiguous())
            for part, plane in zip(parts[1:], range(3, N_PLANES), strict=True):
                part.append(planes[..., plane].contiguous())
        shop.shelf[stream] = SceneTensors(*map(torch.cat, parts))
    return shop.shelf[stream]


def load_measured(shop: Workshop, stream: str) -> tuple["MeasuredScenes", np.ndarray]:
    """Scenes to measure on, and their layouts (N, H, W) as ADE20K classes."""
    from models.generation.training.examples import condition_numbers
    from models.generation.training.measuring import MeasuredScenes

    planes = np.concatenate(load_planes(shop, stream))
    layouts, labels, instances = (np.ascontiguousarray(planes[..., i]) for i in (3, 4, 5))
    scenes = MeasuredScenes(
        images=np.ascontiguousarray(planes[..., :3]),
        labels=labels,
        instances=instances,
        conditions=condition_numbers(specs_of(shop, stream)),
    )
    return scenes, layouts


def _damaged(chunk: Chunk, fact: str) -> ValueError:
    return ValueError(
        f"{chunk.path}: need {chunk.n_scenes} rendered scenes, but {fact[:200]}; remove the folder "
        "and run the stage render again"
    )
