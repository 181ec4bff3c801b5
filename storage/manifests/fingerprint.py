"""What the rows of a table say, as one SHA-256.

The value depends on the rows alone: not on their order, on how they are split into parts, or on the
bytes of the Parquet files, which change with the version of the writer. Columns marked `Volatile`
and columns that are null throughout do not count, so that a nullable column added later changes
nothing. Dagster gets this value as the data version.
"""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from storage.manifests.columns import volatile_columns
from storage.manifests.schemas import sort_by_key

_FORMAT = b"multishift.fingerprint.1"


def fingerprint_of(table: pa.Table) -> str:
    """SHA-256 of the rows (64 hexadecimal digits)."""
    table = sort_by_key(table)
    digest = sha256(_FORMAT)
    _add(digest, str(table.num_rows).encode())
    volatile = volatile_columns(table.schema)
    for name in sorted(table.column_names):
        column = table.column(name).combine_chunks()
        if name not in volatile and column.null_count < len(column):
            _add(digest, name.encode())
            _add_column(digest, column)
    return digest.hexdigest()


def fingerprint_of_parts(fingerprints: Mapping[str, str]) -> str:
    """SHA-256 of named fingerprints, in whatever order they come."""
    digest = sha256(_FORMAT)
    for name, value in sorted(fingerprints.items()):
        _add(digest, name.encode())
        _add(digest, value.encode())
    return digest.hexdigest()


def _add(digest: Any, content: bytes | memoryview) -> None:
    """Length first, so that no two sequences of contents run together to the same bytes."""
    digest.update(len(content).to_bytes(8, "little"))
    digest.update(content)


def _add_array(digest: Any, values: Any, kind: str) -> None:
    _add(digest, np.ascontiguousarray(values, dtype=kind).tobytes())


def _add_column(digest: Any, column: pa.Array) -> None:
    """Type, which rows are null, and values with one fixed value in place of every null."""
    _add(digest, str(column.type).encode())
    _add_array(digest, column.is_valid().to_numpy(zero_copy_only=False), "u1")
    if pa.types.is_list(column.type):
        _add_lengths(digest, pc.list_value_length(column))
        _add_column(digest, column.flatten())
    elif pa.types.is_floating(column.type):
        values = column.fill_null(0.0).to_numpy(zero_copy_only=False).astype("<f8") + 0.0  # no -0.0
        _add_array(digest, np.where(np.isnan(values), np.nan, values), "<f8")
    elif pa.types.is_integer(column.type) or pa.types.is_boolean(column.type):
        _add_array(digest, column.cast(pa.int64()).fill_null(0), "<i8")
    else:
        _add_bytes(digest, column.cast(pa.binary()).fill_null(b""))


def _add_bytes(digest: Any, column: pa.BinaryArray) -> None:
    lengths = pc.binary_length(column)
    _add_lengths(digest, lengths)
    offsets = np.frombuffer(column.buffers()[1], dtype="<i4")
    start = int(offsets[column.offset])
    content = column.buffers()[2]
    n_bytes = int(pc.sum(lengths).as_py() or 0)
    _add(digest, memoryview(content)[start : start + n_bytes] if n_bytes else b"")


def _add_lengths(digest: Any, lengths: pa.Array) -> None:
    _add_array(digest, lengths.fill_null(0), "<i8")
