"""Parquet parts: immutable files named by their content, checked whenever they are read."""

import io
from hashlib import sha256
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from upath import UPath

from storage.atomic import write_atomically
from storage.limits import MAX_TABLE_BYTES
from storage.manifests.columns import key_columns
from storage.manifests.pointers import Part
from storage.manifests.unpacking import BombError, open_parquet, refuse_bomb

ROW_GROUP_ROWS = 8192
PARTS_FOLDER = "parts"
_DIGITS = 32


class DamagedPartError(ValueError):
    """A part is missing, cut off or altered: its rows cannot be trusted and are not read."""


def write_part(folder: UPath, table: pa.Table) -> Part:
    """Write the rows as one part below ``folder`` and tell what a pointer must know of it.

    Equal content has an equal name. It is written again even where it exists, so that vacuum, which
    goes by age, never takes away what is about to be committed.
    """
    content = _encode(table)
    digest = sha256(content).hexdigest()
    path = f"{PARTS_FOLDER}/part-{digest[:_DIGITS]}.parquet"
    write_atomically(folder / path, content)
    return Part(path=path, size=len(content), sha256=digest, rows=table.num_rows)


def read_part(folder: UPath, part: Part, *, cure: str) -> pa.Table:
    """All rows of a part, after its size, SHA-256 and number of rows were checked.

    Raises:
        DamagedPartError: naming the part, what was expected and found, and ``cure``.
    """
    path = folder / part.path
    content = _checked_content(path, part, cure)
    try:
        file = open_parquet(content)
        if (n_rows := file.metadata.num_rows) != part.rows:
            raise DamagedPartError(f"{path}: need {part.rows} rows, got {n_rows}; {cure}")
        refuse_bomb(content, MAX_TABLE_BYTES)
        return file.read(use_threads=False)
    except BombError as error:
        raise DamagedPartError(f"{path}: {error}; {cure}") from error
    except pa.ArrowException as error:
        raise DamagedPartError(f"{path}: not readable as Parquet ({error}); {cure}") from error


def _checked_content(path: UPath, part: Part, cure: str) -> bytes:
    try:
        content: bytes = path.fs.cat_file(path.path)
    except FileNotFoundError as error:
        raise DamagedPartError(
            f"{path}: need a part of {part.size} bytes, the file is missing; {cure}"
        ) from error
    if len(content) != part.size:
        raise DamagedPartError(f"{path}: need {part.size} bytes, got {len(content)}; {cure}")
    found = sha256(content).hexdigest()
    if found != part.sha256:
        raise DamagedPartError(f"{path}: need SHA-256 {part.sha256}, got {found}; {cure}")
    return content


def _encode(table: pa.Table) -> bytes:
    stream = io.BytesIO()
    keys = [(key, "ascending") for key in key_columns(table.schema)]
    options: dict[str, Any] = {
        "compression": "zstd",
        "row_group_size": ROW_GROUP_ROWS,
        "write_page_index": True,
        "sorting_columns": pq.SortingColumn.from_ordering(table.schema, keys),
    }
    pq.write_table(table, stream, **options)
    return stream.getvalue()
