"""A training set as a torch Dataset, for our training and for that of other people.

    from assets.selecting.dataset import TrainingPairs

No definition of Dagster imports this module, and it imports no Dagster.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self

import cv2
import numpy as np
from jaxtyping import UInt8
from torch.utils.data import Dataset

from assets.selecting.originals import refuse_change
from assets.selecting.samples import ASSET, TABLE, sample_id
from assets.worker_store import store_of_item
from models.scenes import resize_nearest
from models.training_data import Pair
from storage.datasets.codings import CODINGS, check_values, decode_target
from storage.datasets.dataset import BadFileError
from storage.images import read_image, read_label
from storage.manifests.pointers import ManifestVersion
from storage.training_records import TrainingPair

Size = tuple[int, int]
"""Height and width in pixels."""

Image = UInt8[np.ndarray, "height width 3"]
Label = UInt8[np.ndarray, "height width"]


class TrainingPairs(Dataset[Any]):
    """Pairs of photograph and generated scene in the order of their rows, read when asked for.

    It can be pickled, so that any number of DataLoader workers may read it, and only reads.

    Attributes:
        rows: of the table `training_pairs`, one a pair.
        version: of the manifest that they are from; its fingerprint belongs into a checkpoint.
    """

    def __init__(
        self,
        rows: Sequence[TrainingPair],
        *,
        version: ManifestVersion,
        store_root: str,
        data_root: Path,
        size: Size | None = None,
        transform: Callable[[Pair], Any] | None = None,
    ) -> None:
        """Pairs of rows that are at hand; `open` reads them from a store."""
        self.rows, self.version = tuple(rows), version
        self.size, self.transform = size, transform
        self._store_root, self._data_root = store_root, data_root

    @classmethod
    def open(
        cls,
        store_root: str | Path,
        data_root: str | Path,
        selection: str,
        version: int | None = None,
        *,
        size: Size | None = None,
        transform: Callable[[Pair], Any] | None = None,
    ) -> Self:
        """The training set of a selection.

        Args:
            store_root: folder or URL of the store.
            data_root: folder of the data sets, where the photographs are.
            selection: name of the selection.
            version: of its manifest; the latest if not given.
            size: height and width of all four pictures; that of the photograph if not given, as
                published.
            transform: what becomes of each pair; it must be picklable where workers are processes.

        Raises:
            NoVersionError: if the selection was never materialized, or has no such version.
            DamagedPartError: if its rows cannot be read.
        """
        manifests = store_of_item(str(store_root), True).manifests
        found = manifests.wanted(ASSET, selection, version)
        rows = manifests.read_records(
            ASSET, TABLE, TrainingPair, partition=selection, version=found.version
        )
        return cls(
            rows,
            version=found,
            store_root=str(store_root),
            data_root=Path(data_root),
            size=size,
            transform=transform,
        )

    def __len__(self) -> int:
        """Number of pairs."""
        return len(self.rows)

    def __getitem__(self, index: int) -> Any:
        """The pair of a row, or what ``transform`` makes of it; errors as in `pair`."""
        pair = self.pair(index)
        return pair if self.transform is None else self.transform(pair)

    def pair(self, index: int) -> Pair:
        """The pictures of a row at one size; labels hold train ids, 254 unknown object, 255 void.

        Images are brought to the size bilinearly, or by areas where it is smaller; labels by
        nearest pixels.

        Raises:
            ValueError: naming sample and file, if one is missing, damaged, or another than was
                selected.
        """
        row = self.rows[index]
        try:
            original, original_label = self._original(row)
            generated, generated_label = self._generated(row)
        except (OSError, ValueError) as error:
            raise ValueError(f"sample {sample_id(row)}: {error}") from error
        size = self.size or (original.shape[0], original.shape[1])
        return Pair(
            sample_id=sample_id(row),
            original=_image_at(size, original),
            original_label=_label_at(size, original_label),
            generated=_image_at(size, generated),
            generated_label=_label_at(size, generated_label),
        )

    def _original(self, row: TrainingPair) -> tuple[Image, Label]:
        image_path, label_path = (
            self._data_root / row.source_image,
            self._data_root / row.source_label,
        )
        refuse_change(image_path, row.source_image_sha256)
        refuse_change(label_path, row.source_label_sha256)
        image, coding = read_image(image_path), CODINGS[row.source_label_coding]
        label = decode_target(coding, read_label(label_path), path=label_path).train_ids
        if label is None or label.shape != image.shape[:2]:
            fact = f"need the classes of an image of {image.shape[:2]} pixels"
            got = "no classes" if label is None else f"a label of {label.shape}"
            raise BadFileError(label_path, f"{fact}, got {got}", "fetch both files again")
        return image, label

    def _generated(self, row: TrainingPair) -> tuple[Image, Label]:
        blobs = store_of_item(self._store_root, True).blobs  # it only reads
        image = np.asarray(blobs.get_image(row.image_sha256))
        label = np.asarray(blobs.get_image(row.label_sha256))
        place = str(blobs.path(row.label_sha256))
        check_values(CODINGS["train_ids_with_ood"], label, path=place)
        if not image.shape[:2] == label.shape == (row.height_px, row.width_px):
            fact = f"need picture and label of {row.height_px}x{row.width_px}"
            got = f"got {image.shape} and {label.shape}"
            raise BadFileError(place, f"{fact}, {got}", f"materialize {row.asset} again")
        return image, label


def _image_at(size: Size, image: Image) -> Image:
    """The image at a size. Reference: Gao et al. 2024, first implementation, for enlarging."""
    if image.shape[:2] == size:
        return image
    is_smaller = size[0] < image.shape[0]
    way = cv2.INTER_AREA if is_smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size[::-1], interpolation=way), np.uint8)


def _label_at(size: Size, label: Label) -> Label:
    if label.shape == size:
        return label
    return resize_nearest(label, height_px=size[0], width_px=size[1])
