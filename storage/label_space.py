"""Label spaces of the method: Cityscapes ids, train ids, ADE20K-150 classes, OOD class lists.

The tables are CSV files in `storage/tables`, reviewed as data. Nothing here reads images.
"""

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

import numpy as np
from jaxtyping import UInt8

VOID_ID = 255
"""Train id of a pixel that nobody scores or learns from."""

OOD_ID = 254
"""Train id of a pixel of an unknown object (Gao et al. 2024, published coding)."""

N_CLASSES = 19
"""Classes of Cityscapes that are trained and scored; train ids 0 to 18."""


def read_table(name: str) -> list[dict[str, str]]:
    """Rows of the packaged table ``storage/tables/<name>.csv``, keyed by its header."""
    text = files("storage").joinpath("tables", f"{name}.csv").read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


@dataclass(frozen=True)
class CityscapesLabel:
    """One row of the official Cityscapes label table; ``train_id`` is `VOID_ID` where ignored."""

    name: str
    label_id: int
    train_id: int
    has_instances: bool
    color: tuple[int, int, int]


@dataclass(frozen=True)
class AdeClass:
    """One class of the 150-class form of ADE20K; ``class_id`` counts from 1."""

    class_id: int
    name: str
    color: tuple[int, int, int]


def _color(row: dict[str, str]) -> tuple[int, int, int]:
    return int(row["red"]), int(row["green"]), int(row["blue"])


CITYSCAPES_LABELS: tuple[CityscapesLabel, ...] = tuple(
    CityscapesLabel(
        name=row["name"],
        label_id=int(row["label_id"]),
        train_id=int(row["train_id"]),
        has_instances=row["has_instances"] == "1",
        color=_color(row),
    )
    for row in read_table("cityscapes_labels")
)
"""Official table without the license plate (id -1), which no fine label map holds."""

TRAIN_CLASSES: tuple[CityscapesLabel, ...] = tuple(
    sorted(
        (label for label in CITYSCAPES_LABELS if label.train_id < N_CLASSES),
        key=lambda label: label.train_id,
    )
)
"""The 19 scored classes, in the order of their train ids."""

ADE_CLASSES: tuple[AdeClass, ...] = tuple(
    AdeClass(class_id=int(row["class_id"]), name=row["name"], color=_color(row))
    for row in read_table("ade20k_150")
)
"""The 150 classes of ADE20K's scene parsing form, by class id."""


@cache
def train_id_table() -> UInt8[np.ndarray, "256"]:
    """Cityscapes label id -> train id; every id outside the coding becomes `VOID_ID`."""
    table = np.full(256, VOID_ID, np.uint8)
    for label in CITYSCAPES_LABELS:
        table[label.label_id] = label.train_id
    table.flags.writeable = False
    return table


def ade_class(class_id: int) -> AdeClass:
    """ADE20K-150 class of a 1-based id.

    Raises:
        ValueError: if the id lies outside 1 to 150.
    """
    if not 1 <= class_id <= len(ADE_CLASSES):
        raise ValueError(f"need an ADE20K-150 class id from 1 to 150, got {class_id}")
    return ADE_CLASSES[class_id - 1]


def _class_lists() -> dict[str, tuple[int, ...]]:
    rows = read_table("ood_class_lists")
    published = {
        name: tuple(int(row["class_id"]) for row in rows if row[name] == "1")
        for name in ("published_train", "published_val")
    }
    validation = set(published["published_val"])
    disjoint = tuple(c for c in published["published_train"] if c not in validation)
    return {**published, "disjoint_train": disjoint}


OOD_CLASS_LISTS: MappingProxyType[str, tuple[int, ...]] = MappingProxyType(_class_lists())
"""Named choices of OOD classes, as ADE20K-150 ids.

``published_train`` (82) and ``published_val`` (32) are those of the first implementation, where
every validation class is also a training class; ``disjoint_train`` (50) is what training may use so
that ``published_val`` holds only classes it has never seen.
"""
