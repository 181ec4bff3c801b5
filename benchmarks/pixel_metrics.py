"""Exact pixel metrics beside scikit-learn's functions: time, memory, and how both grow.

The usual way holds all pixels in memory and sorts them for AUROC, for AP and for FPR95. Ours takes
the same pixels image by image. Its memory is measured in a process of its own, which draws the
images as it goes; drawing them counts as memory and not as time.

Run `python benchmarks/pixel_metrics.py` in the repository root on Linux. The run of a billion
pixels writes 4 GB where this machine keeps temporary files; `--folder` names another place.
"""

import argparse
import json
import multiprocessing
import os
import platform
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from models.metrics import PixelMetrics, PixelScores

SIZE = (1000, 2000)
BAR_RATIO, BAR_MIB, BAR_LARGE_MIB, BAR_GROWTH = 30, 512, 1024, 1.25


def images(n_pixels: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Images of 2 million pixels: 3 % OOD in one block, its scores two deviations higher."""
    random = np.random.default_rng(0)
    for _ in range(n_pixels // (SIZE[0] * SIZE[1])):
        label = np.zeros(SIZE, np.uint8)
        label[400:700, 900:1100] = 1
        score = random.standard_normal(SIZE, np.float32)
        score[400:700, 900:1100] += 2
        yield score, label


def usual_way(score: np.ndarray, label: np.ndarray) -> tuple[float, float, float]:
    """AUROC, AP and FPR95 of scikit-learn."""
    false_rate, recall, _ = roc_curve(label, score, drop_intermediate=False)
    return (
        float(roc_auc_score(label, score)),
        float(average_precision_score(label, score)),
        float(false_rate[np.argmax(recall >= 0.95)]),
    )


def our_way(parts: list[tuple[np.ndarray, np.ndarray]]) -> PixelScores:
    """All numbers, image by image."""
    metrics = PixelMetrics()
    for score, label in parts:
        metrics.update(score, label)
    return metrics.compute()


def compare(n_pixels: int, repeats: int) -> dict[str, Any]:
    """Times of both ways on the same pixels, and how far their numbers are apart."""
    parts = list(images(n_pixels))
    ours_s = []
    for _ in range(repeats):
        start = time.perf_counter()
        ours = our_way(parts)
        ours_s.append(time.perf_counter() - start)
    score = np.concatenate([score.reshape(-1) for score, _ in parts])
    label = np.concatenate([label.reshape(-1) for _, label in parts])
    start = time.perf_counter()
    usual = usual_way(score, label)
    usual_s = time.perf_counter() - start
    found = (ours.auroc, ours.ap, ours.fpr95)
    return {
        "usual_s": usual_s,
        "ours_s": ours_s,
        "ratio": usual_s / float(np.median(ours_s)),
        "disagreement": max(abs(a - b) for a, b in zip(usual, found, strict=True)),
    }


def grow(n_pixels: int, folder: Path | None) -> dict[str, float]:
    """Seconds in our functions, of them at work, and MiB beyond what this process held before."""
    metrics = PixelMetrics(folder=folder)
    spent = np.zeros(2)
    Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
    before = _memory_mib("VmRSS")
    for score, label in images(n_pixels):
        start = _clocks()
        metrics.update(score, label)
        spent += _clocks() - start
    start = _clocks()
    metrics.compute()
    spent += _clocks() - start
    peak = _memory_mib("VmHWM")
    return {
        "pixels": n_pixels,
        "s": spent[0],
        "cpu_s": spent[1],
        "extra_mib": peak - before,
        "peak_mib": peak,
    }


def _clocks() -> np.ndarray:
    return np.array([time.perf_counter(), time.process_time()])


def _memory_mib(name: str) -> float:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name)) / 1024


def grow_alone(n_pixels: int, folder: Path | None) -> dict[str, float]:
    """The same in a new process."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        return pool.submit(grow, n_pixels, folder).result()


def is_met(found: dict[str, Any]) -> bool:
    """Whether every bar is met that was measured; growth by the time at work, not waiting."""
    steps = found["growth"]
    per_pixel = [step["cpu_s"] / step["pixels"] for step in steps]
    return (
        found["disagreement"] < 1e-9
        and found["ratio"] >= BAR_RATIO
        and found["alone"]["extra_mib"] < BAR_MIB
        and all(step["peak_mib"] < BAR_LARGE_MIB for step in steps)
        and (not per_pixel or max(per_pixel) <= BAR_GROWTH * per_pixel[0])
    )


def parse_options() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pixels", type=int, default=50_000_000)
    parser.add_argument("--large", type=int, default=1_000_000_000, help="0 leaves it out")
    parser.add_argument("--repeats", type=int, default=3, help="runs of ours; the other runs once")
    parser.add_argument("--folder", type=Path, help="where ours may write")
    parser.add_argument("--json", type=Path, help="file for the numbers")
    return parser.parse_args()


def main() -> int:
    """Measure by the command line's options; 1 if a bar is missed."""
    options = parse_options()
    found = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, NumPy {np.__version__}",
        "pixels": options.pixels,
        "alone": grow_alone(options.pixels, options.folder),
        "growth": [
            grow_alone(options.large // part, options.folder) for part in (4, 2, 1) if options.large
        ],
        **compare(options.pixels, options.repeats),
    }
    print(
        f"{options.pixels} pixels: scikit-learn {found['usual_s']:.1f} s, ours "
        f"{np.median(found['ours_s']):.2f} s, {found['ratio']:.0f} times as fast (bar: "
        f"{BAR_RATIO}); numbers differ by {found['disagreement']:.1e}; extra memory "
        f"{found['alone']['extra_mib']:.0f} MiB (bar: {BAR_MIB})"
    )
    for step in found["growth"]:
        pace = step["cpu_s"] / step["pixels"] * 1e9
        print(
            f"{step['pixels']} pixels: {step['s']:.1f} s, at work {step['cpu_s']:.1f} s or "
            f"{pace:.0f} ns a pixel, peak {step['peak_mib']:.0f} MiB (bar: {BAR_LARGE_MIB})"
        )
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")
    return 0 if is_met(found) else 1


if __name__ == "__main__":
    sys.exit(main())
