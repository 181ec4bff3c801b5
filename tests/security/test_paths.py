"""Names that rows, pointers and archives give cannot lead out of the folder they belong to."""

import io
import json
import tracemalloc
import zipfile
from dataclasses import asdict, replace
from hashlib import sha256

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from storage.blobs import DamagedBlobError
from storage.datasets.dataset import BadFileError
from storage.export.scene_table import PARQUET, read_stated_facts
from storage.images import read_label
from storage.inner_paths import is_inner
from storage.manifests.drafts import open_draft
from storage.manifests.flushes import flushes_of
from storage.manifests.manifest import DamagedPartError, DamagedPointerError
from storage.manifests.parts import read_part, write_part
from storage.manifests.pointers import decode_pointer, encode_pointer
from storage.manifests.schemas import SchemaError, arrow_schema, to_records, to_table
from storage.manifests.unpacking import BombError, refuse_bomb
from storage.png import png_bytes
from storage.records import Frame, Quarantined
from storage.rle import decode_mask
from storage.store import open_store

OUTSIDE = ("/etc/passwd", "../secret.png", "a/../../secret.png", "a/..", "..", "a\0b")
INSIDE = ("a.png", "a/b.png", "a..b/c..png", "...", "a/.hidden", "")


def frame(**changes):
    facts = {
        **{"dataset": "d", "split": "train", "frame_id": "f", "group": "", "domain": ""},
        **{"image": "a.png", "label": None, "instances": None, "coding": "c", "is_scored": True},
    }
    return Frame(**{**facts, **changes})


@pytest.fixture
def store(tmp_path):
    return open_store(tmp_path / "store")


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_row_that_leads_out_of_the_data_root_is_neither_written_nor_read(store, name):
    assert not is_inner(name)
    for column in ("image", "label", "instances"):
        with pytest.raises(SchemaError, match=rf"'{column}' needs files below the data root, got"):
            store.manifests.commit("sources", {"frames": [frame(**{column: name})]})
    rows = pa.Table.from_pylist([asdict(frame(image=name))], schema=arrow_schema(Frame))
    with pytest.raises(SchemaError, match="in row 0"):
        to_records(rows, Frame)
    assert store.manifests.latest_number("sources") == 0


@pytest.mark.parametrize("name", INSIDE)
def test_other_names_pass(name):
    assert is_inner(name)
    assert to_records(to_table([frame(image=name)], Frame), Frame) == [frame(image=name)]


def test_a_forged_part_that_leads_out_is_refused_when_it_is_read(store):
    """Its writer went past our own checks, and all its checksums are right."""
    version = store.manifests.commit("sources", {"frames": [frame()]})
    folder = store.manifests.partition_folder("sources")
    rows = pa.Table.from_pylist([asdict(frame(image="../../x"))], schema=arrow_schema(Frame))
    stream = io.BytesIO()
    pq.write_table(rows, stream)
    content = stream.getvalue()
    (folder / "parts" / "forged.parquet").write_bytes(content)
    table = version.tables["frames"]
    part = replace(
        table.parts[0],
        path="parts/forged.parquet",
        size=len(content),
        sha256=sha256(content).hexdigest(),
    )
    forged = replace(version, tables={"frames": replace(table, parts=(part,))})
    store.manifests.pointer_path("sources", "all", 1).write_bytes(encode_pointer(forged))
    with pytest.raises(SchemaError, match=r"got '\.\./\.\./x' in row 0"):
        store.manifests.read("sources", "frames")


def resigned(pointer: bytes, change) -> bytes:
    """A pointer that was changed by somebody who knows how to sign it."""
    body = json.loads(pointer)
    del body["sha256"]
    change(body)
    text = json.dumps(body, sort_keys=True, indent=2, ensure_ascii=False) + "\n"
    body["sha256"] = sha256(text.encode()).hexdigest()
    return json.dumps(body).encode()


