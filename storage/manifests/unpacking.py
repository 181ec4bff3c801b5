"""How many bytes a Parquet file unpacks to, told before they fill the memory.

What a file declares is not enough: a long text that stands once in a dictionary may be named by
every row. So where declared sizes leave room for that, texts are counted by their dictionaries.
"""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

Source: TypeAlias = bytes | Path

_WIDTHS = {"BOOLEAN": 1, "INT32": 4, "INT64": 8, "INT96": 12, "FLOAT": 4, "DOUBLE": 8}
_TEXT = "BYTE_ARRAY"
_OFFSET_BYTES = 4


class BombError(ValueError):
    """A file would fill the memory."""


def open_parquet(source: Source, **options: Any) -> pq.ParquetFile:
    """The file, to be read without threads.

    pyarrow 26 at times aborts the process at its end when its reader threads were started, with the
    rows read and right but the exit code of a crash.
    """
    place = pa.BufferReader(source) if isinstance(source, bytes) else source
    return pq.ParquetFile(place, pre_buffer=False, **options)


def refuse_bomb(source: Source, limit: int, columns: Sequence[str] | None = None) -> None:
    """Nothing, if the rows, of these columns or all, take at most ``limit`` bytes in memory.

    Raises:
        BombError: if they take more, or a column holds neither values nor lists of values.
        ArrowException: if it is no Parquet file.
    """
    with open_parquet(source) as file:
        fields = [item for item in file.schema_arrow if columns is None or item.name in columns]
        _refuse_deep(fields)
        names = [item.name for item in fields]
        chunks = list(_chunks(file, names))
    n_bytes = sum(least for _, least, _ in chunks)
    if n_bytes <= limit < sum(most for _, _, most in chunks):
        texts = sorted({path for path, least, most in chunks if most > least})
        n_bytes = _counted(source, names, texts, limit)
    if n_bytes > limit:
        raise BombError(f"need at most {limit} bytes of rows, got {n_bytes} or more")


def _chunks(file: pq.ParquetFile, names: Sequence[str]) -> Iterator[tuple[str, int, int]]:
    """Of each chunk of a column its path, and the least and the most that it can unpack to."""
    for group in map(file.metadata.row_group, range(file.metadata.num_row_groups)):
        for place in range(group.num_columns):
            chunk = group.column(place)
            if chunk.path_in_schema.split(".")[0] not in names:
                continue
            length = file.schema.column(place).length or 0
            width = _WIDTHS.get(chunk.physical_type, max(length, _OFFSET_BYTES))
            least = max(chunk.total_uncompressed_size, width * chunk.num_values)
            is_text = chunk.physical_type == _TEXT
            repeated = chunk.num_values * chunk.total_uncompressed_size if is_text else 0
            yield chunk.path_in_schema, least, max(least, repeated)


def _counted(source: Source, names: list[str], texts: list[str], limit: int) -> int:
    """Bytes of the rows, counted without writing a text twice; it ends beyond the limit."""
    n_bytes = 0
    with open_parquet(source, read_dictionary=texts) as file:
        for batch in _batches(file, names):
            n_bytes += sum(map(_plain_bytes, batch.columns))
            if n_bytes > limit:
                break
    return n_bytes


def _batches(file: pq.ParquetFile, names: list[str]) -> Iterator[Any]:
    """Rows piece by piece; no piece crosses row groups, whose dictionaries differ."""
    for group in range(file.num_row_groups):
        yield from file.iter_batches(row_groups=[group], columns=names, use_threads=False)


def _plain_bytes(array: Any) -> int:
    """Bytes that an array takes once every text is written out."""
    if pa.types.is_list(array.type):
        return _OFFSET_BYTES * len(array) + _plain_bytes(array.flatten())
    if not pa.types.is_dictionary(array.type):
        return int(array.nbytes)
    lengths = pc.take(pc.binary_length(array.dictionary), array.indices)
    return _OFFSET_BYTES * len(array) + int(pc.sum(pc.cast(lengths, pa.int64())).as_py() or 0)


def _refuse_deep(fields: Iterable[pa.Field]) -> None:
    for item in fields:
        inner = item.type.value_type if pa.types.is_list(item.type) else item.type
        if pa.types.is_nested(inner):
            raise BombError(f"column {item.name!r}: need values or lists of them, got {item.type}")
