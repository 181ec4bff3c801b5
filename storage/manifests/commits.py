"""What a commit consists of: checked rows, written parts, and the version that lists them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeAlias

import pyarrow as pa
from upath import UPath

from storage.manifests.columns import arrow_schema, schema_version
from storage.manifests.fingerprint import fingerprint_of, fingerprint_of_parts
from storage.manifests.parts import read_part, write_part
from storage.manifests.pointers import ManifestVersion, Origin, Part, TableVersion
from storage.manifests.schemas import conform, refuse_duplicate_keys, sort_by_key, to_table

Rows: TypeAlias = Sequence[Any] | pa.Table
"""Records of one type, or a table with the columns of one."""


class CommitConflictError(RuntimeError):
    """Another writer committed first; nothing of this commit is visible."""


def record_type_of(record_types: Mapping[str, type], table: str) -> type:
    """Record type of a table.

    Raises:
        ValueError: if no such table is registered.
    """
    if table not in record_types:
        raise ValueError(
            f"need a table of {sorted(record_types)}, got {table!r}; "
            "new tables are registered in storage.manifests.schemas.TABLES"
        )
    return record_types[table]


def checked_rows(name: str, rows: Rows, record_type: type) -> pa.Table:
    """The rows under the schema of their record, sorted by key.

    Raises:
        ValueError: if the rows do not fit the schema, or two of them share a key.
    """
    if isinstance(rows, pa.Table):
        table = sort_by_key(conform(rows, arrow_schema(record_type), name))
    else:
        table = to_table(rows, record_type)
    refuse_duplicate_keys(table, name)
    return table


def written(folder: UPath, table: pa.Table) -> TableVersion:
    """Write sorted rows as a part, or as none where there are no rows."""
    parts = (write_part(folder, table),) if table.num_rows else ()
    return table_version(table, parts)


def table_version(table: pa.Table, parts: tuple[Part, ...]) -> TableVersion:
    """What a pointer tells of a table that consists of these parts."""
    return TableVersion(
        rows=table.num_rows,
        fingerprint=fingerprint_of(table),
        parts=parts,
        schema_version=schema_version(table.schema),
    )


def joined_rows(former: pa.Table, added: pa.Table, place: str) -> pa.Table:
    """Rows of both tables, sorted by key.

    Raises:
        ValueError: if a key occurs in both.
    """
    table = sort_by_key(pa.concat_tables([former, added]))
    refuse_duplicate_keys(table, place)
    return table


def read_rows(folder: UPath, version: ManifestVersion, name: str, schema: pa.Schema) -> pa.Table:
    """All rows of a table of a version, sorted by key; every part is checked.

    Raises:
        DamagedPartError: if a part is missing, cut off or altered.
        SchemaError: if a part does not fit the schema.
    """
    place = f"{version.asset}/{version.partition}, table {name}"
    cure = cure_of(version)
    parts = [
        conform(read_part(folder, part, cure=cure), schema, f"{place}, {part.path}")
        for part in version.tables[name].parts
    ]
    if len(parts) == 1:
        return parts[0]
    return sort_by_key(pa.concat_tables(parts)) if parts else schema.empty_table()


def cure_of(version: ManifestVersion) -> str:
    """What to do about a damaged part of a version."""
    former = f" or read version {version.version - 1}" if version.version > 1 else ""
    return f"materialize {version.asset}/{version.partition} again{former}"


def version_of(
    asset: str,
    partition: str,
    number: int,
    tables: Mapping[str, TableVersion],
    origin: Origin,
) -> ManifestVersion:
    """The version that a commit would create now."""
    return ManifestVersion(
        asset=asset,
        partition=partition,
        version=number,
        fingerprint=fingerprint_of_parts({name: t.fingerprint for name, t in tables.items()}),
        created=datetime.now(UTC).isoformat(),
        recipe=origin.get("recipe", ""),
        code_version=origin.get("code_version", ""),
        run_id=origin.get("run_id", ""),
        provenance=dict(origin.get("provenance") or {}),
        parents=dict(origin.get("parents") or {}),
        tables=dict(tables),
    )


def conflict(asset: str, partition: str, base: int, winner: ManifestVersion | None) -> str:
    """Says who committed first, and what the loser can do."""
    found = "there is no version any more"
    if winner is not None:
        run = winner.run_id or "without an id"
        found = f"version {winner.version} was committed at {winner.created} by run {run}"
    return (
        f"{asset}/{partition}: started from version {base}, but {found}. Nothing of this commit is "
        "visible; run it again, so that it starts from the latest version"
    )
