"""What trainings learn from, read once by a process and held in memory."""

from functools import lru_cache
from pathlib import Path

from assets.closed_set.frames import Labels, Photographs, read_frames
from assets.experiment.item import TrainedOn, TrialItem
from assets.segmenters.crops import kept_crops
from assets.segmenters.objects import BankObjects
from assets.selecting.dataset import TrainingPairs
from assets.selecting.samples import data_version_of
from assets.worker_store import store_of_item
from models.training_data import Pair, PastedObject
from storage.datasets.cityscapes import CITYSCAPES
from storage.datasets.registry import complete_frames
from storage.world import read_world

TRAIN_SPLIT = "train"

N_SETS = 2
"""Sets of pairs that a process holds: some arms share one, and 300 pairs take 80 MB."""


class HeldPairs:
    """Pairs in memory, a `assets.segmenters.batches.PairSource`."""

    def __init__(self, pairs: tuple[Pair, ...]) -> None:
        """Hold pairs."""
        self._pairs = pairs

    def __len__(self) -> int:
        """Number of pairs."""
        return len(self._pairs)

    def pair(self, index: int) -> Pair:
        """A pair."""
        return self._pairs[index]


def photographs(item: TrialItem) -> tuple[Photographs, Labels]:
    """All training photographs of a world, and their train ids with 255 as void.

    Raises:
        BadFileError: if one cannot be used.
        FileNotFoundError: if Cityscapes is not below the data root.
    """
    _, images, labels = _photographs(item.data_root, repr(sorted(item.world.items())))
    return images, labels


def pairs_of(item: TrialItem) -> HeldPairs:
    """Pairs that a trial learns from; each photograph with itself where it has no training set.

    Raises:
        ValueError: if a picture is missing, damaged, or another than was selected.
    """
    if item.pairs is not None:
        return _selected(item.store_root, item.data_root, item.pairs)
    names, images, labels = _photographs(item.data_root, repr(sorted(item.world.items())))
    pictures = zip(names, images, labels, strict=True)
    return HeldPairs(tuple(Pair.of_photograph(*one) for one in pictures))


def objects_of(item: TrialItem) -> tuple[PastedObject, ...]:
    """Objects that a trial pastes.

    Raises:
        ValueError: naming the object, if its crop cannot be used.
    """
    if item.objects is None:
        return ()
    return _objects(item.store_root, item.single_writer, item.objects.version)


@lru_cache(maxsize=1)
def _photographs(data_root: str, _world: str) -> tuple[tuple[str, ...], Photographs, Labels]:
    root = Path(data_root)
    frames = [one for one in complete_frames(root, CITYSCAPES) if one.split == TRAIN_SPLIT]
    images, labels = read_frames(root, frames, read_world(root).scene_height_px)
    names = tuple(frame.frame_id for frame in frames)
    return names, images, labels


@lru_cache(maxsize=N_SETS)
def _selected(store_root: str, data_root: str, wanted: TrainedOn) -> HeldPairs:
    pairs = TrainingPairs.open(store_root, data_root, wanted.selection, wanted.version)
    if data_version_of(pairs.version) != wanted.rows_fingerprint:
        raise ValueError(
            f"training_set, selection {wanted.selection}, version {wanted.version}: need rows with "
            f"digest {wanted.rows_fingerprint}, got {data_version_of(pairs.version)}; materialize "
            "the experiment again"
        )
    return HeldPairs(tuple(pairs.pair(number) for number in range(len(pairs))))


@lru_cache(maxsize=1)
def _objects(store_root: str, single_writer: bool, version: int) -> tuple[PastedObject, ...]:
    store = store_of_item(store_root, single_writer)
    return tuple(BankObjects(store_root, kept_crops(store, version)))