@pytest.mark.parametrize("path", ["../../../secret", "/etc/passwd"])
def test_a_pointer_cannot_name_a_part_elsewhere(store, path):
    version = store.manifests.commit("scenes", {"quarantine": [row("a")]})

    def point_out(body):
        body["tables"]["quarantine"]["parts"][0]["path"] = path

    with pytest.raises(DamagedPointerError, match="need a part below the folder"):
        decode_pointer(resigned(encode_pointer(version), point_out), "place")


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.pop("tables"),
        lambda body: body.update(tables=[]),
        lambda body: body["tables"]["quarantine"].pop("parts"),
        lambda body: body.pop("asset"),
    ],
)
def test_a_signed_pointer_of_another_form_is_one_clear_error(store, change):
    version = store.manifests.commit("scenes", {"quarantine": [row("a")]})
    with pytest.raises(DamagedPointerError, match="remove this file"):
        decode_pointer(resigned(encode_pointer(version), change), "place")


def test_json_that_is_nested_too_deeply_is_a_damaged_pointer():
    with pytest.raises(DamagedPointerError, match="fail their checksum"):
        decode_pointer(b"[" * 200_000, "place")


def test_a_flush_cannot_name_a_part_elsewhere(store):
    with open_draft(store.manifests, "scenes", recipe="r") as draft:
        draft.add("a", {"quarantine": [row("a")]})
    (path,) = draft.folder.rglob("flush.json")
    body = json.loads(path.read_text())
    body["parts"]["quarantine"]["path"] = "../../../../secret"
    path.write_text(json.dumps(body))
    with (
        pytest.raises(DamagedPartError, match="need a part below the folder"),
        open_draft(store.manifests, "scenes", recipe="r"),
    ):
        pass


@pytest.mark.parametrize("name", ["../../../etc/passwd", "/etc/passwd", "A" * 64, "", "0" * 63])
def test_a_blob_is_named_by_its_digest_and_by_nothing_else(store, name):
    for ask in (store.blobs.get, store.blobs.path, store.blobs.exists):
        with pytest.raises(ValueError, match="need a SHA-256 of 64"):
            ask(name)


@pytest.mark.parametrize("name", ["../a.html", "/a.html", "a//b", "a/./b", "a\\b", ""])
def test_a_report_stays_below_the_reports(store, name):
    with pytest.raises(ValueError, match="need a relative path below reports"):
        store.write_report(name, b"")


@pytest.mark.parametrize("key", ["../../x", "/etc", "..", ".hidden", "a/b", "a\0b"])
def test_assets_and_partitions_of_any_name_are_folders_of_the_store(store, key):
    store.manifests.commit(key, {"quarantine": [row("a")]}, partition=key)
    below = (store.root / "manifests").iterdir()
    assert [path.name for path in store.root.iterdir()] == ["manifests"]
    assert len(list(below)) == 1
    assert store.manifests.partitions(key) == [key]


# What unpacks to more than a file of its kind can hold.


def test_a_blob_that_declares_too_many_pixels_is_not_decoded(store, monkeypatch):
    name = store.blobs.put(png_bytes(np.zeros((40, 50), np.uint8), {}), ".png")
    assert store.blobs.get_image(name).shape == (40, 50)
    monkeypatch.setattr("storage.blobs.MAX_PIXELS", 1999)
    with pytest.raises(DamagedBlobError, match="need at most 1999 pixels, got 50x40"):
        store.blobs.get_image(name)


