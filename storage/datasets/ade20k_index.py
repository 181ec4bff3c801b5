"""Tables that come with the full ADE20K release: the pickled index and the lists of its classes.

The reader of images needs neither of them; they serve to look around and to check the class coding.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from storage.datasets.dataset import BadFileError
from storage.datasets.unpickle import read_pickle

_CURE = "fetch the file of the official release"


@dataclass(frozen=True, eq=False)
class Ade20kIndex:
    """``index_ade20k.pkl``: one entry per image in the first three, one per class in the fourth.

    ``presence`` has shape (classes, images): how many objects of a class an image has.
    """

    filenames: tuple[str, ...]
    folders: tuple[str, ...]
    scenes: tuple[str, ...]
    class_names: tuple[str, ...]
    presence: np.ndarray


def read_index(path: Path) -> Ade20kIndex:
    """The pickled index, read without running what it may hold.

    Raises:
        BadFileError: if it is no such index; see also `storage.datasets.unpickle.read_pickle`.
    """
    content = read_pickle(path)
    try:
        index = Ade20kIndex(
            filenames=_texts(content["filename"]),
            folders=_texts(content["folder"]),
            scenes=_texts(content["scene"]),
            class_names=_texts(content["objectnames"]),
            presence=np.asarray(content["objectPresence"]),
        )
    except (KeyError, TypeError, ValueError, IndexError) as error:
        fact = f"need the keys of index_ade20k.pkl, found {type(error).__name__}: {error}"
        raise BadFileError(path, fact, _CURE) from error
    _check_lengths(path, index)
    return index


def read_class_names(path: Path) -> tuple[str, ...]:
    """Fine class names in the order of their index; ``names[k - 1]`` is the class of index k.

    Reads the text form (one class per line, UTF-8 or Latin-1) and the ``.mat`` index, whose names
    are its ``objectnames``.

    Raises:
        BadFileError: if the file is absent, broken, or holds no list of names.
    """
    names = _names_of_mat(path) if path.suffix == ".mat" else _names_of_text(path)
    if len(names) < 2:
        raise BadFileError(path, f"need one name per class, got {len(names)} names", _CURE)
    return names


def _check_lengths(path: Path, index: Ade20kIndex) -> None:
    n_images, n_classes = len(index.filenames), len(index.class_names)
    is_whole = (
        len(index.folders) == len(index.scenes) == n_images
        and index.presence.dtype.kind in "biuf"
        and index.presence.shape == (n_classes, n_images)
    )
    if not is_whole:
        fact = (
            f"need one entry per image, got {n_images} file names, {len(index.folders)} folders, "
            f"{len(index.scenes)} scenes, {n_classes} classes and counts of shape "
            f"{index.presence.shape}"
        )
        raise BadFileError(path, fact, _CURE)


def _names_of_text(path: Path) -> tuple[str, ...]:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadFileError(path, f"cannot be read ({error.strerror})", _CURE) from error
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    return tuple(line.rstrip("\r") for line in text.removesuffix("\n").split("\n"))


def _names_of_mat(path: Path) -> tuple[str, ...]:
    from scipy.io import loadmat
    from scipy.io.matlab import MatReadError

    try:
        content = loadmat(path, squeeze_me=True, struct_as_record=True)
        return _texts(np.atleast_1d(content["index"]["objectnames"].item()))
    except (
        OSError, KeyError, ValueError, TypeError, IndexError, NotImplementedError, MatReadError,
    ) as error:  # fmt: skip
        fact = f"need the .mat index of the release, found {type(error).__name__}: {error}"
        raise BadFileError(path, fact, _CURE) from error


def _texts(values: Any) -> tuple[str, ...]:
    return tuple(str(value) for value in values)
