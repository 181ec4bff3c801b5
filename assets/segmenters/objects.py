"""The crops of the bank as objects to paste into originals, read when one is drawn."""

from collections.abc import Sequence
from typing import overload

import numpy as np

from assets.segmenters.crops import Crop
from assets.worker_store import store_of_item
from models.training_data import PastedObject

_OPAQUE = 128


class BankObjects(Sequence[PastedObject]):
    """Objects of the bank by their place in it; each is read from the store when asked for."""

    def __init__(self, store_root: str, crops: Sequence[Crop]) -> None:
        """Objects of crops that `assets.segmenters.crops.kept_crops` listed."""
        self._store_root, self._crops = store_root, tuple(crops)

    def __len__(self) -> int:
        """Number of objects."""
        return len(self._crops)

    @overload
    def __getitem__(self, index: int) -> PastedObject: ...

    @overload
    def __getitem__(self, index: slice) -> "BankObjects": ...

    def __getitem__(self, index: int | slice) -> "PastedObject | BankObjects":
        """An object, or the objects of a slice, which are not read.

        Raises:
            ValueError: naming the object, if its crop cannot be used.
        """
        if isinstance(index, slice):
            return BankObjects(self._store_root, self._crops[index])
        object_id, name = self._crops[index]
        blobs = store_of_item(self._store_root, True).blobs  # it only reads
        try:
            crop = np.asarray(blobs.get_image(name))
            return PastedObject(
                object_id=object_id,
                image=np.ascontiguousarray(crop[..., :3]),
                mask=crop[..., 3] >= _OPAQUE,
            )
        except (OSError, ValueError, IndexError) as error:
            raise ValueError(f"object {object_id}: {error}") from error
