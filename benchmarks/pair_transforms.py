"""Pairs a second that one core transforms, stage by stage: ours beside the whole-frame order.

Run `python benchmarks/pair_transforms.py` in the repository root. The other order is the plain one:
mixup, photometry and geometry by torchvision on whole float frames, crop, normalization and paste.
Both get the same draws, so that what they give can be compared, too. Times are seconds of CPU on
one thread; nothing but the time of decoding depends on what the pictures show.
"""

import argparse
import io
import json
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as F  # noqa: N812 - the usual name

from models.miniature import SceneSpec, render_scene
from models.segmentation.network import normalize_unit
from models.training_data import (
    PUBLISHED_TRANSFORMS,
    Pair,
    PairTransformConfig,
    PasteConfig,
    PastedObject,
    TransformedPair,
    collate,
    tones,
    transform,
    transform_pair,
)
from models.training_data.geometry import Geometry, draw_geometry
from models.training_data.hue import turn_hue
from models.training_data.mixing import draw_original_share
from models.training_data.order import draws_of
from models.training_data.pasting import paste_random_object
from models.training_data.photometry import Step, Tone, draw_steps
from storage.label_space import VOID_ID, train_id_table

Seconds = dict[str, list[float]]


class Plain(NamedTuple):
    """Float images (2, 3, H, W), normalized, and targets (2, H, W)."""

    images: Tensor
    targets: Tensor


@contextmanager
def timed(seconds: Seconds, stage: str) -> Iterator[None]:
    """Append the CPU time of the block to the stage's times."""
    start = time.process_time()
    yield
    seconds[stage].append(time.process_time() - start)


def whole_frame(
    pair: Pair,
    objects: list[PastedObject],
    config: PairTransformConfig,
    *,
    seed: int,
    seconds: Seconds,
) -> Plain:
    """The pair by torchvision on whole frames, in the published order, with our draws."""
    with timed(seconds, "mixup"):
        share = draw_original_share(config.mix, draws_of(seed, "mixup")) if config.mix else 0.0
        original, generated = (
            torch.from_numpy(picture).permute(2, 0, 1) / 255
            for picture in (pair.original, pair.generated)
        )
        images = torch.stack([original, share * original + (1 - share) * generated])
        labels = torch.from_numpy(np.stack([pair.original_label, pair.generated_label])).long()
    with timed(seconds, "photometry"):
        draws = draws_of(seed, "photometry")
        for step in draw_steps(config.photometry, draws) if config.photometry else ():
            images = plainly(step, images)
    with timed(seconds, "geometry"):
        frame = pair.original_label.shape[0], pair.original_label.shape[1]
        geometry = draw_geometry(frame, config.geometry, draws_of(seed, "geometry"))
        images, labels = whole_frame_geometry(images, labels, geometry)
    with timed(seconds, "normalization"):
        normalized = normalize_unit(images)
    with timed(seconds, "paste"):
        if config.paste is not None:
            paste_plainly(normalized, labels, objects, config.paste, seed)
    return Plain(normalized, labels)


def plainly(step: Step, images: Tensor) -> Tensor:
    """One step of the photometry by torchvision alone."""
    call = step.curves if isinstance(step, Tone) else step.change
    name, given = (call.func, call.keywords) if isinstance(call, partial) else (call, {})
    if "sigma" in given:
        size, sigma = given["size"], given["sigma"]
        return F.gaussian_blur(images, [size, size], [sigma, sigma])
    theirs: dict[Any, Callable[..., Tensor]] = {
        tones.brightness_curves: F.adjust_brightness,
        tones.contrast_curves: F.adjust_contrast,
        tones.autocontrast_curves: F.autocontrast,
        tones.equalize_curves: equalized,
        turn_hue: F.adjust_hue,
    }
    return theirs.get(name, name)(images, *given.values())


def equalized(images: Tensor) -> Tensor:
    """Float images by way of bytes, which equalization counts."""
    return F.equalize((images * 255).round().to(torch.uint8)) / 255


def whole_frame_geometry(
    images: Tensor, labels: Tensor, geometry: Geometry
) -> tuple[Tensor, Tensor]:
    """Resize, rotation, flips and crop of whole frames; the frame must hold the crop."""
    smooth, nearest = InterpolationMode.BILINEAR, InterpolationMode.NEAREST
    exact = InterpolationMode.NEAREST_EXACT
    if geometry.resized != geometry.frame:
        images = F.resize(images, list(geometry.resized), smooth, antialias=True)
        labels = F.resize(labels, list(geometry.resized), exact)
    if geometry.angle:
        images = F.rotate(images, geometry.angle, smooth, fill=[0.485, 0.456, 0.406])
        labels = F.rotate(labels, geometry.angle, nearest, fill=VOID_ID)
    if geometry.is_mirrored:
        images, labels = images.flip(-1), labels.flip(-1)
    if geometry.is_upside_down:
        images, labels = images.flip(-2), labels.flip(-2)
    rows, columns = geometry.crop.slices
    return images[..., rows, columns], labels[..., rows, columns]


def paste_plainly(
    images: Tensor, labels: Tensor, objects: list[PastedObject], config: PasteConfig, seed: int
) -> None:
    """The object pasted after normalization, as the first implementation does."""
    picture = np.zeros((*labels.shape[1:], 3), np.uint8)
    target = np.zeros(labels.shape[1:], np.uint8)
    paste_random_object(picture, target, objects, config, draws_of(seed, "paste"))
    is_object = torch.from_numpy(target) > 0
    colors = normalize_unit(torch.from_numpy(picture).permute(2, 0, 1)[None] / 255)[0]
    images[0] = torch.where(is_object, colors, images[0])
    labels[0] = torch.where(is_object, torch.from_numpy(target).long(), labels[0])


