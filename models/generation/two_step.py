"""Pictures in two steps: a finished one first, then objects drawn into it, and nothing else of it.

Reference: Gao et al. 2024, table 4, compare two steps with drawing conditions and objects at once;
de Jorge et al. 2024 (POC) draw objects into finished photographs. The second step is that of
`StableDiffusionControlNetInpaintPipeline` of diffusers with a UNet of plain latents, after Lugmayr
et al. 2022: after every step the latents outside a region become those of the first picture, noised
to the level of the next step. That pipeline takes the first picture as pixels, and would encode it
with noise that the VAE draws; here its latents are at hand, so that what is kept of them is kept
exactly.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor
from torch.nn.functional import max_pool2d

Latents = Float[Tensor, "drawing channel row column"]


@dataclass(frozen=True, kw_only=True, eq=False)
class FirstStep:
    """The picture that objects are drawn into.

    Attributes:
        layout: RGB, without the objects.
        prompt: without the objects.
        region: what the second step may change; where it is empty, the first picture stays.
    """

    layout: UInt8[np.ndarray, "height width 3"]
    prompt: str
    region: Bool[np.ndarray, "height width"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Held:
    """Finished latents, and the cells of each that may change."""

    latents: Latents
    region: Bool[Tensor, "drawing 1 row column"]

    def after_step(self, noise: Latents) -> Callable[..., dict[str, Any]]:
        """A callback for the end of every step of a pipeline of diffusers.

        Args:
            noise: that the second step begins as, on the device and in the type of the latents.
        """

        def keep_rest(pipe: Any, step: int, _time: Any, inputs: dict[str, Any]) -> dict[str, Any]:
            held, times = self.latents, pipe.scheduler.timesteps
            if step + 1 < len(times):
                held = pipe.scheduler.add_noise(held, noise, times[step + 1 : step + 2])
            latents = inputs["latents"]
            return {"latents": torch.where(self.region, latents, held.to(latents.dtype))}

        return keep_rest


def hold(
    latents: Latents, regions: Sequence[Bool[np.ndarray, "height width"]], *, stride: int
) -> Held:
    """Latents that are held wherever a region has no pixel of a cell.

    Args:
        latents: of the finished pictures.
        regions: pixels of each that may change.
        stride: pixels a cell, on either axis.
    """
    pixels = torch.from_numpy(np.stack(regions))[:, None].float()
    cells = max_pool2d(pixels, stride) > 0
    return Held(latents=latents, region=cells.to(latents.device))
