"""Small benchmarks in their official layouts, and a random checkpoint to measure on them."""

from pathlib import Path

import numpy as np
import pytest

from assets.benchmarks.checkpoints import NamedCheckpoint, find_checkpoint
from assets.benchmarks.measuring import measure_benchmark
from assets.benchmarks.order import MeasuringRules, plan_checkpoint
from assets.engine.resource import Engine
from models.segmentation import load_segmenter
from storage.datasets.acdc import write_acdc_frame
from storage.datasets.acdc_poc import write_acdc_poc_frame
from storage.datasets.muad import write_muad_frame
from storage.datasets.road_anomaly import write_road_anomaly_frame
from storage.datasets.smiyc import write_smiyc_frame
from storage.weights import write_weights

ARCHITECTURE = "deeplab_miniature"
SIZES = ((32, 64), (40, 48), (33, 50), (48, 32))
"""Of images, in turn: no two neighbors have one size."""


def photo(number):
    height, width = SIZES[number % len(SIZES)]
    return np.random.default_rng(number).integers(0, 255, (height, width, 3), np.uint8)


def ood_map(number, *, has_void=True):
    """A box of an unknown object, another of void pixels, the rest in distribution."""
    ood = np.zeros(SIZES[number % len(SIZES)], np.uint8)
    ood[8 : 16 + number, 10:20] = 1
    if has_void:
        ood[-6:] = 255
    return ood


def label_ids(number, *, ood_id=None):
    """Sky above road, a void border, and an object where an id is given for it."""
    ids = np.full(SIZES[number % len(SIZES)], 23, np.uint8)
    ids[12:] = 7
    ids[-4:] = 0
    if ood_id is not None:
        ids[14:22, 10:24] = ood_id
    return ids


def write_anomalies(root, n_frames=4, *, is_original=True):
    folder = root / ("road_anomaly" if is_original else "RoadAnomaly_jpg")
    for number in range(n_frames):
        ood = ood_map(number, has_void=False)
        write_road_anomaly_frame(
            folder, name=str(number), image=photo(number), ood=ood, is_original=is_original
        )


def write_obstacles(root, n_frames=4, n_hidden=3):
    folder = root / "dataset_ObstacleTrack"
    names = [f"validation_{number}" for number in range(n_frames)]
    names += [f"test_{number}" for number in range(n_hidden)]
    for number, name in enumerate(names):
        ood = ood_map(number) if number < n_frames else None
        write_smiyc_frame(folder, track="road_obstacle_21", name=name, image=photo(number), ood=ood)


def write_painted(root):
    for number, domain in enumerate(("fog", "night", "fog")):
        name = f"GOPR{number:04d}_frame_{number:06d}_rgb_anon_chair"
        write_acdc_poc_frame(
            root / "acdc_poc",
            domain=domain,
            name=name,
            image=photo(number),
            label_ids=label_ids(number, ood_id=100),
        )


def write_adverse(root):
    for number, (domain, split) in enumerate(
        (("fog", "val"), ("rain", "val"), ("rain", "test"), ("snow", "train"))
    ):
        write_acdc_frame(
            root / "acdc",
            domain=domain,
            split=split,
            name=f"GP{number:02d}_frame_{number:06d}",
            image=photo(number),
            label_ids=label_ids(number),
        )


def write_muad(root):
    for number in range(3):
        label = np.full(SIZES[number], 10, np.uint8)
        label[16:] = 0
        label[20:28, 4:16] = 19 + number % 2
        label[:2] = 21
        write_muad_frame(
            root / "test_sets" / "test_OOD", name=str(number), image=photo(number), label=label
        )


@pytest.fixture
def data_root(tmp_path):
    root = tmp_path / "data"
    for write in (write_anomalies, write_obstacles, write_painted, write_adverse, write_muad):
        write(root)
    return root


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory) -> Path:
    """A file of random weights that tells nothing of itself."""
    network = load_segmenter(ARCHITECTURE, seed=3)
    path = tmp_path_factory.mktemp("checkpoint") / "random.safetensors"
    state = {name: tensor.numpy() for name, tensor in network.published_state().items()}
    write_weights(path, state, {"format": "pt"})
    return path


@pytest.fixture
def plan(data_root, checkpoint):
    """An order for a benchmark; rules are added."""

    def planned(benchmark, root=data_root, **rules):
        named = NamedCheckpoint(checkpoint=str(checkpoint), architecture=ARCHITECTURE)
        found = find_checkpoint(named, None)
        return plan_checkpoint(benchmark, root, found, MeasuringRules(**rules))

    return planned


@pytest.fixture
def work_root(tmp_path):
    return tmp_path / "work"


@pytest.fixture
def measure(plan, work_root):
    """Measure the random checkpoint on a benchmark."""

    def measured(benchmark, *, engine=None, **rules):
        order = plan(benchmark, **rules)
        engine = engine or Engine(mode="inline")
        return measure_benchmark(order, engine, work_root=work_root, device="cpu")

    return measured
