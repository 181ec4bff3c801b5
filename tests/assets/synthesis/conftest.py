"""Requested scenes of a small world, and networks with random weights that draw and judge them."""

import json

import dagster as dg
import numpy as np
import pytest
from safetensors.torch import save_file

from assets.detector_calibration import CalibrationConfig, detector_calibration
from assets.filtered_scenes import filtered_scenes
from assets.filtering.config import FilterConfig
from assets.labelled_scenes import labelled_scenes
from assets.scene_requests import scene_requests
from assets.scenes.config import SceneRequestsConfig
from assets.sources import sources
from assets.synthesis.config import SynthesisConfig
from assets.synthesis.networks import Networks
from assets.synthetic_scenes import synthetic_scenes
from models.filtering import load_sam
from models.generation import save_bundle
from models.generation.miniature import build_miniature_bundle
from models.segmentation import load_segmenter
from tests.assets.scenes.conftest import data_root, instance, resources  # noqa: F401
from tests.models.generation.conftest import SENTENCES, TINY

SETTINGS = {
    "sampler": "ddim",
    "n_steps": 1,
    "guidance": 1.0,
    "short_side_px": 32,
    "min_iou": 0.0,
    "min_ood_score": -1e6,
    "license": "test",
}


@pytest.fixture(scope="session")
def tiny_set(tmp_path_factory):
    """A set of networks in the form of the miniature's; leave it as it is."""
    folder = tmp_path_factory.mktemp("set")
    save_bundle(build_miniature_bundle(7, TINY, sentences=SENTENCES), folder / "generator")
    save_file(load_sam("sam_miniature").sam.state_dict(), folder / "sam.safetensors")
    detector = load_segmenter("deeplab_miniature")
    save_file(detector.published_state(), folder / "detector.safetensors")
    (folder / "settings.json").write_text(json.dumps(SETTINGS))
    return folder


@pytest.fixture
def networks_with(tiny_set, tmp_path):
    """The networks with other fields."""

    def build(**changes):
        fields = {"models_root": str(tmp_path / "models"), "miniature_set": str(tiny_set)}
        return Networks(**{**fields, "n_threads": 1, "device": "cpu", **changes})

    return build


@pytest.fixture
def networks(networks_with):
    return networks_with()


@pytest.fixture
def drawing_resources(resources, networks):  # noqa: F811
    return {**resources, "networks": networks}


@pytest.fixture
def request_scenes(drawing_resources, instance):  # noqa: F811
    """Requests of a city; by default two scenes a frame with three attempts each."""

    def materialize(city="oslo", **config):
        wanted = SceneRequestsConfig(**{"n_variants": 1, "max_attempts": 3, **config})
        result = dg.materialize(
            [scene_requests, sources],
            selection="scene_requests",
            instance=instance,
            partition_key=f"{city}|round-1",
            resources=drawing_resources,
            run_config=dg.RunConfig(ops={"scene_requests": wanted}),
        )
        assert result.success

    return materialize


@pytest.fixture
def draw(drawing_resources, instance):  # noqa: F811
    """Materialize the drawn scenes of a city; ``using`` replaces resources."""

    def materialize(city="oslo", using=None, **config):
        return dg.materialize(
            [synthetic_scenes, scene_requests, detector_calibration, sources],
            selection="synthetic_scenes",
            instance=instance,
            partition_key=f"{city}|round-1",
            resources={**drawing_resources, **(using or {})},
            run_config=dg.RunConfig(ops={"synthetic_scenes": SynthesisConfig(**config)}),
            raise_on_error=False,
        )

    return materialize


@pytest.fixture
def label(drawing_resources, instance):  # noqa: F811
    """Judge and label the drawn scenes of a city under thresholds of one's own."""

    def materialize(city="oslo", **thresholds):
        return dg.materialize(
            [filtered_scenes, labelled_scenes, synthetic_scenes, detector_calibration, sources],
            selection=["filtered_scenes", "labelled_scenes"],
            instance=instance,
            partition_key=f"{city}|round-1",
            resources=drawing_resources,
            run_config=dg.RunConfig(ops={"filtered_scenes": FilterConfig(**thresholds)}),
            raise_on_error=False,
        )

    return materialize


@pytest.fixture
def calibrate(drawing_resources, instance):  # noqa: F811
    def materialize(**config):
        return dg.materialize(
            [detector_calibration, sources],
            selection="detector_calibration",
            instance=instance,
            resources=drawing_resources,
            run_config=dg.RunConfig(ops={"detector_calibration": CalibrationConfig(**config)}),
            raise_on_error=False,
        )

    return materialize


@pytest.fixture
def rows(drawing_resources):
    """Rows of a table of the drawn scenes."""

    def read(record, table="scene_attempts", city="oslo"):
        manifests = drawing_resources["store"].open().manifests
        return manifests.read_records(
            "synthetic_scenes", table, record, partition=f"{city}|round-1"
        )

    return read


def picture_bytes(store, row):
    return np.asarray(store.blobs.get_image(row.image_sha256)).tobytes()
