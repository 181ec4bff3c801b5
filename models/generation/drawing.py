"""What to draw, and as what the generator takes it: noise, and controls in [0, 1]."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from models.generation.bundle import Bundle, BundleError
from models.generation.two_step import FirstStep


@dataclass(frozen=True, kw_only=True, eq=False)
class Drawing:
    """One picture to draw.

    Attributes:
        layout: RGB, in the colors that the generator was trained with.
        prompt: what to draw.
        negative_prompt: what to avoid; without effect where guidance is 1.
        seed: of the noise, from -2**63 to 2**64 - 1.
        edges: of a photograph, 255 on an edge and 0 elsewhere (`models.generation.edges`); None to
            leave them free.
        first: the picture without objects that they are drawn into; None to draw all at once.

    Raises:
        ValueError: if layout, edges and the first step's layout and region differ in size.
    """

    layout: UInt8[np.ndarray, "height width 3"]
    prompt: str
    negative_prompt: str
    seed: int
    edges: UInt8[np.ndarray, "edge_height edge_width"] | None = None
    first: FirstStep | None = None

    def __post_init__(self) -> None:
        """Refuse edges, or a first step, of another picture."""
        if self.edges is not None and self.edges.shape != self.size:
            raise ValueError(
                f"need edges of the layout's size, {_spelled(self.size)}, got "
                f"{_spelled(self.edges.shape)}"
            )
        sizes = () if self.first is None else (self.first.layout.shape[:2], self.first.region.shape)
        if any(size != self.size for size in sizes):
            raise ValueError(
                f"need a first step of the layout's size, {_spelled(self.size)}, got "
                f"{' and '.join(map(_spelled, sizes))}"
            )

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of layout and picture."""
        height, width = self.layout.shape[:2]
        return height, width

    @property
    def of_first_step(self) -> "Drawing":
        """The picture that the objects are drawn into; itself where all is drawn at once."""
        if self.first is None:
            return self
        return replace(self, layout=self.first.layout, prompt=self.first.prompt, first=None)


def refuse_unfit_drawings(bundle: Bundle, drawings: Sequence[Drawing], batch_size: int) -> None:
    """Let pass drawings that the bundle can draw in one pass.

    Raises:
        BundleError: if there are edges, and no ControlNet for them.
        ValueError: if there are none or too many, or their sizes differ or are none for the bundle.
    """
    if not 1 <= len(drawings) <= batch_size:
        raise ValueError(f"need 1 to {batch_size} (batch_size) drawings, got {len(drawings)}")
    sizes = sorted({drawing.size for drawing in drawings})
    if len(sizes) > 1:
        raise ValueError(f"need layouts of one size, got {' and '.join(map(_spelled, sizes))}")
    if min(sizes[0]) < 1 or any(length % bundle.stride for length in sizes[0]):
        raise ValueError(
            f"need a layout whose height and width are multiples of {bundle.stride} for "
            f"{bundle.source}, got {_spelled(sizes[0])}; resize it"
        )
    n_first = sum(drawing.first is not None for drawing in drawings)
    if n_first not in (0, len(drawings)):
        raise ValueError(
            f"need a first step with every drawing or with none, got {n_first} of {len(drawings)}"
        )
    n_edges = sum(drawing.edges is not None for drawing in drawings)
    if n_edges not in (0, len(drawings)):
        raise ValueError(
            f"need edges with every drawing or with none, got {n_edges} of {len(drawings)}"
        )
    if n_edges and bundle.edge_controlnet is None:
        fact = "need a ControlNet for edges, found a bundle without one"
        raise BundleError(bundle.source, fact, "leave the edges out, or use a bundle with one")


def noise_of(
    bundle: Bundle, drawings: Sequence[Drawing]
) -> Float[Tensor, "drawing channel row column"]:
    """Noise that each drawing begins as, of its own seed alone; float32 on the CPU."""
    height, width = (length // bundle.latent_stride for length in drawings[0].size)
    unet: Any = bundle.unet
    return torch.stack(
        [
            torch.randn(
                (unet.config.in_channels, height, width),
                generator=torch.Generator("cpu").manual_seed(drawing.seed),
                dtype=torch.float32,
                device="cpu",
            )
            for drawing in drawings
        ]
    )


def controls_of(drawings: Sequence[Drawing]) -> list[Float[Tensor, "drawing 3 height width"]]:
    """Layouts, and edges where there are some, each in [0, 1]; float32 on the CPU."""
    controls = [np.stack([drawing.layout for drawing in drawings])]
    edges = [drawing.edges for drawing in drawings if drawing.edges is not None]
    if edges:
        controls.append(np.repeat(np.stack(edges)[..., None], 3, axis=-1))
    return [torch.from_numpy(control).permute(0, 3, 1, 2).float() / 255 for control in controls]


def _spelled(size: tuple[int, ...]) -> str:
    return "x".join(map(str, size))
