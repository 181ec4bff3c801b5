import json
import random
from dataclasses import dataclass
from typing import Annotated

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from upath import UPath

from storage.manifests.manifest import (
    MAX_PARTS,
    CommitConflictError,
    DamagedPointerError,
    Manifests,
    NoVersionError,
)
from storage.manifests.schemas import SchemaError, to_table
from storage.records import Finding, Quarantined, Volatile
from tests.fakes import fake_stores


def quarantined(*numbers, reason="reason"):
    return [Quarantined(item=f"item-{n:05d}", status="bad_input", reason=reason) for n in numbers]


@pytest.fixture(params=["folder", "memory", "honest"])
def manifests(request, tmp_path):
    with fake_stores():
        root = UPath(tmp_path if request.param == "folder" else f"{request.param}://store")
        yield Manifests(root)
        if request.param == "memory":
            root.fs.store.clear()


def items(manifests, **wanted):
    return manifests.read("scenes", "quarantine", **wanted).column("item").to_pylist()


def test_what_is_committed_is_read(manifests):
    rows = quarantined(3, 1, 2)
    version = manifests.commit(
        "scenes",
        {"quarantine": rows, "findings": []},
        partition="round-1|aachen",
        recipe="abc",
        code_version="2",
        run_id="run-7",
        provenance={"world": "miniature"},
        parents={"ood_objects/all": "3:ff"},
    )
    assert version == manifests.latest("scenes", "round-1|aachen")
    assert (version.version, version.rows("quarantine"), version.rows("findings")) == (1, 3, 0)
    assert version.provenance == {"world": "miniature"}
    assert version.parents == {"ood_objects/all": "3:ff"}
    assert (version.recipe, version.code_version, version.run_id) == ("abc", "2", "run-7")
    found = manifests.read_records("scenes", "quarantine", Quarantined, partition="round-1|aachen")
    assert found == sorted(rows, key=lambda row: row.item)
    empty = manifests.read_records("scenes", "findings", Finding, partition="round-1|aachen")
    assert empty == []
    assert version.rows("frames") == 0


def test_every_version_stays_readable(manifests):
    for number in range(1, 4):
        manifests.commit("scenes", {"quarantine": quarantined(*range(number))})
    assert [version.version for version in manifests.versions("scenes")] == [1, 2, 3]
    assert len(items(manifests)) == 3
    assert len(items(manifests, version=1)) == 1
    assert items(manifests, version=2) == ["item-00000", "item-00001"]


def test_appending_keeps_what_is_there(manifests):
    manifests.append("scenes", {"quarantine": quarantined(5), "findings": []})
    version = manifests.append("scenes", {"quarantine": quarantined(1, 9)}, run_id="second")
    assert items(manifests) == ["item-00001", "item-00005", "item-00009"]
    assert items(manifests, version=1) == ["item-00005"]
    assert len(version.tables["quarantine"].parts) == 2
    assert set(version.tables) == {"quarantine", "findings"}
    assert version.run_id == "second"
    columns = manifests.read("scenes", "quarantine", columns=["status"]).column_names
    assert columns == ["status"]


def test_an_append_to_a_version_is_to_that_one_or_none(manifests):
    manifests.append("scenes", {"quarantine": quarantined(1)}, base=0)
    manifests.append("scenes", {"quarantine": quarantined(2)}, base=1)
    for base in (0, 1, 3):
        with pytest.raises(CommitConflictError, match=f"started from version {base}"):
            manifests.append("scenes", {"quarantine": quarantined(3)}, base=base)
    assert items(manifests) == ["item-00001", "item-00002"]


def test_many_appends_do_not_become_many_parts(manifests):
    for number in range(MAX_PARTS + 3):
        version = manifests.append("scenes", {"quarantine": quarantined(number)})
    assert len(version.tables["quarantine"].parts) == 3
    assert items(manifests) == [f"item-{number:05d}" for number in range(MAX_PARTS + 3)]
    whole = manifests.commit("scenes", {"quarantine": quarantined(*range(MAX_PARTS + 3))})
    assert whole.fingerprint == version.fingerprint


def test_fingerprints_tell_content_and_nothing_else(manifests):
    numbers = list(range(100))
    whole = manifests.commit("scenes", {"quarantine": quarantined(*numbers)}, run_id="a")
    random.Random(0).shuffle(numbers)
    manifests.commit("scenes", {"quarantine": quarantined(*numbers[:40])}, partition="split")
    split = manifests.append(
        "scenes", {"quarantine": quarantined(*numbers[40:])}, partition="split", run_id="b"
    )
    assert split.fingerprint == whole.fingerprint
    other = manifests.commit("scenes", {"quarantine": quarantined(*numbers, 100)})
    assert other.fingerprint != whole.fingerprint
    renamed = manifests.commit("scenes", {"quarantine": quarantined(*numbers), "findings": []})
    assert renamed.fingerprint != whole.fingerprint


