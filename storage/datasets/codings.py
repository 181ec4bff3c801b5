"""Label codings of the data sets, as data, and the one function that decodes them all.

Every coding becomes the same target: train ids (what a closed-set network is scored on) and ood
(what a detector is scored on). A value outside a coding is an error and never a class: that is how
a label map read under the wrong coding is caught.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

import numpy as np
from jaxtyping import Integer, UInt8

from storage.datasets.dataset import BadFileError
from storage.label_space import (
    ADE_CLASSES,
    CITYSCAPES_LABELS,
    N_CLASSES,
    OOD_ID,
    VOID_ID,
    train_id_table,
)

OOD_NO, OOD_YES, OOD_IGNORED = 0, 1, 255
"""Values of `Target.ood`: known class, unknown object, not scored."""


@dataclass(frozen=True)
class Coding:
    """What the values of a label map mean: for each value 0 to 255 its train id and its ood.

    ``train_ids`` is None where the data set labels no classes; ``n_per_instance`` is 1000 where
    values from 1000 up are class times 1000 plus number (Cityscapes instance maps), else 0.
    """

    name: str
    title: str
    allowed: frozenset[int]
    train_ids: UInt8[np.ndarray, "256"] | None
    ood: UInt8[np.ndarray, "256"]
    n_per_instance: int = 0


@dataclass(frozen=True, eq=False)
class Target:
    """A decoded label map: train ids (0 to 18, 255 void) or None, and ood (0, 1, 255 ignored)."""

    train_ids: UInt8[np.ndarray, "height width"] | None
    ood: UInt8[np.ndarray, "height width"]


def _table(assigned: Mapping[int, int], default: int) -> UInt8[np.ndarray, "256"]:
    table = np.full(256, default, np.uint8)
    for value, meaning in assigned.items():
        table[value] = meaning
    table.flags.writeable = False
    return table


def _binary(name: str, title: str, *, ood_value: int, has_void: bool) -> Coding:
    allowed = {0, ood_value} | ({VOID_ID} if has_void else set())
    ood = _table({0: OOD_NO, ood_value: OOD_YES}, OOD_IGNORED)
    return Coding(name, title, frozenset(allowed), None, ood)


def _classes(
    name: str,
    title: str,
    *,
    train_ids: UInt8[np.ndarray, "256"],
    allowed: Iterable[int],
    ood_values: Iterable[int] = (),
) -> Coding:
    """Coding with classes: known classes are in distribution, void is ignored, ood as stated."""
    meanings = {value: OOD_NO for value in range(256) if train_ids[value] != VOID_ID}
    ood = _table({**meanings, **dict.fromkeys(ood_values, OOD_YES)}, OOD_IGNORED)
    return Coding(name, title, frozenset(allowed), train_ids, ood)


_IDENTITY = _table({value: value for value in range(N_CLASSES)}, VOID_ID)
_LABEL_IDS = frozenset(label.label_id for label in CITYSCAPES_LABELS)
_TRAIN_IDS = frozenset({*range(N_CLASSES), VOID_ID})
_BYTES = range(256)

_ALL = (
    _classes(
        "cityscapes_label_ids",
        "Cityscapes label ids 0 to 33",
        train_ids=train_id_table(),
        allowed=_LABEL_IDS,
    ),
    _classes(
        "cityscapes_train_ids",
        "train ids 0 to 18, 255 void",
        train_ids=_IDENTITY,
        allowed=_TRAIN_IDS,
    ),
    _classes(
        "train_ids_with_ood",
        "train ids 0 to 18, 254 unknown object, 255 void",
        train_ids=_IDENTITY,
        allowed=_TRAIN_IDS | {OOD_ID},
        ood_values=[OOD_ID],
    ),
    _classes(
        "muad",
        "0 to 18 known classes, 19 and 20 unknown objects, above that void",
        train_ids=_IDENTITY,
        allowed=_BYTES,
        ood_values=[19, 20],
    ),
    _classes(
        "acdc_poc",
        "Cityscapes label ids 0 to 33, above that unknown objects, 255 void",
        train_ids=train_id_table(),
        allowed=_BYTES,
        ood_values=range(34, 255),
    ),
    _binary(
        "road_anomaly_original",
        "0 known, 2 unknown: the original release of RoadAnomaly",
        ood_value=2,
        has_void=False,
    ),
    _binary(
        "road_anomaly_processed",
        "0 known, 1 unknown: the processed form of RoadAnomaly",
        ood_value=1,
        has_void=False,
    ),
    _binary(
        "ood_with_void",
        "0 known, 1 unknown, 255 void: SMIYC, Fishyscapes",
        ood_value=1,
        has_void=True,
    ),
)

_OBJECT_CLASSES = Coding(
    "ade20k_150",
    "ADE20K-150 class ids 1 to 150, 0 unlabeled",
    frozenset(range(len(ADE_CLASSES) + 1)),
    None,
    _table({}, OOD_IGNORED),
)

_INSTANCE_IDS = replace(
    _ALL[0],
    name="cityscapes_instance_ids",
    title="Cityscapes label ids, or 1000 * label id + number",
    n_per_instance=1000,
)

CODINGS: MappingProxyType[str, Coding] = MappingProxyType(
    {coding.name: coding for coding in (*_ALL, _INSTANCE_IDS, _OBJECT_CLASSES)}
)
"""Every label coding whose map is one number per pixel, by name."""


def check_values(
    coding: Coding, label_map: Integer[np.ndarray, "height width"], *, path: Path | str
) -> None:
    """Nothing, if every value of the map belongs to the coding.

    Raises:
        BadFileError: if one does not; the message lists the values and the coding.
    """
    foreign = [
        value for value in _values(_class_part(coding, label_map)) if value not in coding.allowed
    ]
    if foreign:
        shown = ", ".join(map(str, foreign[:8])) + (", ..." if len(foreign) > 8 else "")
        fact = f"label value {shown} outside the coding '{coding.name}' ({coding.title})"
        raise BadFileError(path, fact, _cure(set(foreign)))


def _values(ids: Integer[np.ndarray, "height width"]) -> list[int]:
    """Values that occur, ascending; counting bytes is ten times as fast as sorting them."""
    is_bytes = ids.dtype == np.uint8
    found = np.flatnonzero(np.bincount(ids.ravel())) if is_bytes else np.unique(ids)
    return [int(value) for value in found]


def _cure(foreign: set[int]) -> str:
    others = [
        other.name
        for other in CODINGS.values()
        if len(other.allowed) < 256 and foreign <= other.allowed
    ]
    if not others:
        return "fetch the label file again; it is damaged or of another data set"
    return f"put the file into the layout of its coding (these values occur in {', '.join(others)})"


def _class_part(
    coding: Coding, label_map: Integer[np.ndarray, "height width"]
) -> Integer[np.ndarray, "height width"]:
    if not coding.n_per_instance or label_map.dtype == np.uint8:
        return label_map
    return np.where(
        label_map >= coding.n_per_instance, label_map // coding.n_per_instance, label_map
    )


def decode_target(
    coding: Coding,
    label_map: Integer[np.ndarray, "height width"],
    *,
    path: Path | str = "label map",
) -> Target:
    """Train ids and ood of a label map; ``path`` only names it in an error.

    Raises:
        BadFileError: if a value lies outside the coding.
    """
    check_values(coding, label_map, path=path)
    values = _class_part(coding, label_map)
    train_ids = None if coding.train_ids is None else coding.train_ids[values]
    return Target(train_ids=train_ids, ood=coding.ood[values])
