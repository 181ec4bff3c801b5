"""Rounds and cities: registered once, from what lies below the data root."""

import dagster as dg
import numpy as np
import pytest

from assets.partitions import ScenePartition, open_round, scene_partitions, train_cities
from assets.resources import DataRoot
from assets.rounds import RoundConfig, register_round
from storage.datasets.cityscapes import write_cityscapes_frame


@pytest.fixture
def root(tmp_path):
    for split, city in (("train", "ulm"), ("train", "aachen"), ("val", "munster")):
        write_cityscapes_frame(
            tmp_path / "cityscapes",
            split=split,
            name=f"{city}_000000_000019",
            image=np.zeros((2, 4, 3), np.uint8),
            label_ids=np.full((2, 4), 7, np.uint8),
        )
    return tmp_path


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as opened:
        yield opened


def test_a_round_has_a_partition_for_every_city_of_the_training_split(root, instance):
    assert open_round(instance, root) == 2
    assert open_round(instance, root, "round-2") == 2
    keys = scene_partitions.get_partition_keys(dynamic_partitions_store=instance)
    assert set(keys) == {"aachen|round-1", "ulm|round-1", "aachen|round-2", "ulm|round-2"}


def test_opening_twice_changes_nothing(root, instance):
    open_round(instance, root)
    open_round(instance, root)
    assert instance.get_dynamic_partitions("round") == ["round-1"]
    assert sorted(instance.get_dynamic_partitions("city")) == ["aachen", "ulm"]


def test_the_key_is_that_of_dagster():
    key = ScenePartition(round="round-1", city="ulm").key
    assert key == dg.MultiPartitionKey({"city": "ulm", "round": "round-1"}) == "ulm|round-1"


@pytest.mark.parametrize("key", ["", "a|b", "a b", "..", "x" * 65])
def test_keys_that_no_partition_can_have_are_refused(root, instance, key):
    with pytest.raises(ValueError, match="need as round and as city"):
        open_round(instance, root, key)
    assert not instance.get_dynamic_partitions("city"), "nothing half-registered"


def test_without_cityscapes_or_its_training_split_there_is_one_clear_error(tmp_path, root):
    for path in root.rglob("train/*/*_leftImg8bit.png"):
        path.unlink()
    with pytest.raises(ValueError, match="in the split train, got none"):
        train_cities(root)
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="need Cityscapes"):
        train_cities(tmp_path / "empty")


def test_the_job_registers_a_round(root, instance):
    @dg.job
    def open_it():
        register_round()

    def run(data_root, key):
        config = dg.RunConfig(ops={"register_round": RoundConfig(round=key)})
        return open_it.execute_in_process(
            instance=instance,
            resources={"data": DataRoot(path=str(data_root))},
            run_config=config,
            raise_on_error=False,
        )

    assert run(root, "spring").success
    assert instance.get_dynamic_partitions("round") == ["spring"]
    assert not run(root / "nowhere", "summer").success
    assert not run(root, "a|b").success
    assert instance.get_dynamic_partitions("round") == ["spring"]