def test_duplicate_keys_are_named(manifests):
    with pytest.raises(
        ValueError, match=r"quarantine: need one row per key, got item='item-00002'"
    ):
        manifests.commit("scenes", {"quarantine": quarantined(1, 2, 2)})
    assert manifests.latest("scenes") is None
    manifests.commit("scenes", {"quarantine": quarantined(1, 2)})
    with pytest.raises(ValueError, match=r"scenes/all, table quarantine: .*'item-00001' more than"):
        manifests.append("scenes", {"quarantine": quarantined(3, 1)})
    assert manifests.latest_number("scenes") == 1


def test_wrong_tables_are_named(manifests):
    with pytest.raises(ValueError, match=r"need a table of .*'frames'.*, got 'quarantines'"):
        manifests.commit("scenes", {"quarantines": []})
    with pytest.raises(TypeError, match="need OodObject records, got Quarantined"):
        manifests.commit("scenes", {"ood_objects": quarantined(1)})
    table = to_table(quarantined(1), Quarantined)
    with pytest.raises(
        SchemaError, match=r"quarantine: column 'status' needs type string, got int64"
    ):
        manifests.commit("scenes", {"quarantine": table.set_column(1, "status", pa.array([1]))})
    assert manifests.assets() == []
    assert manifests.commit("scenes", {"quarantine": table}).rows("quarantine") == 1


def test_a_writer_that_started_from_an_older_version_is_told_who_won(manifests):
    manifests.commit("scenes", {"quarantine": quarantined(1)}, base=0)
    manifests.commit("scenes", {"quarantine": quarantined(2)}, base=1, run_id="winner")
    message = r"scenes/all: started from version 1, but version 2 was committed at 20.* run winner"
    with pytest.raises(CommitConflictError, match=message):
        manifests.commit("scenes", {"quarantine": quarantined(3)}, base=1)
    with pytest.raises(CommitConflictError, match="started from version 0"):
        manifests.commit("scenes", {"quarantine": quarantined(3)}, base=0)
    assert items(manifests) == ["item-00002"]


def test_what_was_never_committed_is_named(manifests):
    assert manifests.latest("scenes") is None
    assert manifests.assets() == []
    assert manifests.partitions("scenes") == []
    with pytest.raises(NoVersionError, match=r"scenes/all: nothing was committed.*materialize"):
        manifests.read("scenes", "quarantine")
    manifests.commit("scenes", {"quarantine": []})
    with pytest.raises(NoVersionError, match=r"has no version 9; kept versions: \[1\]"):
        manifests.read("scenes", "quarantine", version=9)
    with pytest.raises(NoVersionError, match=r"has no table 'frames', only \['quarantine'\]"):
        manifests.read("scenes", "frames")
    with pytest.raises(ValueError, match="got 'nothing'"):
        manifests.read("scenes", "nothing")


KEYS = ["all", "round-1|aachen", "a/b", "a b", "..", "../../up", ".hidden", "ä%2F", "~x", "C:\\d"]


def test_any_key_is_a_folder_of_its_own(manifests):
    for number, key in enumerate(KEYS):
        manifests.commit("scenes", {"quarantine": quarantined(number)}, partition=key)
        manifests.commit(key, {"quarantine": []})
    assert manifests.partitions("scenes") == sorted(KEYS)
    assert manifests.assets() == sorted([*KEYS, "scenes"])
    for number, key in enumerate(KEYS):
        assert items(manifests, partition=key) == [f"item-{number:05d}"]
    for key in ("", "x" * 256):
        with pytest.raises(ValueError, match="need a name of 1 to 255 bytes"):
            manifests.commit("scenes", {}, partition=key)


def test_nothing_is_written_outside_the_root(tmp_path):
    manifests = Manifests(str(tmp_path / "store"))
    for key in KEYS:
        manifests.commit(key, {"quarantine": []}, partition=key)
    assert [path.name for path in tmp_path.iterdir()] == ["store"]
    assert [path.name for path in (tmp_path / "store").iterdir()] == ["manifests"]


def test_opening_and_reading_write_nothing(tmp_path):
    assert Manifests(str(tmp_path / "store")).latest("scenes") is None
    assert not list(tmp_path.iterdir())


def test_a_moved_store_reads_as_before(tmp_path):
    rows = {"quarantine": quarantined(1, 2)}
    before = Manifests(str(tmp_path / "old")).commit("scenes", rows)
    (tmp_path / "old").rename(tmp_path / "new")
    moved = Manifests(str(tmp_path / "new"))
    assert moved.latest("scenes") == before
    assert moved.read_records("scenes", "quarantine", Quarantined) == rows["quarantine"]
    assert moved.append("scenes", {"quarantine": quarantined(3)}).rows("quarantine") == 3


