"""The transform of a pair: weather, mixup, photometry, geometry, pasted objects; all seeded.

The published order is kept. Steps that change pixels one by one or look at neighbors only are made
on the part of the frame that the crop will show; with `models.training_data.photometry` and
`models.training_data.geometry` that says what is equal and what is not.
"""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import UInt8

from models.training_data.batch import TransformedPair
from models.training_data.config import PairTransformConfig, PasteConfig
from models.training_data.geometry import draw_geometry, warp
from models.training_data.mixing import draw_original_share, mix_into_generated
from models.training_data.order import draws_of
from models.training_data.pair import Pair, PastedObject
from models.training_data.pasting import paste_random_object
from models.training_data.photometry import (
    develop,
    draw_steps,
    needs_sample,
    reach_of,
    sample_stride,
    sampled,
)
from models.training_data.weather import Weather, draw_weather, weathered
from models.training_data.windows import Window


def transform_pair(
    pair: Pair, objects: Sequence[PastedObject], config: PairTransformConfig, *, seed: int
) -> TransformedPair:
    """Both pictures and labels of a pair after weather, mixup, photometry, geometry and paste.

    A pure function of its arguments: nothing is drawn from, or left in, any global generator, and
    the pair is not changed. Both halves get the same photometric factors and the same geometry.
    Weather by rules changes the generated half alone. The object is pasted into the original alone,
    or one into each, before normalization, which a pixel-wise normalization cannot tell from
    pasting afterwards.

    Args:
        pair: as read.
        objects: one of them is pasted; may be empty where ``config.paste`` is None.
        config: see `PAIR_TRANSFORMS`.
        seed: see `sample_seed`.

    Raises:
        ValueError: if an object is to be pasted and there is none.
    """
    frame = pair.original_label.shape[0], pair.original_label.shape[1]
    geometry = draw_geometry(frame, config.geometry, draws_of(seed, "geometry"))
    pictures = _pictures(pair, geometry.source, config, seed)
    here = geometry.source.slices
    labels = np.stack([pair.original_label[here], pair.generated_label[here]])
    images, targets = warp(pictures, labels, geometry)
    if config.paste is not None:
        _paste(images, targets, objects, config.paste, geometry.inside, seed)
    return TransformedPair(
        sample_id=pair.sample_id,
        images=torch.from_numpy(images).permute(0, 3, 1, 2),
        targets=torch.from_numpy(targets),
    )


def _pictures(
    pair: Pair, window: Window, config: PairTransformConfig, seed: int
) -> UInt8[np.ndarray, "2 height width 3"]:
    """The window of both pictures after weather, mixup and photometry."""
    steps = draw_steps(config.photometry, draws_of(seed, "photometry")) if config.photometry else ()
    frame = pair.original_label.shape[0], pair.original_label.shape[1]
    weather = Weather(frame=frame)
    if config.weather is not None:
        weather = draw_weather(config.weather, frame, seed=seed)
    wide = window.grown(reach_of(steps)).within(frame)
    share = draw_original_share(config.mix, draws_of(seed, "mixup")) if config.mix else 0.0
    pictures = _mixed(pair.original[wide.slices], weathered(pair.generated, weather, wide), share)
    if steps:
        sample = _sample(pair, weather, share) if needs_sample(steps) else None
        pictures = develop(steps, pictures, sample)
    rows, columns = window.seen_from(wide).slices
    return pictures[:, rows, columns]


def _sample(pair: Pair, weather: Weather, share: float) -> UInt8[np.ndarray, "2 h w 3"]:
    """Pixels of both whole frames after weather and mixup."""
    whole, stride = Window(0, 0, *weather.frame), sample_stride(weather.frame[0])
    generated = weathered(pair.generated, weather, whole, stride)
    return _mixed(sampled(pair.original), generated, share)


def _paste(
    images: UInt8[np.ndarray, "2 height width 3"],
    targets: UInt8[np.ndarray, "2 height width"],
    objects: Sequence[PastedObject],
    config: PasteConfig,
    window: Window,
    seed: int,
) -> None:
    """Write an object into the window of the original, or one into that of each half."""
    streams = ("paste", "paste into generated")[: 2 if config.into == "both" else 1]
    for image, target, stream in zip(images, targets, streams, strict=False):
        inside, draws = window.slices, draws_of(seed, stream)
        paste_random_object(image[inside], target[inside], objects, config, draws)


def _mixed(
    original: UInt8[np.ndarray, "height width 3"],
    generated: UInt8[np.ndarray, "height width 3"],
    share: float,
) -> UInt8[np.ndarray, "2 height width 3"]:
    pictures = np.stack([original, generated])
    return mix_into_generated(pictures, share) if share else pictures
