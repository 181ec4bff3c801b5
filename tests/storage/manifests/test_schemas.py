from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Annotated

import pyarrow as pa
import pytest

import storage.benchmark_records
import storage.experiment_records
import storage.records
import storage.review_records
import storage.scene_records
import storage.training_records
from storage.manifests.columns import blob_columns, key_columns, schema_version, volatile_columns
from storage.manifests.fingerprint import fingerprint_of
from storage.manifests.schemas import (
    TABLES,
    SchemaError,
    arrow_schema,
    conform,
    to_records,
    to_table,
)
from storage.records import BlobRef, Frame, Key, OodObject, Quarantined, Volatile


@dataclass(frozen=True, kw_only=True)
class Sample:
    sample: Annotated[str, "name"]
    count: Annotated[int, "how many", Key]
    share: Annotated[float, "0 to 1"]
    is_good: Annotated[bool, "as judged"]
    content: Annotated[bytes | None, "bytes"]
    sizes: Annotated[tuple[int, ...], "sizes in pixels"]
    crops: Annotated[tuple[str, ...] | None, "crops", BlobRef]
    seconds: Annotated[float, "duration", Volatile]


SAMPLE = Sample(
    sample="a",
    count=3,
    share=0.5,
    is_good=True,
    content=b"\x00\xff",
    sizes=(1, 2),
    crops=("ff", "ee"),
    seconds=1.5,
)


def test_schema_states_types_nullability_and_meaning():
    schema = arrow_schema(Sample)
    types = [str(column.type) for column in schema]
    assert types[:5] == ["string", "int64", "double", "bool", "binary"]
    assert types[5:7] == ["list<element: int64 not null>", "list<element: string not null>"]
    assert [column.name for column in schema if column.nullable] == ["content", "crops"]
    assert schema.field("share").metadata[b"doc"] == b"0 to 1"
    assert schema.metadata == {b"multishift.record": b"Sample", b"multishift.schema": b"1"}
    assert schema_version(schema) == 1


def test_markers_are_found_again():
    schema = arrow_schema(Sample)
    assert key_columns(schema) == ["count"]
    assert blob_columns(schema) == ["crops"]
    assert volatile_columns(schema) == ["seconds"]
    assert key_columns(arrow_schema(Quarantined)) == ["item"]
    assert key_columns(arrow_schema(Frame)) == ["dataset", "split", "frame_id"]
    assert blob_columns(arrow_schema(OodObject)) == ["crop_sha256"]


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_table_has_the_fields_of_its_record(name):
    schema = arrow_schema(TABLES[name])
    assert schema.names == [field.name for field in fields(TABLES[name])]
    assert all(column.metadata[b"doc"] for column in schema)


def test_records_survive_the_round_trip_sorted_by_key():
    other = replace(SAMPLE, count=1, content=None, crops=None, sizes=())
    assert to_records(to_table([SAMPLE, other], Sample), Sample) == [other, SAMPLE]
    assert to_records(to_table([], Sample), Sample) == []


def test_wrong_values_are_named_by_column():
    with pytest.raises(SchemaError, match=r"column 'count' needs int64, got int, str"):
        to_table([SAMPLE, replace(SAMPLE, count="many")], Sample)
    with pytest.raises(SchemaError, match=r"'share' needs double in every row, got None in row 1"):
        to_table([SAMPLE, replace(SAMPLE, share=None)], Sample)
    with pytest.raises(TypeError, match="need Sample records, got str"):
        to_table(["a"], Sample)


def test_wrong_columns_are_named_with_their_types():
    schema = arrow_schema(Quarantined)
    good = to_table([Quarantined(item="a", status="b", reason="c")], Quarantined)
    with pytest.raises(SchemaError, match=r"'status' needs type string, got int64"):
        conform(good.set_column(1, "status", pa.array([1])), schema)
    with pytest.raises(SchemaError, match=r"column 'reason' \(string\) is missing"):
        conform(good.drop_columns(["reason"]), schema)
    with pytest.raises(SchemaError, match=r"columns \['more'\] are not in the schema Quarantined"):
        conform(good.append_column("more", pa.array([1])), schema)


def test_nullable_columns_may_be_absent():
    table = to_table([SAMPLE], Sample).drop_columns(["content", "crops"])
    assert to_records(table, Sample) == [replace(SAMPLE, content=None, crops=None)]


def test_records_that_no_column_can_hold_are_refused():
    @dataclass(frozen=True)
    class Untold:
        value: str

    @dataclass(frozen=True)
    class Nested:
        value: Annotated[dict[str, int], "text"]

    @dataclass(frozen=True)
    class NullableKey:
        value: Annotated[str | None, "text"]

    with pytest.raises(TypeError, match=r"Untold.value: need Annotated"):
        arrow_schema(Untold)
    with pytest.raises(TypeError, match=r"Nested.value: need one of str, int"):
        arrow_schema(Nested)
    with pytest.raises(TypeError, match=r"NullableKey.value: a key column cannot be None"):
        arrow_schema(NullableKey)


def test_fingerprint_ignores_order_split_and_volatile_columns():
    rows = [replace(SAMPLE, count=number, crops=(str(number),)) for number in range(50)]
    table = to_table(rows, Sample)
    shuffled = pa.concat_tables([table.slice(30), table.slice(0, 30)])
    slower = to_table([replace(row, seconds=9.0) for row in rows], Sample)
    assert fingerprint_of(shuffled) == fingerprint_of(slower) == fingerprint_of(table)


def test_fingerprint_ignores_a_nullable_column_that_nobody_filled():
    table = to_table([replace(SAMPLE, content=None)], Sample)
    assert fingerprint_of(table.drop_columns(["content"])) == fingerprint_of(table)


@pytest.mark.parametrize(
    "change",
    [
        {"sample": "b"},
        {"count": 4},
        {"share": 0.25},
        {"is_good": False},
        {"content": None},
        {"content": b"\x00"},
        {"sizes": (1,)},
        {"sizes": (2, 1)},
        {"crops": None},
        {"crops": ()},
        {"crops": ("f", "fee")},
    ],
    ids=str,
)
def test_fingerprint_sees_every_change(change):
    other = replace(SAMPLE, count=9)  # keeps the changed column from being null throughout
    before = fingerprint_of(to_table([SAMPLE, other], Sample))
    assert fingerprint_of(to_table([replace(SAMPLE, **change), other], Sample)) != before


def test_fingerprint_tells_where_texts_begin_and_rows_are_null():
    def of(*reasons):
        rows = [replace(SAMPLE, count=n, content=reason) for n, reason in enumerate(reasons)]
        return fingerprint_of(to_table(rows, Sample))

    assert len({of(b"ab", b"c"), of(b"a", b"bc"), of(b"abc", b""), of(b"abc", None)}) == 4


def test_fingerprint_takes_equal_numbers_as_equal():
    def of(share):
        return fingerprint_of(to_table([replace(SAMPLE, share=share)], Sample))

    assert of(0.0) == of(-0.0)
    assert of(float("nan")) == of(-float("nan"))


def test_every_record_has_a_table():
    records = {
        entry
        for module in (
            storage.benchmark_records,
            storage.experiment_records,
            storage.records,
            storage.review_records,
            storage.scene_records,
            storage.training_records,
        )
        for entry in vars(module).values()
        if isinstance(entry, type) and is_dataclass(entry)
    }
    assert records == set(TABLES.values())
