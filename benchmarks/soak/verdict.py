"""What is left after a soak: partitions, rows, blobs, slots and runs."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from assets.partitions import cities, rounds
from storage.manifests.inventory import take_inventory
from storage.manifests.vacuum import missing_blobs, orphan_blobs
from storage.scene_records import LabelledScene, SceneAttempt, SceneRequest
from storage.store import Store, open_store

STAGES = ("scene_requests", "synthetic_scenes", "filtered_scenes", "labelled_scenes")
LAST = STAGES[-1]


@dataclass(frozen=True)
class Verdict:
    """Everything that is to be empty or zero at the end, and what ran."""

    n_partitions: int
    n_scenes: int
    runs: dict[str, int]
    incomplete: list[str]
    missing_rows: list[str]
    repeated_rows: list[str]
    missing_blobs: list[str]
    orphan_blobs: list[str]
    unfinished_files: list[str]
    held_slots: dict[str, int]
    unfinished_runs: list[str]

    @property
    def is_sound(self) -> bool:
        """Whether nothing is wrong."""
        return self.n_partitions > 0 and not any(
            (
                self.incomplete,
                self.missing_rows,
                self.repeated_rows,
                self.missing_blobs,
                self.orphan_blobs,
                self.unfinished_files,
                self.held_slots,
                self.unfinished_runs,
            )
        )


def partitions_of(instance: dg.DagsterInstance) -> list[str]:
    """Every city of every round that was opened."""
    named = (instance.get_dynamic_partitions(str(each.name)) for each in (rounds, cities))
    keys_of_rounds, keys_of_cities = named
    return [
        str(dg.MultiPartitionKey({"round": one, "city": other}))
        for one in keys_of_rounds
        for other in keys_of_cities
    ]


def incomplete(instance: dg.DagsterInstance, partitions: Sequence[str]) -> list[str]:
    """Stages and partitions that were never materialized."""
    return [
        f"{stage}/{key}"
        for stage in STAGES
        for key in sorted(
            set(partitions) - instance.get_materialized_partitions(dg.AssetKey(stage))
        )
    ]


def judge(home: Path, store_root: Path) -> Verdict:
    """Look at instance and store after a soak that has come to rest."""
    store = open_store(store_root)
    with dg.DagsterInstance.from_config(str(home)) as instance:
        partitions = partitions_of(instance)
        lacking = incomplete(instance, partitions)
        runs = instance.get_runs()
        held = _held_slots(instance)
    whole = [key for key in partitions if f"{LAST}/{key}" not in lacking]
    inventory = take_inventory(store.manifests)
    drafts = [file for files in inventory.drafts.values() for file in files]
    return Verdict(
        n_partitions=len(partitions),
        n_scenes=sum(len(_labelled(store, key)) for key in whole),
        runs=dict(Counter(run.status.value for run in runs)),
        incomplete=lacking,
        missing_rows=[name for key in whole for name in _missing_rows(store, key)],
        repeated_rows=[name for key in whole for name in _repeated_rows(store, key)],
        missing_blobs=[
            name
            for stage in STAGES
            for key in whole
            for name in missing_blobs(store.manifests, store.blobs, stage, key)
        ],
        orphan_blobs=orphan_blobs(store.manifests, store.blobs, min_age_s=0.0),
        unfinished_files=[str(file.path) for file in (*inventory.temporary_files, *drafts)],
        held_slots=held,
        unfinished_runs=[run.run_id for run in runs if not run.is_finished],
    )


def _labelled(store: Store, key: str) -> list[LabelledScene]:
    return store.manifests.read_records(LAST, LAST, LabelledScene, partition=key)


def _missing_rows(store: Store, key: str) -> list[str]:
    """Scenes that were asked for and of which no picture was ever drawn."""
    asked = store.manifests.read_records(
        "scene_requests", "scene_requests", SceneRequest, partition=key
    )
    drawn = store.manifests.read_records(
        "synthetic_scenes", "scene_attempts", SceneAttempt, partition=key
    )
    wanted = {(row.frame_id, row.variant) for row in asked if row.reason is None}
    found = {(row.frame_id, row.variant) for row in drawn}
    return [f"{key}/{frame}/{variant}" for frame, variant in sorted(wanted - found)]


def _repeated_rows(store: Store, key: str) -> list[str]:
    """Scenes that are there more than once."""
    counts = Counter((row.round, row.frame_id, row.variant) for row in _labelled(store, key))
    return ["/".join(map(str, scene)) for scene, count in counts.items() if count > 1]


def _held_slots(instance: dg.DagsterInstance) -> dict[str, int]:
    log = instance.event_log_storage
    found = {key: log.get_concurrency_info(key) for key in log.get_concurrency_keys()}
    return {
        key: info.active_slot_count + info.pending_step_count
        for key, info in found.items()
        if info.active_slot_count or info.pending_step_count
    }


def fingerprints(store_root: Path, partitions: Sequence[str]) -> dict[str, str]:
    """Digest of the rows of the last stage, by partition."""
    manifests = open_store(store_root).manifests
    return {key: manifests.wanted(LAST, key).fingerprint for key in partitions}
