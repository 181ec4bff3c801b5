"""Cityscapes label ids of a frame, from whichever of its label files a copy has."""

from functools import cache
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from storage.datasets.codings import CODINGS, check_values
from storage.datasets.dataset import BadFileError
from storage.images import read_label
from storage.label_space import TRAIN_CLASSES
from storage.records import Frame

_N_PER_INSTANCE = 1000
_CODINGS = ("cityscapes_label_ids", "cityscapes_train_ids", "cityscapes_instance_ids")


def read_label_ids(root: Path, frame: Frame) -> UInt8[np.ndarray, "height width"]:
    """Label ids (0 to 33) of a frame of Cityscapes.

    From train ids only the 19 scored classes can be told; the rest becomes 0 (unlabeled).

    Raises:
        BadFileError: if the label is missing, cannot be decoded, or leaves its coding.
    """
    if frame.label is None or frame.coding not in _CODINGS:
        fact = f"need a label in a coding of {_CODINGS}, got {frame.label} in {frame.coding!r}"
        raise BadFileError(root / frame.image, fact, "fetch gtFine_trainvaltest.zip")
    path = root / frame.label
    values = read_label(path)
    check_values(CODINGS[frame.coding], values, path=path)
    if frame.coding == "cityscapes_train_ids":
        ids: UInt8[np.ndarray, "height width"] = _from_train_ids()[values]
        return ids
    if values.dtype == np.uint8:
        return values
    classes = np.where(values >= _N_PER_INSTANCE, values // _N_PER_INSTANCE, values)
    return classes.astype(np.uint8)


@cache
def _from_train_ids() -> UInt8[np.ndarray, "256"]:
    table = np.zeros(256, np.uint8)
    for label in TRAIN_CLASSES:
        table[label.train_id] = label.label_id
    table.flags.writeable = False
    return table
