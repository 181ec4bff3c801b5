"""Every data set as an observable source: its version changes when its files do.

Nothing here opens an image: the readers of `storage.datasets` list the frames, and the fingerprint
is taken over names, sizes and modification times.
"""

import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from assets.failures import bad_input_fails_once
from assets.resources import DataRoot
from storage.datasets.dataset import Dataset
from storage.datasets.fingerprint import fingerprint_files
from storage.datasets.registry import DATASETS
from storage.world import World

# The only door to observable sources with kinds and owners; it is marked beta, and the
# warning would be printed by every process of every run.
warnings.filterwarnings("ignore", message=".*multi_observable_source_asset.*beta")

ABSENT = "absent"
"""Data version of a data set that is not below the data root."""


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
        metadata={"license": dataset.license, "url": dg.MetadataValue.url(dataset.url)},
    )


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
                yield observe_source(dataset, data)
