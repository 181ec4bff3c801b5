"""Folders of this machine that appear whole or not at all."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from storage.atomic import TEMPORARY_PREFIX


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
