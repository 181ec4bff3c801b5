"""Changes of color and sharpness: the same draws for both pictures, on the part that is needed.

The order is the published one (colors in random order, blur, sharpness, automatic contrast,
equalization) and all of it comes before the geometry. Contrast, automatic contrast and equalization
depend on the whole frame: they take their statistics from a sample of its pixels that goes
through the same changes, blur and sharpness excepted. Bytes come from rounding, never from cutting
off the fraction.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import groupby

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torchvision.transforms.v2 import functional as F  # noqa: N812 - the usual name

from models.training_data.config import PhotometryConfig
from models.training_data.hue import turn_hue
from models.training_data.tones import (
    Curves,
    Pictures,
    apply_curves,
    autocontrast_curves,
    brightness_curves,
    contrast_curves,
    equalize_curves,
)

_SAMPLED_ROWS = 256


@dataclass(frozen=True)
class Tone:
    """A change that looks values up; ``curves`` makes the table from pixels of whole frames."""

    curves: Callable[[Pictures], Curves]


@dataclass(frozen=True)
class Filter:
    """A change of float images in [0, 1]; ``reach`` counts the neighbors that a pixel asks."""

    change: Callable[[Tensor], Tensor]
    reach: int = 0


Step = Tone | Filter


def draw_steps(config: PhotometryConfig, draws: np.random.Generator) -> tuple[Step, ...]:
    """The changes of one pair in their order; every draw is made, used or not."""
    colors = _draw_colors(config, draws)
    sigma = draws.uniform(*config.blur_sigma_px)
    sharpness = draws.uniform(*config.sharpness)
    candidates: tuple[tuple[Step, ...], ...] = (
        colors,
        (Filter(partial(_blurred, size=config.blur_px, sigma=sigma), config.blur_px // 2),),
        (Filter(partial(F.adjust_sharpness, sharpness_factor=sharpness), 1),),
        (Tone(autocontrast_curves),),
        (Tone(equalize_curves),),
    )
    is_drawn = draws.random(len(candidates)) < config.probability
    return tuple(
        step for steps, drawn in zip(candidates, is_drawn, strict=True) if drawn for step in steps
    )


def _draw_colors(config: PhotometryConfig, draws: np.random.Generator) -> tuple[Step, ...]:
    brightness, contrast, saturation = (
        draws.uniform(1 - most, 1 + most)
        for most in (config.brightness, config.contrast, config.saturation)
    )
    hue = draws.uniform(-config.hue, config.hue)
    steps: tuple[Step, ...] = (
        Tone(partial(brightness_curves, factor=brightness)),
        Tone(partial(contrast_curves, factor=contrast)),
        Filter(partial(F.adjust_saturation, saturation_factor=saturation)),
        Filter(partial(turn_hue, turns=hue)),
    )
    return tuple(steps[place] for place in draws.permutation(len(steps)))


def reach_of(steps: tuple[Step, ...]) -> int:
    """Pixels around a part that the steps need to change it as they would the whole frame."""
    return sum(step.reach for step in steps if isinstance(step, Filter))


def needs_sample(steps: tuple[Step, ...]) -> bool:
    """Whether a step asks for statistics of the whole frame."""
    return any(isinstance(step, Tone) for step in steps)


def sample_stride(height: int) -> int:
    """Rows and columns from one pixel of a sample to the next, in a frame of that height."""
    return max(1, height // _SAMPLED_ROWS)


def sampled(frame: UInt8[np.ndarray, "height width 3"]) -> UInt8[np.ndarray, "h w 3"]:
    """Pixels of a frame on a regular grid of at least 256 rows, or all of a smaller frame."""
    stride = sample_stride(frame.shape[0])
    return frame[::stride, ::stride]


def develop(steps: tuple[Step, ...], pictures: Pictures, sample: Pictures | None) -> Pictures:
    """The pictures after all steps, made with the statistics of ``sample``.

    Args:
        steps: in their order.
        pictures: parts of frames.
        sample: pixels of the whole frames; may be None where no step `needs_sample`.

    Raises:
        ValueError: if a step needs a sample and there is none.
    """
    for _, group in groupby(steps, type):
        changes = tuple(group)
        filters = tuple(change for change in changes if isinstance(change, Filter))
        if filters:
            pictures = _filtered(filters, pictures)
            sample = None if sample is None else _filtered(_pointwise(filters), sample)
        for tone in (change for change in changes if isinstance(change, Tone)):
            if sample is None:
                raise ValueError("need a sample of the whole frames for a tone curve, got None")
            curves = tone.curves(sample)
            pictures, sample = apply_curves(curves, pictures), apply_curves(curves, sample)
    return pictures


def _pointwise(filters: tuple[Filter, ...]) -> tuple[Filter, ...]:
    return tuple(change for change in filters if not change.reach)


def _filtered(filters: tuple[Filter, ...], pictures: Pictures) -> Pictures:
    if not filters:
        return pictures
    images = torch.from_numpy(pictures).permute(0, 3, 1, 2) / 255
    for change in filters:
        images = change.change(images)
    changed = images.mul_(255).round_().to(torch.uint8)
    return changed.permute(0, 2, 3, 1).contiguous().numpy()


def _blurred(
    images: Float[Tensor, "pictures 3 height width"], size: int, sigma: float
) -> Float[Tensor, "pictures 3 height width"]:
    # Two passes of one axis each give the same image at a fraction of the work.
    # Reflected borders cannot be wider than the picture, which matters below a few pixels only.
    high, wide = (min(size, 2 * side - 1) for side in images.shape[2:])
    down: Tensor = F.gaussian_blur(images, [1, high], [sigma, sigma])
    both: Tensor = F.gaussian_blur(down, [wide, 1], [sigma, sigma])
    return both
