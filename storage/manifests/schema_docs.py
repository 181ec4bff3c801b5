"""The tables of `docs/manifests.md`, written from the schemas.

``python -m storage.manifests.schema_docs docs/manifests.md`` rewrites them in place.
"""

import sys
from pathlib import Path

import pyarrow as pa
from upath import UPath

from storage.atomic import write_atomically
from storage.manifests.columns import blob_columns, key_columns, path_columns, volatile_columns
from storage.manifests.schemas import TABLES, arrow_schema

BEGIN = "<!-- begin of the generated tables -->"
END = "<!-- end of the generated tables -->"


def render_tables() -> str:
    """Markdown of all manifest tables: column, type, whether it may be null, meaning."""
    sections = [_section(name, record_type) for name, record_type in sorted(TABLES.items())]
    return "\n\n".join(sections)


def with_tables(text: str) -> str:
    """The document with current tables between its two markers.

    Raises:
        ValueError: if a marker is missing.
    """
    if BEGIN not in text or END not in text:
        raise ValueError(f"need the markers {BEGIN!r} and {END!r} in the document")
    before, rest = text.split(BEGIN, 1)
    _, after = rest.split(END, 1)
    return f"{before}{BEGIN}\n\n{render_tables()}\n\n{END}{after}"


def rewrite(path: Path) -> None:
    """Bring the tables of a document up to date.

    Raises:
        ValueError: if it lacks a marker; the file stays as it is.
    """
    text = with_tables(path.read_text(encoding="utf-8"))
    write_atomically(UPath(path.resolve()), text.encode())


def _section(name: str, record_type: type) -> str:
    schema = arrow_schema(record_type)
    summary = (record_type.__doc__ or "").strip().splitlines()[0]
    rows = [_row(schema, column) for column in schema]
    head = ["| column | type | null | meaning |", "| --- | --- | --- | --- |"]
    title = f"### `{name}`: `{record_type.__name__}`"
    return "\n".join([title, "", summary, "", *head, *rows])


def _row(schema: pa.Schema, column: pa.Field) -> str:
    meaning = column.metadata[b"doc"].decode().replace("|", "\\|").replace("<", "\\<")
    roles = {
        "key": key_columns(schema),
        "blob": blob_columns(schema),
        "volatile": volatile_columns(schema),
        "path": path_columns(schema),
    }
    told = "".join(f" *({role})*" for role, columns in roles.items() if column.name in columns)
    null = "yes" if column.nullable else ""
    return f"| `{column.name}` | {_type_name(column.type)} | {null} | {meaning}{told} |"


def _type_name(kind: pa.DataType) -> str:
    return f"list of {kind.value_type}" if pa.types.is_list(kind) else str(kind)


if __name__ == "__main__":
    rewrite(Path(sys.argv[1]))
