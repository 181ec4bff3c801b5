"""Every data set as an observable source: its version changes when its files do.

Nothing here opens an image: the readers of `storage.datasets` list the frames, and the fingerprint
is taken over names, sizes and modification times.
"""

import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import dagster as dg

from assets.benchmarks.names import BENCHMARKS, benchmarks
from assets.failures import bad_input_fails_once
from assets.partitions import cities
from assets.resources import DataRoot
from assets.schema_metadata import column_schema
from storage.datasets.cityscapes import CITYSCAPES
from storage.datasets.dataset import Dataset
from storage.datasets.fingerprint import fingerprint_files
from storage.datasets.registry import DATASETS, is_complete
from storage.records import Frame
from storage.world import World

# The only door to observable sources with kinds and owners; it is marked beta, and the
# warning would be printed by every process of every run.
warnings.filterwarnings("ignore", message=".*multi_observable_source_asset.*beta")

ABSENT = "absent"
"""Data version of a data set that is not below the data root."""

CITIES = "cityscapes_cities"
"""The training frames of Cityscapes, a partition a city: what a round of a city is made from."""

BENCHMARK_IMAGES = "benchmark_images"
"""What checkpoints are measured on, a partition a benchmark."""


def _code(text: str) -> str:
    return f"```\n{text}\n```"


def source_spec(dataset: Dataset) -> dg.AssetSpec:
    """What the asset graph shows of a data set before anybody observed it."""
    return dg.AssetSpec(
        dataset.name,
        group_name="sources",
        kinds=set(dataset.kinds),
        owners=["team:data"],
        description=f"{dataset.title}.\n\n{_code(dataset.layout)}",
        metadata={
            "license": dataset.license,
            "url": dg.MetadataValue.url(dataset.url),
            "dagster/column_schema": column_schema(Frame),
        },
    )


city_frames = dg.AssetSpec(
    CITIES,
    deps=[CITYSCAPES.name],
    partitions_def=cities,
    group_name="sources",
    kinds=set(CITYSCAPES.kinds),
    owners=["team:data"],
    description="Training frames of Cityscapes, city by city, so that a frame that changes makes "
    "stale what is made from its city and nothing else. Observed with `cityscapes`.",
    metadata={"dagster/column_schema": column_schema(Frame)},
)

benchmark_images = dg.AssetSpec(
    BENCHMARK_IMAGES,
    deps=BENCHMARKS,
    partitions_def=benchmarks,
    group_name="sources",
    owners=["team:data"],
    description="Images and labels of the benchmarks, one by one, so that a benchmark that changes "
    "makes stale its own numbers and no others. Observed with the data sets.",
    metadata={"dagster/column_schema": column_schema(Frame)},
)


def city_versions(root: Path) -> dict[str, str]:
    """Digest of the files of every city of the training split; empty without Cityscapes."""
    folder = CITYSCAPES.locate(root)
    if folder is None:
        return {}
    frames: dict[str, list[Frame]] = {}
    for frame in CITYSCAPES.frames(root, folder):
        if frame.split == "train" and is_complete(root, frame):
            frames.setdefault(frame.group, []).append(frame)
    return {city: version_of_frames(root, found) for city, found in sorted(frames.items())}


def version_of_frames(root: Path, frames: Sequence[Frame]) -> str:
    """Digest of the folders that hold the images and labels of the frames, and of no other."""
    files = [name for frame in frames for name in (frame.image, frame.label) if name]
    folders = sorted({(root / name).parent for name in files})
    return "-".join(fingerprint_files(folder)[:32] for folder in folders)


def observe_source(dataset: Dataset, data: DataRoot) -> dg.ObserveResult:
    """Version, place and counts of one data set below the data root."""
    root = data.folder
    folder = dataset.locate(root)
    if folder is None:
        return dg.ObserveResult(
            dataset.name,
            data_version=dg.DataVersion(ABSENT),
            metadata={
                "is_present": False,
                "layout": dg.MetadataValue.md(_code(dataset.layout)),
            },
        )
    frames = Counter(frame.split for frame in dataset.frames(root, folder))
    gaps = sum(1 for _ in dataset.findings(root, folder))
    return dg.ObserveResult(
        dataset.name,
        data_version=dg.DataVersion(fingerprint_files(folder)),
        metadata={
            "is_present": True,
            "folder": dg.MetadataValue.path(str(folder)),
            "dagster/row_count": frames.total(),
            "gaps": gaps,
            "license": rendered_license(data.world) or dataset.license,
            "world": data.world.name,
            "world_version": data.world.version,
            **{f"frames_{split}": count for split, count in sorted(frames.items())},
        },
    )


def source_version(dataset: Dataset, root: Path) -> str:
    """Data version of a data set as it lies below the root now; `ABSENT` where it does not."""
    folder = dataset.locate(root)
    return ABSENT if folder is None else fingerprint_files(folder)


def rendered_license(world: World) -> str | None:
    """License of the pictures where they are ours; None where the data set's terms hold."""
    return "Apache-2.0 (rendered by multishift)" if world.name == "miniature" else None


@dg.multi_observable_source_asset(  # type: ignore[untyped-decorator]
    name="observe_sources", specs=[source_spec(dataset) for dataset in DATASETS], can_subset=True
)
def sources(context: dg.AssetExecutionContext, data: DataRoot) -> Iterator[dg.ObserveResult]:
    """Look at each selected data set; an absent one is observed as absent."""
    with bad_input_fails_once():
        for dataset in DATASETS:
            if dg.AssetKey(dataset.name) in context.selected_asset_keys:
                result = observe_source(dataset, data)
                for part in _parts(dataset, result, data.folder):
                    context.log_event(part)
                yield result


def _parts(dataset: Dataset, result: dg.ObserveResult, root: Path) -> Iterator[dg.AssetObservation]:
    """What an observation says of single partitions that others are made from."""
    if dataset.name in BENCHMARKS and result.data_version is not None:
        yield _observed(BENCHMARK_IMAGES, dataset.name, result.data_version.value)
    if dataset.name == CITYSCAPES.name:
        for city, version in city_versions(root).items():
            yield _observed(CITIES, city, version)


def _observed(asset: str, partition: str, version: str) -> dg.AssetObservation:
    return dg.AssetObservation(asset, partition=partition, tags={"dagster/data_version": version})
