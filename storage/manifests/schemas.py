"""Manifest tables: which record each holds, and rows in and out of Arrow tables.

Nothing here reads or writes files; `storage.manifests.columns` tells how a record becomes a schema.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from storage.benchmark_records import (
    BenchmarkResult,
    MeasuredImage,
    ScoreCurve,
    ShownImage,
)
from storage.experiment_records import ExperimentClaim, ExperimentResult, ExperimentTrial
from storage.inner_paths import WAY_OUT
from storage.manifests.columns import arrow_schema, key_columns, path_columns, record_name
from storage.records import (
    ClassCount,
    Finding,
    Frame,
    GeneratedFrame,
    OodObject,
    Quarantined,
    SourceObject,
)
from storage.review_records import LearnedSources, Retraction, Review
from storage.scene_records import (
    ExecutionProfile,
    KnownScoreCount,
    LabelledScene,
    ObjectAttempt,
    SceneAttempt,
    SceneRequest,
    SceneVerdict,
)
from storage.training_records import (
    ClosedSetCheckpoint,
    ClosedSetStep,
    SegmenterCheckpoint,
    TrainingPair,
    TrainingStep,
)

__all__ = [
    "TABLES",
    "SchemaError",
    "arrow_schema",
    "conform",
    "refuse_duplicate_keys",
    "sort_by_key",
    "to_records",
    "to_table",
    "to_table_unsorted",
]

Record = TypeVar("Record")

TABLES: Mapping[str, type] = MappingProxyType(
    {
        "benchmark_results": BenchmarkResult,
        "class_counts": ClassCount,
        "closed_set_checkpoints": ClosedSetCheckpoint,
        "closed_set_steps": ClosedSetStep,
        "execution_profiles": ExecutionProfile,
        "experiment_claims": ExperimentClaim,
        "experiment_results": ExperimentResult,
        "experiment_trials": ExperimentTrial,
        "findings": Finding,
        "frames": Frame,
        "generated_frames": GeneratedFrame,
        "known_scores": KnownScoreCount,
        "labelled_scenes": LabelledScene,
        "learned_sources": LearnedSources,
        "measured_images": MeasuredImage,
        "object_attempts": ObjectAttempt,
        "ood_objects": OodObject,
        "quarantine": Quarantined,
        "retractions": Retraction,
        "reviews": Review,
        "scene_attempts": SceneAttempt,
        "scene_requests": SceneRequest,
        "scene_verdicts": SceneVerdict,
        "score_curves": ScoreCurve,
        "segmenter_checkpoints": SegmenterCheckpoint,
        "shown_images": ShownImage,
        "source_objects": SourceObject,
        "training_pairs": TrainingPair,
        "training_steps": TrainingStep,
    }
)
"""Record type of each manifest table; a new table is one line here."""


class SchemaError(ValueError):
    """Rows or a file do not have the columns that the record prescribes."""


def to_table(records: Sequence[Any], record_type: type) -> pa.Table:
    """Rows of the records, sorted by key.

    Raises:
        SchemaError: if a value does not fit its column (names column, row and types).
        TypeError: if a record is of another type.
    """
    return sort_by_key(to_table_unsorted(records, record_type))


def to_table_unsorted(records: Sequence[Any], record_type: type) -> pa.Table:
    """Rows of the records in the order given; errors as in `to_table`."""
    for record in records:
        if type(record) is not record_type:
            raise TypeError(f"need {record_type.__name__} records, got {type(record).__name__}")
    schema = arrow_schema(record_type)
    columns = [_array(schema.field(name), records) for name in schema.names]
    return _without_ways_out(pa.Table.from_arrays(columns, schema=schema), "records")


def to_records(table: pa.Table, record_type: type[Record]) -> list[Record]:
    """Records of the rows, in the order of the table.

    Raises:
        SchemaError: if the columns are not those of the record.
    """
    table = conform(table, arrow_schema(record_type))
    columns = [_values(table.column(name)) for name in table.column_names]
    names = table.column_names
    return [record_type(**dict(zip(names, row, strict=True))) for row in zip(*columns, strict=True)]


def sort_by_key(table: pa.Table) -> pa.Table:
    """The same rows in the order of their key columns."""
    keys = key_columns(table.schema)
    return table.sort_by([(key, "ascending") for key in keys]).combine_chunks()


def refuse_duplicate_keys(table: pa.Table, place: str) -> None:
    """Check that no two rows of a table sorted by key have the same key.

    Raises:
        ValueError: naming ``place`` and the first key that occurs twice.
    """
    keys = key_columns(table.schema)
    rows = list(zip(*(table.column(key).to_pylist() for key in keys), strict=True))
    for former, row in pairwise(rows):
        if former == row:
            named = ", ".join(f"{key}={value!r}" for key, value in zip(keys, row, strict=True))
            raise ValueError(f"{place}: need one row per key, got {named} more than once")


def conform(table: pa.Table, schema: pa.Schema, place: str = "table") -> pa.Table:
    """The rows under exactly this schema; nullable columns that the table lacks become null.

    Raises:
        SchemaError: naming ``place``, the column, and the types found and needed.
    """
    unknown = [name for name in table.column_names if name not in schema.names]
    if unknown:
        raise SchemaError(
            f"{place}: columns {unknown} are not in the schema {record_name(schema)}; "
            f"written by a newer version? need only {schema.names}"
        )
    columns = [_conformed(table, field, place) for field in schema]
    return _without_ways_out(pa.Table.from_arrays(columns, schema=schema), place)


def _without_ways_out(table: pa.Table, place: str) -> pa.Table:
    """The same table, in which no file name leads out of the data root."""
    for name in path_columns(table.schema):
        leads_out = pc.match_substring_regex(table.column(name), WAY_OUT)
        row = pc.index(leads_out, value=True).as_py()
        if row >= 0:
            raise SchemaError(
                f"{place}: column {name!r} needs files below the data root, got "
                f"{table.column(name)[row].as_py()!r} in row {row}"
            )
    return table


def _conformed(table: pa.Table, field: pa.Field, place: str) -> pa.ChunkedArray:
    if field.name not in table.column_names:
        if field.nullable:
            return pa.chunked_array([pa.nulls(table.num_rows, field.type)])
        raise SchemaError(f"{place}: column {field.name!r} ({field.type}) is missing")
    column = table.column(field.name)
    if not column.type.equals(field.type):
        raise SchemaError(
            f"{place}: column {field.name!r} needs type {field.type}, got {column.type}"
        )
    _refuse_nulls(column, field, place)
    return column


def _refuse_nulls(column: Any, field: pa.Field, place: str) -> None:
    if column.null_count and not field.nullable:
        row = column.is_null().to_pylist().index(True)
        raise SchemaError(
            f"{place}: column {field.name!r} needs {field.type} in every row, got None in row {row}"
        )


def _array(field: pa.Field, records: Sequence[Any]) -> pa.Array:
    values = [getattr(record, field.name) for record in records]
    try:
        array = pa.array(values, field.type)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeError) as error:
        found = sorted({type(value).__name__ for value in values})
        raise SchemaError(
            f"column {field.name!r} needs {field.type}, got {', '.join(found)} ({error})"
        ) from error
    _refuse_nulls(array, field, "records")
    return array


def _values(column: pa.ChunkedArray) -> list[Any]:
    values: list[Any] = column.to_pylist()
    if pa.types.is_list(column.type):
        return [None if value is None else tuple(value) for value in values]
    return values