def ours(
    pair: Pair,
    objects: list[PastedObject],
    config: PairTransformConfig,
    *,
    seed: int,
    seconds: Seconds,
) -> TransformedPair:
    """`transform_pair` with a clock around its stages."""

    def clocked(stage: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: Any, **named: Any) -> Any:
            with timed(seconds, stage):
                return call(*given, **named)

        return run

    stages = {
        "mix_into_generated": "mixup",
        "develop": "photometry",
        "warp": "geometry",
        "paste_random_object": "paste",
    }
    clocks = {name: clocked(stage, getattr(transform, name)) for name, stage in stages.items()}
    with mock.patch.multiple(transform, **clocks):
        return transform_pair(pair, objects, config, seed=seed)


def street(seed: int, weather: str, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """A rendered scene and its train ids, enlarged, with the grain of a camera."""
    scene = render_scene(SceneSpec(seed=seed, weather=weather, time="day", place="lisbon"))
    wide = size[1], size[0]
    image = np.asarray(Image.fromarray(scene.image).resize(wide, Image.Resampling.BICUBIC))
    grain = np.random.default_rng(seed).normal(0, 3, image.shape)
    label = Image.fromarray(train_id_table()[scene.label_ids]).resize(
        wide, Image.Resampling.NEAREST
    )
    return np.clip(image + grain, 0, 255).astype(np.uint8), np.array(label)


def decoded(files: dict[str, bytes]) -> Pair:
    """The pair of four PNG files."""
    arrays = {name: np.array(Image.open(io.BytesIO(file))) for name, file in files.items()}
    return Pair(sample_id="benchmark", **arrays)


def encoded(size: tuple[int, int]) -> dict[str, bytes]:
    """Two scenes of one street and their labels, as PNG files."""
    pictures = [street(7, weather, size) for weather in ("clear", "rainy")]
    arrays = dict(
        zip(
            ("original", "original_label", "generated", "generated_label"),
            (array for picture in pictures for array in picture),
            strict=True,
        )
    )
    files = {}
    for name, array in arrays.items():
        file = io.BytesIO()
        Image.fromarray(array).save(file, "png")
        files[name] = file.getvalue()
    return files


def some_objects() -> list[PastedObject]:
    """Ellipses of noise of the size that objects of COCO have."""
    draws = np.random.default_rng(0)
    made = []
    for number, (height, width) in enumerate([(120, 90), (240, 330), (400, 520)]):
        y, x = np.ogrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        image = draws.integers(0, 256, (height, width, 3), dtype=np.uint8)
        made.append(PastedObject(object_id=str(number), image=image, mask=x**2 + y**2 <= 1))
    return made


def measure(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Both orders in turns on the same draws: seconds of each stage and how far they differ."""
    config, files, objects = PUBLISHED_TRANSFORMS[name], encoded(options.size), some_objects()
    seconds: dict[str, Seconds] = {key: defaultdict(list) for key in ("ours", "whole frame")}
    distances, same_labels = [], []
    for seed in range(options.pairs + 1):
        if seed == 1:  # the first pair warms up
            for times in seconds.values():
                times.clear()
        with timed(seconds["ours"], "decode and check"):
            pair = decoded(files)
        with timed(seconds["ours"], "transform"):
            done = ours(pair, objects, config, seed=seed, seconds=seconds["ours"])
        with timed(seconds["whole frame"], "transform"):
            plain = whole_frame(pair, objects, config, seed=seed, seconds=seconds["whole frame"])
        with timed(seconds["ours"], "collate"):
            batch = collate([done])
        values = (batch.normalized() - plain.images).abs()
        distances.append(float(values.mean()) * 255 * 0.225)
        same_labels.append(float((batch.targets == plain.targets).float().mean()))
    return {
        "pairs_per_s": {
            key: len(times["transform"]) / sum(times["transform"]) for key, times in seconds.items()
        },
        "mean_s": {
            key: {stage: sum(values) / options.pairs for stage, values in times.items()}
            for key, times in seconds.items()
        },
        "mean_difference": statistics.mean(distances),
        "median_difference": statistics.median(distances),
        "same_labels_frac": statistics.mean(same_labels),
    }


def report(name: str, found: dict[str, Any]) -> None:
    """The numbers of an architecture for people."""
    rates = found["pairs_per_s"]
    print(
        f"{name}: ours {rates['ours']:.1f}, whole frame {rates['whole frame']:.1f} pairs/s a core"
    )
    for key, stages in found["mean_s"].items():
        listed = ", ".join(f"{stage} {1e3 * value:.1f}" for stage, value in stages.items())
        print(f"  {key}, ms a pair: {listed}")
    print(
        f"  difference of values 0 to 255: mean {found['mean_difference']:.2f}, median "
        f"{found['median_difference']:.2f}; equal targets {found['same_labels_frac']:.2%}"
    )


def main() -> int:
    """Measure by the command line's options."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, nargs=2, default=(1024, 2048), help="at least 1000")
    parser.add_argument("--pairs", type=int, default=40)
    parser.add_argument("--json", type=Path, help="file for the numbers")
    options = parser.parse_args()
    torch.set_num_threads(1)
    numbers = {name: measure(name, options) for name in PUBLISHED_TRANSFORMS}
    for name, found in numbers.items():
        report(name, found)
    if options.json:
        options.json.write_text(json.dumps(numbers, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
