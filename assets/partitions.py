"""How generation is cut into partitions: a round of regeneration times a city of Cityscapes.

Both lists of keys are dynamic: they live in the Dagster instance and grow. The key of the round
feeds every seed, so a new round gives other scenes of the same frames; a city is a shard. In the
store a partition has the name that Dagster shows, ``<city>|<round>``.
"""

import re
from dataclasses import dataclass
from pathlib import Path

import dagster as dg

from storage.datasets.cityscapes import CITYSCAPES
from storage.datasets.registry import complete_frames

FIRST_ROUND = "round-1"

rounds = dg.DynamicPartitionsDefinition(name="round")
cities = dg.DynamicPartitionsDefinition(name="city")
scene_partitions = dg.MultiPartitionsDefinition({"round": rounds, "city": cities})

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, kw_only=True)
class ScenePartition:
    """One round of one city."""

    round: str
    city: str

    @property
    def key(self) -> str:
        """Name of the partition in Dagster and in the store."""
        return str(dg.MultiPartitionKey({"round": self.round, "city": self.city}))


def scene_partition_of(context: dg.AssetExecutionContext) -> ScenePartition:
    """The partition that a step works on."""
    key = context.partition_key
    if not isinstance(key, dg.MultiPartitionKey):
        raise ValueError(f"need a partition of round and city, got {key!r}")
    named = key.keys_by_dimension
    return ScenePartition(round=named["round"], city=named["city"])


def train_cities(data_root: Path) -> list[str]:
    """Cities of the training split that hold a complete frame, sorted.

    Raises:
        FileNotFoundError: if Cityscapes is not below the data root.
        ValueError: if its training split has no complete frame.
    """
    found = {
        frame.group for frame in complete_frames(data_root, CITYSCAPES) if frame.split == "train"
    }
    if not found:
        raise ValueError(
            f"{data_root}: need frames of Cityscapes with image and label in the split train, got "
            f"none; run `multishift check-data {data_root}` to see what is missing"
        )
    return sorted(found)


def open_round(instance: dg.DagsterInstance, data_root: Path, round_key: str = FIRST_ROUND) -> int:
    """Number of partitions of the round, after its key and those of all cities are registered.

    Keys that are there already stay, so that it can be called as often as wanted.

    Raises:
        FileNotFoundError, ValueError: as `train_cities`; also if a key cannot be a partition's.
    """
    found = train_cities(data_root)
    for key in (round_key, *found):
        if not _KEY.fullmatch(key):
            raise ValueError(
                "need as round and as city up to 64 letters, digits, dots, dashes and underscores, "
                f"got {key!r}"
            )
    instance.add_dynamic_partitions(str(rounds.name), [round_key])
    instance.add_dynamic_partitions(str(cities.name), found)
    return len(found)
