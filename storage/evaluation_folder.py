"""A folder with the numbers of an evaluation: reports, rows as Parquet, and the pictures shown.

It appears whole or not at all, and takes the place of a former evaluation alone.
"""

import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from upath import UPath

from storage.atomic import TEMPORARY_PREFIX, write_atomically
from storage.folders import replaced_folder
from storage.manifests.schemas import TABLES, to_table

PICTURES = "pictures"
_SUFFIX = ".parquet"


def refuse_foreign_folder(folder: Path, reports: Iterable[str], tables: Iterable[str]) -> None:
    """Nothing, if the folder can take an evaluation: it is new, empty, or holds a former one.

    Raises:
        ValueError: naming a file that is of no evaluation.
    """
    if folder.exists() and not folder.is_dir():
        raise ValueError(f"{folder}: need a folder to write, got a file")
    ours = {*reports, *(f"{name}{_SUFFIX}" for name in tables), PICTURES}
    found = sorted(path.name for path in folder.iterdir()) if folder.exists() else []
    foreign = [n for n in found if n not in ours and not n.startswith(TEMPORARY_PREFIX)]
    if foreign:
        raise ValueError(
            f"{folder}: need a new or empty folder, or that of a former evaluation, found "
            f"{foreign[0]}; choose another one, since all of it is replaced"
        )


def write_evaluation(
    folder: Path,
    *,
    reports: Mapping[str, str],
    tables: Mapping[str, Sequence[Any]],
    pictures: Mapping[str, bytes],
) -> None:
    """Write an evaluation in the place of a former one, all of it or nothing.

    Args:
        folder: that `refuse_foreign_folder` lets pass.
        reports: text of each file.
        tables: rows of each table of the manifests.
        pictures: WebP bytes by SHA-256.

    Raises:
        ValueError: if the folder holds other files, or a row does not fit its table.
        StoreFullError: if there is no room.
    """
    refuse_foreign_folder(folder, reports, tables)
    with replaced_folder(folder.absolute()) as staged:
        for name, text in reports.items():
            write_atomically(UPath(staged / name), text.encode())
        for name, rows in tables.items():
            stream = io.BytesIO()
            pq.write_table(to_table(rows, TABLES[name]), stream, compression="zstd")
            write_atomically(UPath(staged / f"{name}{_SUFFIX}"), stream.getvalue())
        for name, content in sorted(pictures.items()):
            write_atomically(UPath(staged / PICTURES / f"{name}.webp"), content)
