"""Folders of this machine that appear whole or not at all, and those that live while one works."""

import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from storage.atomic import TEMPORARY_PREFIX

_HELD = "held.lock"
"""File in a folder of `held_folder`, locked as long as its process lives."""

_NAME = re.compile("[0-9a-f]{32}")


@contextmanager
def replaced_folder(folder: Path) -> Iterator[Path]:
    """An empty folder to fill, which takes the place of ``folder`` when the block ends well.

    If it fails, or the machine stops, a former folder stays as it was; between the two renames at
    the end it lies beside, under a temporary name.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    staged, former = (folder.parent / f"{TEMPORARY_PREFIX}{uuid4().hex}" for _ in range(2))
    staged.mkdir()
    try:
        yield staged
        if folder.exists():
            folder.rename(former)
        staged.rename(folder)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
        if not folder.exists() and former.exists():
            former.rename(folder)
        shutil.rmtree(former, ignore_errors=True)


@contextmanager
def held_folder(root: Path) -> Iterator[Path]:
    """A new folder below ``root`` that is this block's alone, and gone with all it holds after it.

    Folders that a killed process left there are removed first; those of living ones stay. Where a
    file system knows no locks, nothing of others is removed.
    """
    root.mkdir(parents=True, exist_ok=True)
    folder = root / uuid4().hex
    with _locked(root.with_name(f".{root.name}.lock")) as is_alone:
        if is_alone:
            _remove_abandoned(root)
        folder.mkdir()
        holding = os.open(folder / _HELD, os.O_RDWR | os.O_CREAT, 0o600)
        _try_lock(holding, fcntl.LOCK_EX)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(holding)


@contextmanager
def _locked(path: Path) -> Iterator[bool]:
    """Wait until no other process is here; false where the file system knows no locks."""
    with path.open("wb") as stream:
        yield _try_lock(stream.fileno(), fcntl.LOCK_EX)


def _remove_abandoned(root: Path) -> None:
    """Remove the folders of `held_folder` that nobody holds any more; what else is there stays.

    Called alone: a folder without its file is one that somebody began to remove.
    """
    for folder in root.iterdir():
        if _NAME.fullmatch(folder.name) and not _is_held(folder / _HELD):
            shutil.rmtree(folder, ignore_errors=True)


def _is_held(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not _try_lock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    finally:
        os.close(descriptor)


def _try_lock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind)
    except OSError:
        return False
    return True


def kept_folder(folder: Path) -> Path:
    """The folder, made with those above it where it is absent; what it holds stays.

    Raises:
        OSError: if it cannot be made, or something else has its name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    return folder
