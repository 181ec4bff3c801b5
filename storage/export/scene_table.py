"""The table beside the pictures: every fact of every scene, and the files that belong to it."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from storage.export.plan import PlannedScene
from storage.manifests.columns import DOC, arrow_schema, blob_columns
from storage.manifests.unpacking import open_parquet, refuse_bomb
from storage.scene_records import LabelledScene

PARQUET, CSV = "scenes.parquet", "scenes.csv"

MAX_IMPORTED_ROWS = 10_000_000
MAX_IMPORTED_BYTES = 2**30
"""Largest table that an import reads; one of ours takes about 500 bytes a scene."""

_FILE_COLUMNS = {
    "name": "file name of the scene, without suffix",
    "split": "split of the frame: train, val or test",
    "image": "picture (RGB PNG), relative to this folder",
    "label": "label (gray PNG): train ids 0 to 18, 254 unknown object, 255 void",
    "sam_layout": "layout with SAM's masks in (254, 254, 254); empty if unknown",
    "layout": "layout with the pasted masks, as the generator got it; empty if unknown",
}
_OPTIONAL = ("sam_layout", "layout")
_ROW_SCHEMA = arrow_schema(LabelledScene)
_LEFT_OUT = {*blob_columns(_ROW_SCHEMA), "object_mask_rles"}

SCENE_SCHEMA = pa.schema(
    [
        *(
            pa.field(name, pa.string(), nullable=name in _OPTIONAL, metadata={DOC: text})
            for name, text in _FILE_COLUMNS.items()
        ),
        *(
            field.with_metadata({DOC: (field.metadata or {})[DOC]})
            for field in _ROW_SCHEMA
            if field.name not in _LEFT_OUT
        ),
    ]
)
"""Columns of the table; sizes and counts of pixels are those of the files beside it."""


@dataclass(frozen=True, kw_only=True)
class StatedFacts:
    """What an export says of a scene beyond its file name."""

    prompt: str | None
    place: str | None
    weather: str | None
    time: str | None
    seed: int | None
    licenses: tuple[str, ...]


def scene_table(scenes: Sequence[PlannedScene], counts: Sequence[tuple[int, int]]) -> pa.Table:
    """One row a scene; ``counts`` are pixels of unknown objects and of void in its label file."""
    rows = [_row(scene, *found) for scene, found in zip(scenes, counts, strict=True)]
    return pa.Table.from_pylist(rows, schema=SCENE_SCHEMA)


def _row(scene: PlannedScene, n_ood_px: int, n_void_px: int) -> dict[str, Any]:
    height, width = scene.size
    row = replace(
        scene.row, height_px=height, width_px=width, n_ood_px=n_ood_px, n_void_px=n_void_px
    )
    files = {file.kind: file.path for file in scene.files}
    facts = {name: getattr(row, name) for name in _ROW_SCHEMA.names if name not in _LEFT_OUT}
    return {"name": scene.name, "split": scene.split, **files, **facts}


def as_parquet(table: pa.Table) -> bytes:
    """The table as a Parquet file that explains its own columns."""
    stream = io.BytesIO()
    pq.write_table(table, stream, compression="zstd")
    return stream.getvalue()


def as_csv(table: pa.Table) -> bytes:
    """The table as CSV; lists are JSON arrays, what is unknown is empty."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(table.column_names)
    for row in table.to_pylist():
        writer.writerow([_cell(value) for value in row.values()])
    return stream.getvalue().encode()


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else value


def read_stated_facts(folder: Path) -> Mapping[str, StatedFacts]:
    """Name of a scene -> what the table of an export says of it; empty where there is no table.

    Raises:
        ValueError: if the table is there and cannot be read.
    """
    path = folder / PARQUET
    if not path.exists():
        return {}
    columns = ["name", *StatedFacts.__dataclass_fields__]
    try:
        schema = pa.schema([SCENE_SCHEMA.field(name) for name in columns])
        rows = _read(path, columns).cast(schema).to_pylist()
        return {
            row.pop("name"): StatedFacts(**{**row, "licenses": tuple(row["licenses"])})
            for row in rows
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(
            f"{path}: need the table of an export, got {error}; copy the folder again, or remove "
            "this file and the facts of each scene are read from its name alone"
        ) from error


def _read(path: Path, columns: list[str]) -> pa.Table:
    """Columns of a table of strangers, which is judged before it is unpacked."""
    with open_parquet(path) as file:
        if (n_rows := file.metadata.num_rows) > MAX_IMPORTED_ROWS:
            raise ValueError(f"{n_rows} rows, more than {MAX_IMPORTED_ROWS}")
        refuse_bomb(path, MAX_IMPORTED_BYTES, columns)
        return file.read(columns=columns, use_threads=False)
