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
        # Without threads: pyarrow 26 at times aborts the process at its end when its reader threads
        # were started, with the rows read and right but the exit code of a crash.
        file = pq.ParquetFile(pa.BufferReader(content), pre_buffer=False)
        _refuse_bomb(path, file.metadata, part, cure)
        return file.read(use_threads=False)
    except pa.ArrowException as error:
        raise DamagedPartError(f"{path}: not readable as Parquet ({error}); {cure}") from error


def unpacked_bytes(metadata: pq.FileMetaData) -> int:
    """Bytes that a Parquet file declares for all its columns, without compression."""
    groups = range(metadata.num_row_groups)
    return sum(metadata.row_group(number).total_byte_size for number in groups)


def _refuse_bomb(path: UPath, metadata: pq.FileMetaData, part: Part, cure: str) -> None:
    """Judge a part by what it declares, before any of it is unpacked."""
    if metadata.num_rows != part.rows:
        raise DamagedPartError(f"{path}: need {part.rows} rows, got {metadata.num_rows}; {cure}")
    if (n_bytes := unpacked_bytes(metadata)) > MAX_TABLE_BYTES:
        fact = f"need at most {MAX_TABLE_BYTES} bytes of rows, the part declares {n_bytes}"
        raise DamagedPartError(f"{path}: {fact}; {cure}")


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
