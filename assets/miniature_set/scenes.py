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


@dataclass(frozen=True)
class Chunk:
    """Consecutive scenes of one stream, and the file to keep them in."""

    purpose: str
    is_unseen: bool
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

    from models.generation.training.examples import draw_example, render_example

    cv2.setNumThreads(1)
    rows = []
    for index in range(chunk.first, chunk.first + chunk.n_scenes):
        spec = draw_example(index, purpose=chunk.purpose, is_unseen=chunk.is_unseen)
        example = render_example(spec)
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


def streams(shop: Workshop) -> dict[str, tuple[str, bool, int]]:
    """Name of a stream of scenes -> purpose, whether it is reserved, number of scenes."""
    counts = shop.recipe.scenes
    return {
        "training": ("training", False, counts.n_training),
        "known": ("measuring", False, counts.n_measured),
        "reserved": ("measuring", True, counts.n_measured),
        "known-floor": ("floor", False, counts.n_measured),
        "reserved-floor": ("floor", True, counts.n_measured),
    }


def _chunks(shop: Workshop, out: Path) -> list[Chunk]:
    size = shop.recipe.scenes.n_a_chunk
    return [
        Chunk(purpose, is_unseen, first, min(size, total - first), str(out / f"{name}-{first}.npy"))
        for name, (purpose, is_unseen, total) in streams(shop).items()
        for first in range(0, total, size)
    ]


def specs_of(shop: Workshop, stream: str) -> list["SceneSpec"]:
    """What each scene of a stream shows, in order."""
    from models.generation.training.examples import draw_example

    purpose, is_unseen, total = streams(shop)[stream]
    return [draw_example(i, purpose=purpose, is_unseen=is_unseen) for i in range(total)]


def load_planes(shop: Workshop, stream: str) -> list[np.ndarray]:
    """The chunks of a stream, in order, mapped into memory.

    Raises:
        ValueError: if a chunk is missing or damaged, naming the file.
    """
    from models.miniature import HEIGHT, WIDTH

    purpose, is_unseen, _ = streams(shop)[stream]
    wanted = [
        chunk
        for chunk in _chunks(shop, shop.output("render"))
        if (chunk.purpose, chunk.is_unseen) == (purpose, is_unseen)
    ]
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
