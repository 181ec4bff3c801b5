"""What changes in one city makes stale what is made from that city, step by step down to weights.

The assets of the real graph stand here without their work: same keys, dependencies, partitions and
code versions, and data versions that the test sets.
"""

from dataclasses import dataclass, field

import dagster as dg
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest

from assets.partitions import open_round
from assets.resources import DataRoot
from assets.selecting.names import register_selection
from assets.sources import benchmark_images, city_frames, sources
from pipelines.definitions import defs
from tests.assets.scenes.small_world import write_frame

CITIES, ROUNDS = ("lisbon", "oslo"), ("round-1", "round-2")
SCENES = ("scene_requests", "synthetic_scenes", "filtered_scenes", "labelled_scenes")
SELECTED = ("training_set", "segmenter_checkpoint")
WHOLE = ("ood_objects", "detector_calibration")
BENCHMARK = "road_anomaly"
OBSERVED = (sources, city_frames, benchmark_images)


def stand_in(spec, content):
    @dg.multi_asset(name=spec.key.to_python_identifier(), specs=[spec])
    def made(context) -> dg.MaterializeResult:
        key = spec.key.to_user_string()
        partition = context.partition_key if context.has_partition_key else ""
        return dg.MaterializeResult(
            spec.key, data_version=dg.DataVersion(f"{content.get((key, partition), 0)}")
        )

    return made


@dataclass
class House:
    """The graph on an instance; `content` holds what the next run of an asset will find."""

    definitions: dg.Definitions
    job: dg.JobDefinition
    instance: dg.DagsterInstance
    data: DataRoot
    content: dict = field(default_factory=dict)

    def run(self, *names, partition=None):
        ran = self.job.execute_in_process(
            instance=self.instance,
            partition_key=partition,
            asset_selection=[dg.AssetKey(name) for name in names],
        )
        assert ran.success

    def observe(self):
        observe = self.definitions.resolve_job_def("observe")
        assert observe.execute_in_process(instance=self.instance).success

    def stale(self):
        """All partitions that are stale now, of the assets that were materialized."""
        resolver = CachingStaleStatusResolver(
            self.instance,
            self.definitions.resolve_asset_graph(),
            LoadingContextForTest(self.instance),
        )
        partitions = [
            *((name, f"{city}|{key}") for name in SCENES for city in CITIES for key in ROUNDS),
            *((name, "mine") for name in SELECTED),
            *((name, None) for name in WHOLE),
            ("benchmark_scores", BENCHMARK),
        ]
        return {
            (name, partition)
            for name, partition in partitions
            if resolver.get_status(dg.AssetKey(name), partition) == StaleStatus.STALE
        }


@pytest.fixture
def house(tmp_path):
    for city in CITIES:
        write_frame(tmp_path, city, 0)
    content = {}
    specs = [
        spec
        for made in defs.assets
        if isinstance(made, dg.AssetsDefinition) and made is not sources and made.is_materializable
        for spec in made.specs
    ]
    data = DataRoot(path=str(tmp_path))
    observe = dg.define_asset_job("observe", selection=dg.AssetSelection.assets(sources))
    definitions = dg.Definitions(
        assets=[*OBSERVED, *(stand_in(spec, content) for spec in specs)],
        jobs=[observe],
        resources={"data": data},
    )
    with dg.DagsterInstance.ephemeral() as instance:
        for key in ROUNDS:
            open_round(instance, tmp_path, key)
        register_selection(instance, "mine")
        job = definitions.resolve_implicit_global_asset_job_def()
        built = House(definitions, job, instance, data, content)
        built.observe()
        built.run(*WHOLE)
        for city in CITIES:
            for key in ROUNDS:
                built.run(*SCENES, partition=f"{city}|{key}")
        built.run("closed_set_checkpoint", partition="deeplab_miniature")
        built.run(*SELECTED, partition="mine")
        built.run("benchmark_scores", partition=BENCHMARK)
        yield built


def test_a_city_makes_its_own_partitions_stale_and_the_chain_follows_to_the_weights(
    house, tmp_path
):
    assert house.stale() == set()
    house.observe()
    assert house.stale() == set(), "an observation that finds the same changes nothing"

    write_frame(tmp_path, "oslo", 1)
    house.observe()
    of_oslo = {"oslo|round-1", "oslo|round-2"}
    assert {key for name, key in house.stale() if name in SCENES} == of_oslo
    assert {name for name, key in house.stale() if key in of_oslo} == {
        "scene_requests",
        "labelled_scenes",
    }
    assert ("segmenter_checkpoint", "mine") not in house.stale(), "its pairs are what they were"

    chain = [(name, "oslo|round-1") for name in SCENES] + [(name, "mine") for name in SELECTED]
    for place, following in zip(chain, [*chain[1:], ("benchmark_scores", BENCHMARK)], strict=True):
        house.content[place] = 1
        house.run(place[0], partition=place[1])
        assert place not in house.stale()
        assert following in house.stale()
    assert {key for name, key in house.stale() if name in SCENES} == {"oslo|round-2"}


def test_a_run_that_finds_the_same_makes_nothing_stale(house, tmp_path):
    write_frame(tmp_path, "oslo", 1)
    house.observe()
    for key in ROUNDS:
        house.run(*SCENES, partition=f"oslo|{key}")
    house.run("training_set", partition="mine")
    house.run("detector_calibration")
    assert house.stale() == set()
