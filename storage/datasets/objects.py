"""Objects of any data set that annotates them, through one door."""

from collections.abc import Collection, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Protocol

from storage.datasets import ade20k, ade20k_challenge, coco
from storage.records import Frame, SourceObject


class ObjectReader(Protocol):
    """Reads the annotated objects of one image."""

    def __call__(
        self, root: Path, frame: Frame, *, class_ids: Collection[int] | None = None
    ) -> list[SourceObject]:
        """Objects of the wanted ADE20K-150 classes, or of all classes."""


OBJECT_READERS: Mapping[str, ObjectReader] = MappingProxyType(
    {
        "ade20k": ade20k.read_objects,
        "ade20k_challenge": ade20k_challenge.read_objects,
        "coco": coco.read_objects,
    }
)
"""The data sets that objects can be cut from."""


def read_objects(
    root: Path, frame: Frame, *, class_ids: Collection[int] | None = None
) -> list[SourceObject]:
    """Objects of one image, by the reader of its data set.

    Raises:
        BadFileError: if the image's annotation cannot be used.
        ValueError: if the data set annotates no objects.
    """
    if frame.dataset not in OBJECT_READERS:
        raise ValueError(f"need a data set of {sorted(OBJECT_READERS)}, got {frame.dataset!r}")
    return OBJECT_READERS[frame.dataset](root, frame, class_ids=class_ids)