def test_pointer_and_part_can_be_read_without_this_code(tmp_path):
    manifests = Manifests(str(tmp_path))
    manifests.commit("scenes", {"quarantine": quarantined(*range(20_000))})
    folder = tmp_path / "manifests" / "scenes" / "all"
    pointer = json.loads((folder / "versions" / "00000001.json").read_text())
    assert (pointer["format"], pointer["asset"], pointer["version"]) == (1, "scenes", 1)
    part = pointer["tables"]["quarantine"]["parts"][0]
    file = pq.ParquetFile(folder / part["path"])
    assert file.metadata.num_rows == part["rows"] == 20_000
    assert file.metadata.num_row_groups == 3
    group = file.metadata.row_group(0)
    assert [column.column_index for column in group.sorting_columns] == [0]
    assert group.column(0).compression == "ZSTD"
    assert group.column(0).has_offset_index
    assert file.schema_arrow.metadata[b"multishift.record"] == b"Quarantined"
    assert file.schema_arrow.field("item").metadata[b"doc"]


def test_columns_that_a_record_gained_are_null_in_old_parts(tmp_path):
    @dataclass(frozen=True, kw_only=True)
    class Grown:
        item: Annotated[str, "key"]
        status: Annotated[str, "status"]
        reason: Annotated[str, "reason", Volatile]
        worker: Annotated[str | None, "gained later"]

    old = Manifests(str(tmp_path))
    before = old.commit("scenes", {"quarantine": quarantined(1)})
    new = Manifests(str(tmp_path), tables={"quarantine": Grown})
    row = Grown(item="item-00002", status="poisoned", reason="r", worker="w")
    new.append("scenes", {"quarantine": [row]})
    found = new.read_records("scenes", "quarantine", Grown)
    assert [(row.item, row.worker) for row in found] == [("item-00001", None), ("item-00002", "w")]
    rewritten = new.commit("scenes", {"quarantine": new.read("scenes", "quarantine", version=1)})
    assert rewritten.fingerprint == before.fingerprint
    new.append("scenes", {"quarantine": [row]})
    with pytest.raises(SchemaError, match=r"columns \['worker'\].*newer version"):
        old.read("scenes", "quarantine")


@pytest.mark.parametrize("damage", ["cut", "altered", "empty", "foreign"])
def test_a_damaged_pointer_is_named_and_removing_it_goes_back(tmp_path, damage):
    manifests = Manifests(str(tmp_path))
    manifests.commit("scenes", {"quarantine": quarantined(1)}, run_id="first")
    manifests.commit("scenes", {"quarantine": quarantined(1, 2)}, run_id="second")
    path = tmp_path / "manifests" / "scenes" / "all" / "versions" / "00000002.json"
    content = path.read_bytes()
    path.write_bytes(
        {
            "cut": content[:-30],
            "altered": content.replace(b'"run_id": "second"', b'"run_id": "secund"'),
            "empty": b"",
            "foreign": b"[1, 2]",
        }[damage]
    )
    with pytest.raises(DamagedPointerError, match=r"00000002.json: need a complete.*remove this"):
        manifests.read("scenes", "quarantine")
    assert items(manifests, version=1) == ["item-00001"]
    path.unlink()
    assert items(manifests) == ["item-00001"]
    assert manifests.commit("scenes", {"quarantine": quarantined(7)}).version == 2


def test_a_pointer_of_a_later_format_is_not_guessed_at(tmp_path, monkeypatch):
    manifests = Manifests(str(tmp_path))
    with monkeypatch.context() as later:
        later.setattr("storage.manifests.pointers.POINTER_FORMAT", 2)
        manifests.commit("scenes", {"quarantine": []})
    with pytest.raises(DamagedPointerError, match="need pointer format 1, got 2"):
        manifests.latest("scenes")


def test_a_lost_answer_is_no_lost_commit(tmp_path, monkeypatch):
    """The pointer was created, but the client only hears that it exists."""
    manifests = Manifests(str(tmp_path))
    create = manifests._create

    def create_twice(path, content):
        create(path, content)
        create(path, content)

    monkeypatch.setattr(manifests, "_create", create_twice)
    assert manifests.append("scenes", {"quarantine": quarantined(1)}).version == 1
    assert manifests.append("scenes", {"quarantine": quarantined(2)}).version == 2
    assert len(items(manifests)) == 2


def test_a_lost_race_is_run_again_on_top_of_the_winner(tmp_path, monkeypatch):
    manifests, rival = Manifests(str(tmp_path)), Manifests(str(tmp_path))
    create = manifests._create
    rivals = iter([1, 2])

    def create_late(path, content):
        for number in rivals:
            rival.append("scenes", {"quarantine": quarantined(number)})
            break
        create(path, content)

    monkeypatch.setattr(manifests, "_create", create_late)
    assert manifests.append("scenes", {"quarantine": quarantined(9)}).version == 3
    assert items(manifests) == ["item-00001", "item-00002", "item-00009"]
