"""Photographs of the chosen frames: where they lie, which bytes they are, what must not be used."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from storage.datasets.cityscapes import CITYSCAPES
from storage.datasets.codings import CODINGS, check_values
from storage.datasets.dataset import BadFileError
from storage.datasets.registry import DATASETS, is_complete
from storage.images import file_sha256, read_label
from storage.records import Frame

TRAIN_SPLIT = "train"
_BENCHMARKS = {"ood", "closed_set"}


@dataclass(frozen=True, kw_only=True)
class OriginalItem:
    """One frame whose photograph and label are to be read; None where the data root lacks it."""

    frame_id: str
    frame: Frame | None
    data_root: str


@dataclass(frozen=True, kw_only=True)
class Original:
    """Photograph and label of a frame, by path below the data root and by content."""

    frame_id: str
    image: str
    image_sha256: str
    label: str
    label_sha256: str
    coding: str


def original_key(item: OriginalItem) -> str:
    """Key of an item: its frame."""
    return item.frame_id


def read_original(item: OriginalItem) -> Original:
    """Photograph and label of a frame, after every value of the label was looked at.

    Runs on workers; a pure function of its item.

    Raises:
        BadFileError: if a file is missing or cannot be read, or the label leaves its coding.
    """
    root, frame = Path(item.data_root), item.frame
    if frame is None or frame.label is None or not is_complete(root, frame):
        fact = "need photograph and label of the frame below the data root, found none"
        cure = "put Cityscapes there as docs/data.md shows, or veto the scenes of the frame"
        raise BadFileError(f"frame {item.frame_id}", fact, cure)
    try:
        label = read_label(root / frame.label)
        check_values(CODINGS[frame.coding], label, path=root / frame.label)
        return Original(
            frame_id=item.frame_id,
            image=frame.image,
            image_sha256=file_sha256(root / frame.image),
            label=frame.label,
            label_sha256=file_sha256(root / frame.label),
            coding=frame.coding,
        )
    except BadFileError as error:
        # Rows name files below the data root, so that they stay the same when it is moved.
        shown = Path(error.path).relative_to(root).as_posix()
        raise BadFileError(shown, error.fact, error.cure) from error


def known_frames(data_root: Path) -> dict[str, Frame]:
    """Frames of Cityscapes below the data root by name.

    Raises:
        ValueError: if Cityscapes is not there.
    """
    folder = CITYSCAPES.locate(data_root)
    if folder is None:
        raise ValueError(
            f"{data_root}: need Cityscapes, whose photographs are one half of every pair, found "
            "no folder with its layout; docs/data.md shows where it belongs"
        )
    return {frame.frame_id: frame for frame in CITYSCAPES.frames(data_root, folder)}


def held_out_frames(known: Mapping[str, Frame]) -> frozenset[str]:
    """Frames outside the split train: no network may see them before it is measured."""
    return frozenset(name for name, frame in known.items() if frame.split != TRAIN_SPLIT)


def measured_photographs(data_root: Path, sizes: Collection[int]) -> dict[str, str]:
    """SHA-256 -> path of what networks are measured on: benchmarks, held-out Cityscapes.

    Only files with one of these ``sizes`` in bytes are read, since others cannot be equal.
    """
    wanted, found = set(sizes), {}
    for dataset in DATASETS:
        folder = dataset.locate(data_root)
        if folder is None or not _BENCHMARKS & set(dataset.kinds):
            continue
        for frame in dataset.frames(data_root, folder):
            path = data_root / frame.image
            is_trained_on = (dataset.name, frame.split) == (CITYSCAPES.name, TRAIN_SPLIT)
            if not is_trained_on and path.is_file() and path.stat().st_size in wanted:
                found[file_sha256(path)] = frame.image
    return found


def refuse_change(path: Path, wanted: str) -> None:
    """Nothing, if the file has that SHA-256; it is read again only after it was written again.

    Raises:
        BadFileError: if it has another, or cannot be read.
    """
    try:
        facts = path.stat()
    except OSError as error:
        fact = f"cannot be read ({error.strerror})"
        raise BadFileError(path, fact, "put the file back, or check the data root") from error
    found = _sha256_once(path, facts.st_size, facts.st_mtime_ns)
    if found != wanted:
        fact = f"need the file that was selected, with SHA-256 {wanted}, got {found}"
        raise BadFileError(path, fact, "put it back, or materialize training_set again")


@lru_cache(maxsize=1 << 16)
def _sha256_once(path: Path, _size: int, _changed_ns: int) -> str:
    return file_sha256(path)
