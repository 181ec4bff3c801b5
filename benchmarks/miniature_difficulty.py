"""How hard the miniature world is for a plain network: new conditions and unknown objects.

Run `python benchmarks/miniature_difficulty.py` in the repository root; with `--json FILE` the
numbers are kept. A `deeplab_miniature` learns the training conditions, with no OOD data, and is
then measured where the world's benchmarks look. Exit 1 where the world is too easy or too hard.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table
from safetensors.torch import save_file

from models.metrics import average_precision, class_iou, confusion_matrix, mean_iou
from models.miniature import WORLD_VERSION, IndoorSpec, render_scene
from models.miniature.plan import MAX_FRAC, PlannedFrame, plan_world
from models.segmentation.closed_set import ClosedSetConfig, train_closed_set
from models.segmentation.deeplab import deeplab_miniature
from models.segmentation.network import Segmenter, normalize
from storage.label_space import OOD_ID, TRAIN_CLASSES, train_id_table

BARS = {"miou": (0.65, 1.0), "loss_points": (15.0, 100.0), "max_logit_ap": (0.10, 0.50)}
"""Least and most of each number that the world must show."""

BATCH_SIZE = 8


@dataclass(frozen=True)
class Frames:
    """Rendered frames of one kind: uint8 images (N,H,W,3), train ids (N,H,W) with OOD pixels."""

    images: np.ndarray
    labels: np.ndarray


def render(frame: PlannedFrame) -> tuple[np.ndarray, np.ndarray]:
    """Image and train ids of one planned street."""
    assert not isinstance(frame.spec, IndoorSpec)
    cv2.setNumThreads(1)
    scene = render_scene(frame.spec)
    label = train_id_table()[scene.label_ids]
    for placed in scene.objects:
        label[placed.mask] = OOD_ID
    return scene.image, label


def render_all(frames: Sequence[PlannedFrame], n_processes: int) -> Frames:
    """All frames, in their order, drawn by several processes."""
    with get_context("spawn").Pool(n_processes) as pool:
        drawn = pool.imap(render, frames, chunksize=8)
        pairs = list(track(drawn, "rendering", total=len(frames), console=Console(stderr=True)))
    return Frames(np.stack([image for image, _ in pairs]), np.stack([label for _, label in pairs]))


def world_frames(options: argparse.Namespace) -> dict[str, Frames]:
    """The frames to learn from and to measure on, under a name each."""
    plan = plan_world(n_train=options.train_frames, others_frac=options.others_frac)
    chosen = {
        "train": [f for f in plan if (f.dataset, f.split) == ("cityscapes", "train")],
        "training conditions": [f for f in plan if (f.dataset, f.split) == ("cityscapes", "val")],
        "road anomaly": [f for f in plan if f.dataset == "road_anomaly"],
    }
    for frame in (f for f in plan if f.dataset == "acdc"):
        chosen.setdefault(frame.domain, []).append(frame)
    flat = [frame for frames in chosen.values() for frame in frames]
    drawn = render_all(flat, options.processes)
    ends = np.cumsum([len(frames) for frames in chosen.values()])[:-1]
    parts = zip(np.split(drawn.images, ends), np.split(drawn.labels, ends), strict=True)
    return {name: Frames(*part) for name, part in zip(chosen, parts, strict=True)}


def trained(frames: Frames, config: ClosedSetConfig, device: str) -> Segmenter:
    """A fresh miniature network after the plain training, in evaluation mode."""
    torch.manual_seed(config.seed)
    network = deeplab_miniature().to(device)
    steps = train_closed_set(
        network, torch.from_numpy(frames.images), torch.from_numpy(frames.labels), config
    )
    bar = track(steps, "training", total=config.n_steps, console=Console(stderr=True))
    losses = torch.stack(list(bar))
    print(f"loss of the last tenth: {float(losses[-config.n_steps // 10 :].mean()):.3f}")
    return network.eval()


@torch.inference_mode()
def predict(network: Segmenter, frames: Frames, device: str) -> tuple[np.ndarray, np.ndarray]:
    """Predicted classes (N,H,W) and the negative maximum logit (N,H,W) of frames."""
    classes, scores = [], []
    for start in range(0, len(frames.images), BATCH_SIZE):
        batch = torch.from_numpy(frames.images[start : start + BATCH_SIZE]).to(device)
        best = network(normalize(batch)).logits.max(1)
        classes.append(best.indices.cpu().numpy())
        scores.append(-best.values.cpu().numpy())
    return np.concatenate(classes), np.concatenate(scores)


def measure(network: Segmenter, world: dict[str, Frames], device: str) -> dict[str, Any]:
    """Every number of one trained network."""
    seen, *others = (name for name in world if name not in ("train", "road anomaly"))
    tables = {}
    for name in (seen, *others):
        tables[name] = confusion_matrix(
            world[name].labels, predict(network, world[name], device)[0]
        )
    shifted = mean_iou(np.sum([tables[name] for name in others], axis=0))
    _, scores = predict(network, world["road anomaly"], device)
    is_ood = world["road anomaly"].labels == OOD_ID
    return {
        "miou": mean_iou(tables[seen]),
        "shifted_miou": shifted,
        "loss_points": 100 * (mean_iou(tables[seen]) - shifted),
        "max_logit_ap": average_precision(scores.ravel(), is_ood.ravel()),
        "ood_frac": float(is_ood.mean()),
        "miou_by_condition": {name: mean_iou(table) for name, table in tables.items()},
        "class_iou": {
            label.name: float(iou)
            for label, iou in zip(TRAIN_CLASSES, class_iou(tables[seen]), strict=True)
        },
    }


def read_options(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line's options; ends with code 2 before anything is rendered for a bad one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train-frames", type=int, default=300)
    parser.add_argument("--others-frac", type=float, default=1.0, help="share of benchmark frames")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--json", type=Path, help="file for the numbers")
    parser.add_argument("--weights", type=Path, help="file for the network, as safetensors")
    options = parser.parse_args(words)
    problem = next(problems(options), None)
    if problem:
        parser.error(problem)
    return options


def problems(options: argparse.Namespace) -> Iterator[str]:
    """What is wrong with options, each in one line."""
    least = {"train_frames": BATCH_SIZE, "steps": 1, "seed": 0, "processes": 1}
    for name, low in least.items():
        if getattr(options, name) < low:
            option = name.replace("_", "-")
            yield f"need --{option} of {low} or more, got {getattr(options, name)}"
    if not 0 < options.others_frac < MAX_FRAC:
        yield f"need --others-frac above 0 and below {MAX_FRAC}, got {options.others_frac}"
    for name in ("json", "weights"):
        file = getattr(options, name)
        if file and (file.is_dir() or not file.parent.is_dir()):
            yield f"need a file in a folder that exists as --{name}, got {file}"
    try:
        torch.zeros(1, device=options.device)
    except (RuntimeError, AssertionError) as error:  # the latter from a torch without CUDA
        reason = str(error).partition("\n")[0]
        yield f"need a device that torch can use as --device, got {options.device} ({reason:.100})"


def main() -> int:
    """Measure by the command line's options; 1 if a number misses its bar."""
    options = read_options()
    start = time.perf_counter()
    world = world_frames(options)
    rendered_s = time.perf_counter() - start
    config = ClosedSetConfig(n_steps=options.steps, seed=options.seed)
    network = trained(world["train"], config, options.device)
    if options.weights:
        save_file(network.published_state(), options.weights)
    numbers = measure(network, world, options.device)
    print_table(numbers)
    numbers["seconds"] = {"rendering": rendered_s, "all": time.perf_counter() - start}
    numbers["training"] = asdict(config)
    numbers["machine"] = f"{platform.machine()}, {options.device}, torch {torch.__version__}"
    numbers["world"] = {"version": WORLD_VERSION, **{k: len(v.images) for k, v in world.items()}}
    if options.json:
        options.json.write_text(json.dumps(numbers, indent=2) + "\n")
    return 0 if all(low <= numbers[name] <= high for name, (low, high) in BARS.items()) else 1


def print_table(numbers: dict[str, Any]) -> None:
    """The numbers beside their bars, then mIoU by condition and IoU by class."""
    table = Table("number", "value", "bar")
    for name, (low, high) in BARS.items():
        table.add_row(name, f"{numbers[name]:.3f}", f"{low:g} to {high:g}")
    for group in ("miou_by_condition", "class_iou"):
        for name, value in numbers[group].items():
            table.add_row(name, f"{value:.3f}", "")
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
