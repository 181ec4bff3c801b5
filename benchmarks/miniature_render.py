"""How fast the miniature world renders, and what its pictures hold.

Run `python benchmarks/miniature_render.py` in the repository root. Beside images a second it prints
the time of a scene in units of a fixed NumPy workload, which depends far less on the machine.
"""

import argparse
import time
from collections import Counter
from multiprocessing import get_context

import cv2
import numpy as np

from models.miniature import OBJECT_KINDS, PLACES, TIMES, WEATHERS, SceneSpec, render_scene
from models.miniature.labels import EVALUATED

COVERED_PX = 20


def random_spec(seed: int) -> SceneSpec:
    """A scene of any condition and place with none to three objects."""
    rng = np.random.default_rng(seed)
    kinds = [kind.name for kind in OBJECT_KINDS]
    chosen = rng.choice(kinds, int(rng.integers(0, 4)), replace=False)
    return SceneSpec(
        seed,
        str(rng.choice(WEATHERS)),
        str(rng.choice(TIMES)),
        PLACES[int(rng.integers(len(PLACES)))].name,
        tuple(str(kind) for kind in chosen),
    )


def render_seconds(seeds: range) -> float:
    """Wall time of rendering one scene per seed in this process, after warming up."""
    cv2.setNumThreads(1)
    for seed in range(20):
        render_scene(random_spec(seed))
    start = time.perf_counter()
    for seed in seeds:
        render_scene(random_spec(seed))
    return time.perf_counter() - start


def reference_seconds() -> float:
    """Least wall time of one fixed workload: 100 passes over 1.5 MB of single floats."""
    values = np.linspace(0, 1, 393216, dtype=np.float32)
    times = []
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(100):
            np.multiply(values, np.float32(1.0001), out=values)
        times.append(time.perf_counter() - start)
    return min(times)


def print_speed(n_scenes: int) -> None:
    """Images a second over one and two processes."""
    reference = reference_seconds()
    alone = render_seconds(range(1000, 1000 + n_scenes))
    print(
        f"1 process:   {n_scenes / alone:6.1f} images/s, {1000 * alone / n_scenes:.1f} ms an image"
    )
    print(f"             {alone / n_scenes / reference:.2f} reference workloads an image")
    halves = [range(1000, 1000 + n_scenes), range(5000, 5000 + n_scenes)]
    with get_context("spawn").Pool(2) as pool:
        slower = max(pool.map(render_seconds, halves))
    print(f"2 processes: {2 * n_scenes / slower:6.1f} images/s")


def print_contents(n_scenes: int) -> None:
    """Share of frames with each class, and visible pixels of the objects."""
    frames: Counter[int] = Counter()
    areas = []
    for seed in range(n_scenes):
        scene = render_scene(random_spec(seed))
        counts = np.bincount(scene.label_ids.ravel(), minlength=256)
        frames.update(label for label in EVALUATED if counts[label] >= COVERED_PX)
        areas += [int(placed.mask.sum()) for placed in scene.objects]
    print(f"frames with {COVERED_PX} px of a class, by label id, in %:")
    print({label: round(100 * frames[label] / n_scenes) for label in EVALUATED})
    print(
        "object pixels, percentiles 0, 10, 50, 90, 100:", np.percentile(areas, [0, 10, 50, 90, 100])
    )


def main() -> None:
    """Print everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=150)
    n_scenes = parser.parse_args().scenes
    print_speed(n_scenes)
    print_contents(n_scenes)


if __name__ == "__main__":
    main()
