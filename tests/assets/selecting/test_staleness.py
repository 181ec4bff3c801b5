"""A round that was not chosen never makes stale what is trained from a selection."""

import dagster as dg
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest

from assets.decisions import decisions
from assets.filtered_scenes import filtered_scenes
from assets.imported_scenes import imported_scenes
from assets.labelled_scenes import labelled_scenes
from assets.selecting.names import register_selection, selections
from assets.synthesis.networks import Networks
from assets.training_set import training_set
from pipelines.jobs import select_training_set
from tests.assets.selecting.conftest import LISBON, data_version
from tests.storage.export.scenes import commit, scene

NAME = "mine"


@dg.asset(deps=[training_set], partitions_def=selections, code_version="1")
def trained() -> None:
    """Stands for what is trained from a selection, partition by partition."""


@pytest.fixture
def house(resources, instance, tmp_path):
    """Definitions with the real assets around the training set, on an instance of their own."""
    instance.add_dynamic_partitions("round", ["round-1", "round-2", "round-3"])
    instance.add_dynamic_partitions("city", ["lisbon", "oslo"])
    register_selection(instance, NAME)
    train = dg.define_asset_job("train", selection=dg.AssetSelection.assets(trained))
    networks = Networks(models_root=str(tmp_path / "models"))
    return dg.Definitions(
        assets=[
            filtered_scenes,
            labelled_scenes,
            imported_scenes,
            decisions,
            training_set,
            trained,
        ],
        jobs=[select_training_set, train],
        resources={**resources, "networks": networks},
    )


@pytest.fixture
def launch(house, instance):
    """Run a job on the partition of the selection."""

    def launch(job):
        ran = house.resolve_job_def(job).execute_in_process(
            instance=instance, partition_key=NAME, raise_on_error=False
        )
        assert ran.success
        return ran

    return launch


@pytest.fixture
def status(house, instance):
    """What Dagster says of a partition now."""

    def status(asset, partition=NAME):
        resolver = CachingStaleStatusResolver(
            instance, house.resolve_asset_graph(), LoadingContextForTest(instance)
        )
        return resolver.get_status(dg.AssetKey(asset), partition)

    return status


def report(instance, store, partition):
    """Tell Dagster of the latest version of a partition, as its asset does."""
    version = store.manifests.wanted("labelled_scenes", partition)
    instance.report_runless_asset_event(
        dg.AssetMaterialization(
            "labelled_scenes",
            partition=dg.MultiPartitionKey(
                dict(zip(("city", "round"), partition.split("|"), strict=True))
            ),
            tags={"dagster/data_version": version.fingerprint},
        )
    )


def test_a_round_that_was_not_chosen_changes_nothing(
    rounds, instance, store, write, launch, status
):
    write(NAME, 'rounds = ["round-1"]')
    for partition in ("lisbon|round-1", "oslo|round-1", "lisbon|round-2"):
        report(instance, store, partition)
    first = data_version(launch("select_training_set"))
    launch("train")
    assert status("training_set") == status("trained") == StaleStatus.FRESH

    commit(store, [scene(store, 30, frame_id=LISBON[0], round="round-3")])
    report(instance, store, "lisbon|round-3")
    assert status("training_set") == StaleStatus.STALE  # due for a look: any round may be chosen
    assert status("trained") == StaleStatus.FRESH
    assert data_version(launch("select_training_set")) == first
    assert status("training_set") == status("trained") == StaleStatus.FRESH
    assert store.manifests.latest_number("training_set", NAME) == 1

    write(NAME, 'rounds = ["round-1", "round-3"]')
    assert data_version(launch("select_training_set")) != first
    assert status("trained") == StaleStatus.STALE


def test_a_file_that_chooses_the_same_in_other_words_changes_nothing(rounds, write, launch, status):
    write(NAME, 'rounds = ["round-1"]')
    launch("select_training_set")
    launch("train")
    write(NAME, '# the same in other words\nrounds = ["round-1"]\n[filters]\nmin_ood_px = 1\n')
    launch("select_training_set")
    assert status("trained") == StaleStatus.FRESH
