"""All data sets of the method, what of them lies below a data root, and their targets read."""

from collections.abc import Iterator
from pathlib import Path

from storage.datasets.acdc import ACDC
from storage.datasets.acdc_poc import ACDC_POC
from storage.datasets.ade20k import ADE20K
from storage.datasets.ade20k_challenge import ADE20K_CHALLENGE
from storage.datasets.cityscapes import CITYSCAPES
from storage.datasets.coco import COCO
from storage.datasets.codings import CODINGS, Target, decode_target
from storage.datasets.dataset import BadFileError, Dataset
from storage.datasets.fishyscapes import LOST_AND_FOUND, STATIC
from storage.datasets.generated import GENERATED
from storage.datasets.layout import subfolders
from storage.datasets.muad import MUAD
from storage.datasets.road_anomaly import ROAD_ANOMALY
from storage.datasets.smiyc import ROAD_ANOMALY_21, ROAD_OBSTACLE_21
from storage.images import read_label
from storage.records import Frame

DATASETS: tuple[Dataset, ...] = (
    CITYSCAPES,
    GENERATED,
    ADE20K,
    ADE20K_CHALLENGE,
    COCO,
    ROAD_ANOMALY,
    ROAD_ANOMALY_21,
    ROAD_OBSTACLE_21,
    LOST_AND_FOUND,
    STATIC,
    MUAD,
    ACDC_POC,
    ACDC,
)
"""Sources first, then benchmarks, in the order in which they are shown."""


def dataset_named(name: str) -> Dataset:
    """The data set of that name.

    Raises:
        ValueError: if there is none; the message lists all names.
    """
    for dataset in DATASETS:
        if dataset.name == name:
            return dataset
    raise ValueError(f"need a data set of {[dataset.name for dataset in DATASETS]}, got {name!r}")


def find_folders(root: Path) -> Iterator[tuple[Dataset, Path]]:
    """Every folder of every data set below a root, the located one first, then further copies."""
    places = (root, *subfolders(root))
    for dataset in DATASETS:
        found = filter(None, (dataset.locate(place) for place in places))
        yield from ((dataset, folder) for folder in dict.fromkeys(found))


def complete_frames(root: Path, dataset: Dataset) -> list[Frame]:
    """Frames of the located folder that have both image and label, in the order of the reader.

    Frames with hidden labels are not among them.

    Raises:
        FileNotFoundError: if the data set is not below the root.
    """
    folder = dataset.locate(root)
    if folder is None:
        raise FileNotFoundError(
            f"{root}: need {dataset.title}, found no folder with its layout; "
            f"get it from {dataset.url}, or run `multishift check-data {root}` to see what is there"
        )
    return [frame for frame in dataset.frames(root, folder) if is_complete(root, frame)]


def is_complete(root: Path, frame: Frame) -> bool:
    """Whether the frame has its image and its label."""
    return frame.label is not None and (root / frame.image).is_file()


def read_target(root: Path, frame: Frame) -> Target:
    """Train ids and ood of a frame, decoded by its own coding.

    Raises:
        BadFileError: if the label is hidden or missing, cannot be decoded, or leaves its coding.
    """
    if frame.label is None:
        fact = "its label is " + ("missing" if frame.is_scored else "hidden: it is never scored")
        raise BadFileError(root / frame.image, fact, "take the frames of `complete_frames`")
    if frame.coding not in CODINGS:
        fact = f"need a coding of {sorted(CODINGS)}, got {frame.coding!r}"
        raise BadFileError(root / frame.label, fact, "read it with the module of its data set")
    path = root / frame.label
    return decode_target(CODINGS[frame.coding], read_label(path), path=path)
