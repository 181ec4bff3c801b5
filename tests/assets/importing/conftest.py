"""A set in the published layout, and a run that imports it."""

import dagster as dg
import numpy as np
import pytest

from assets.engine.resource import Engine
from assets.imported_scenes import imported_scenes
from assets.importing.config import ImportConfig
from assets.importing.order import plan_import
from assets.importing.scenes import import_set
from assets.importing.sets import register_set
from assets.resources import DataRoot, ManifestStore
from storage.datasets.generated import GeneratedName, write_generated_frame

SIZE = (24, 48)
FRAMES = ("lisbon_000000_000019", "lisbon_000000_000019", "oslo_000001_000019")


def facts(number):
    plain = {"weather": None, "time": None, "place": None}
    shift = plain if number == 1 else {"weather": "foggy", "time": "day", "place": "Oslo"}
    return GeneratedName(
        source_frame_id=FRAMES[number],
        ood_class=("chair", "bathtub", "hot dog")[number],
        sam_iou=0.8,
        **shift,
    )


def pixels(number):
    image = np.random.default_rng(number).integers(0, 255, (*SIZE, 3), np.uint8)
    label = np.full(SIZE, number, np.uint8)
    label[10 : 14 + number, 5:12] = 254
    label[0, :3] = 255
    return image, label


@pytest.fixture
def published(tmp_path):
    """Three scenes of two frames, one of them of the split val."""
    folder = tmp_path / "DTWP_ADE_final"
    for number in range(3):
        image, label = pixels(number)
        write_generated_frame(
            folder,
            split="val" if number == 2 else "train",
            facts=facts(number),
            image=image,
            train_ids=label,
        )
    return folder


@pytest.fixture
def resources(tmp_path):
    return {
        "store": ManifestStore(root=str(tmp_path / "store")),
        "data": DataRoot(path=str(tmp_path / "no data")),
        "engine": Engine(mode="inline"),
    }


@pytest.fixture
def store(resources):
    return resources["store"].open()


@pytest.fixture
def bring(resources, published):
    """Import a set as the asset does, without Dagster; gives its version."""

    def bring(folder=published, name="published", max_bad_frac=0.5):
        config = ImportConfig(folder=str(folder), max_bad_frac=max_bad_frac)
        order = plan_import(name, config, resources["data"], resources["store"])
        store = resources["store"].open()
        return import_set(order, store, resources["engine"], run_id="test")

    return bring


@pytest.fixture
def run(resources, published):
    """Materialize the asset; ``folder`` may be another than the published one."""
    with dg.DagsterInstance.ephemeral() as instance:

        def materialize(folder=published, **config):
            register_set(instance, "published")
            return dg.materialize(
                [imported_scenes],
                instance=instance,
                partition_key="published",
                resources=resources,
                run_config=dg.RunConfig(
                    ops={"imported_scenes": ImportConfig(folder=str(folder), **config)}
                ),
                raise_on_error=False,
            )

        yield materialize
