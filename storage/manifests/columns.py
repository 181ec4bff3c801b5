"""The Arrow schema of a record, derived from its annotations.

A schema describes itself: field metadata holds the text and the markers (`Key`, `Volatile`,
`BlobRef`, `InnerPath`) of every column, so that a part found alone in ten years still says what it
holds.
"""

from collections.abc import Mapping
from dataclasses import Field, fields
from functools import cache
from types import MappingProxyType, NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

import pyarrow as pa

from storage.records import BlobRef, InnerPath, Key, Volatile

ARROW_TYPES: Mapping[type, pa.DataType] = MappingProxyType(
    {
        str: pa.string(),
        int: pa.int64(),
        float: pa.float64(),
        bool: pa.bool_(),
        bytes: pa.binary(),
    }
)

DOC = b"doc"
MARKERS: Mapping[type, bytes] = MappingProxyType(
    {
        Key: b"multishift.key",
        Volatile: b"multishift.volatile",
        BlobRef: b"multishift.blob",
        InnerPath: b"multishift.path",
    }
)


def arrow_schema(record_type: type) -> pa.Schema:
    """Arrow schema of a record: columns in field order, with their texts and markers as metadata.

    The first field is the key where no field is marked `Key`. The version number is the record's
    class attribute ``SCHEMA_VERSION``, 1 where it has none.

    Raises:
        TypeError: if a field has a type that no column can hold, no text, or is a nullable key.
    """
    return _derived(record_type)


@cache
def _derived(record_type: type) -> pa.Schema:
    hints = get_type_hints(record_type, include_extras=True)
    columns = [_column(record_type, field, hints[field.name]) for field in fields(record_type)]
    if not any(_is_marked(column, Key) for column in columns):
        columns[0] = _with_marker(columns[0], Key)
    for column in columns:
        if _is_marked(column, Key) and column.nullable:
            raise TypeError(f"{record_type.__name__}.{column.name}: a key column cannot be None")
    version = getattr(record_type, "SCHEMA_VERSION", 1)
    metadata = {"multishift.record": record_type.__name__, "multishift.schema": str(version)}
    return pa.schema(columns, metadata=metadata)


def schema_version(schema: pa.Schema) -> int:
    """Version number of the record that the schema was derived from."""
    return int((schema.metadata or {}).get(b"multishift.schema", b"1"))


def key_columns(schema: pa.Schema) -> list[str]:
    """Columns that name a row within a partition, in order of sorting."""
    return _marked(schema, Key)


def volatile_columns(schema: pa.Schema) -> list[str]:
    """Columns that may differ between equal runs and are left out of fingerprints."""
    return _marked(schema, Volatile)


def blob_columns(schema: pa.Schema) -> list[str]:
    """Columns that hold names of blobs (one name or a list of names a row)."""
    return _marked(schema, BlobRef)


def path_columns(schema: pa.Schema) -> list[str]:
    """Columns that name a file below the data root."""
    return _marked(schema, InnerPath)


def _column(record_type: type, field: Field[Any], hint: Any) -> pa.Field:
    place = f"{record_type.__name__}.{field.name}"
    if get_origin(hint) is not Annotated or not isinstance(hint.__metadata__[0], str):
        raise TypeError(f"{place}: need Annotated[type, 'what it means'], got {hint}")
    text, *markers = hint.__metadata__
    inner, is_nullable = _without_none(hint.__origin__)
    column = pa.field(
        field.name, _arrow_type(inner, place), nullable=is_nullable, metadata={DOC: text}
    )
    for marker in markers:
        column = _with_marker(column, marker if isinstance(marker, type) else type(marker))
    return column


def _without_none(hint: Any) -> tuple[Any, bool]:
    if get_origin(hint) not in (Union, UnionType):
        return hint, False
    others = [option for option in get_args(hint) if option is not NoneType]
    return (others[0] if len(others) == 1 else hint), len(others) < len(get_args(hint))


def _arrow_type(hint: Any, place: str) -> pa.DataType:
    if hint in ARROW_TYPES:
        return ARROW_TYPES[hint]
    if get_origin(hint) is tuple and get_args(hint)[1:] == (Ellipsis,):
        return pa.list_(pa.field("element", _arrow_type(get_args(hint)[0], place), nullable=False))
    known = ", ".join(option.__name__ for option in ARROW_TYPES)
    raise TypeError(f"{place}: need one of {known}, tuple[X, ...] or X | None, got {hint}")


def _with_marker(column: pa.Field, marker: type) -> pa.Field:
    if marker not in MARKERS:
        raise TypeError(f"{column.name}: need a marker of storage.records, got {marker.__name__}")
    return column.with_metadata({**column.metadata, MARKERS[marker]: b"1"})


def _is_marked(column: pa.Field, marker: type) -> bool:
    return MARKERS[marker] in (column.metadata or {})


def _marked(schema: pa.Schema, marker: type) -> list[str]:
    return [column.name for column in schema if _is_marked(column, marker)]


def record_name(schema: pa.Schema) -> str:
    """Name of the record that the schema was derived from; '?' where it tells none."""
    name: bytes = (schema.metadata or {}).get(b"multishift.record", b"?")
    return name.decode()