def test_an_array_whose_header_fills_the_memory_is_not_read(tmp_path):
    """Format 2 lets a header be 4 GiB long, which packs to almost nothing."""
    path = tmp_path / "bomb.npz"
    n_bytes = 2**25
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("ids.npy", "w", force_zip64=True) as member,
    ):
        member.write(b"\x93NUMPY\x02\x00" + n_bytes.to_bytes(4, "little"))
        for _ in range(n_bytes // 2**20):
            member.write(b" " * 2**20)
    assert path.stat().st_size < 2**17
    tracemalloc.start()
    try:
        with pytest.raises(BadFileError, match="cannot be unpacked"):
            read_label(path)
        assert tracemalloc.get_traced_memory()[1] < 2**22
    finally:
        tracemalloc.stop()


def test_a_packing_that_numpy_never_uses_is_refused(tmp_path):
    path = tmp_path / "label.npz"
    stream = io.BytesIO()
    np.save(stream, np.zeros((4, 5), np.uint8))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("ids.npy", stream.getvalue())
    with pytest.raises(BadFileError, match="packed in a way that NumPy does not use"):
        read_label(path)


def test_a_mask_of_too_many_pixels_is_not_decoded():
    with pytest.raises(ValueError, match="need a mask of at most 64000000 pixels"):
        decode_mask(b"0", height_px=10**6, width_px=10**6)


def test_a_part_is_judged_by_what_it_declares(store, monkeypatch):
    store.manifests.commit("scenes", {"quarantine": [row(str(n)) for n in range(1000)]})
    monkeypatch.setattr("storage.manifests.parts.MAX_TABLE_BYTES", 1000)
    with pytest.raises(DamagedPartError, match=r"need at most 1000 bytes of rows, got \d{4,}"):
        store.manifests.read("scenes", "quarantine")


def long_text_of_every_row(n_rows):
    """A text of 1 MiB, once in a dictionary and named by every row; all declared sizes are true."""
    once = pa.DictionaryArray.from_arrays(pa.array([0] * n_rows, pa.int32()), ["x" * 2**20])
    return once, pa.ListArray.from_arrays(pa.array(range(n_rows + 1), pa.int32()), once)


def test_a_part_is_judged_by_what_its_rows_take(store):
    rows = [row(f"{number:05d}") for number in range(10_000)]
    version = store.manifests.commit("scenes", {"quarantine": rows})
    folder = store.manifests.partition_folder("scenes")
    table = store.manifests.read("scenes", "quarantine")
    text, _ = long_text_of_every_row(10_000)
    place = table.schema.names.index("reason")
    part = write_part(folder, table.set_column(place, "reason", text))
    assert part.size < 300_000
    with pytest.raises(
        DamagedPartError, match=r"need at most 8589934592 bytes of rows, got \d+ or"
    ):
        read_part(folder, part, cure="mend it")
    assert read_part(folder, version.tables["quarantine"].parts[0], cure="").num_rows == 10_000


def test_texts_that_are_many_and_not_repeated_are_counted_as_they_are():
    texts = [f"{number:0200d}" for number in range(20_000)]
    stream = io.BytesIO()
    table = pa.table(
        {"one": texts, "some": [[text, "y"] for text in texts], "none": [None] * 20_000}
    )
    pq.write_table(table, stream, compression="zstd", row_group_size=8192)
    refuse_bomb(stream.getvalue(), 2 * table.nbytes)
    with pytest.raises(BombError, match="or more"):
        refuse_bomb(stream.getvalue(), table.nbytes // 2)


@pytest.mark.parametrize("column", ["prompt", "licenses"])
def test_an_imported_table_is_judged_by_what_its_rows_take(tmp_path, column):
    text, texts = long_text_of_every_row(2000)
    columns = {"name": [f"{number:04d}" for number in range(2000)], column: text}
    columns["licenses"] = texts if column == "licenses" else [["MIT"]] * 2000
    pq.write_table(pa.table(columns), tmp_path / PARQUET, store_schema=False, compression="zstd")
    assert (tmp_path / PARQUET).stat().st_size < 50_000
    with pytest.raises(ValueError, match=r"need at most 1073741824 bytes of rows, got \d+ or more"):
        read_stated_facts(tmp_path)


def test_an_imported_table_is_judged_by_what_it_declares(tmp_path):
    empty = pa.table({"name": pa.nulls(10_000_001, pa.int8())})
    pq.write_table(empty, tmp_path / PARQUET, compression="zstd")
    assert (tmp_path / PARQUET).stat().st_size < 50_000
    with pytest.raises(ValueError, match="10000001 rows"):
        read_stated_facts(tmp_path)


def test_a_column_that_no_record_has_is_not_unpacked(tmp_path):
    pq.write_table(pa.table({"name": [{"a": {"b": "c"}}]}), tmp_path / PARQUET)
    with pytest.raises(
        ValueError, match=r"column 'name': need values or lists of them, got struct"
    ):
        read_stated_facts(tmp_path)


def test_a_list_of_a_draft_that_fills_the_memory_is_not_parsed(store, monkeypatch):
    with open_draft(store.manifests, "scenes", recipe="r") as draft:
        draft.add("a", {"quarantine": [row("a")]})
    monkeypatch.setattr("storage.manifests.flushes.MAX_POINTER_BYTES", 10)
    with pytest.raises(DamagedPartError, match=r"bytes, more than 10.*run again"):
        flushes_of(draft.folder)


def row(item):
    return Quarantined(item=item, status="bad_input", reason="r")
