import pytest
from upath import UPath

from storage.manifests.drafts import open_draft
from storage.manifests.manifest import CommitConflictError, DamagedPartError, Manifests
from storage.manifests.schemas import SchemaError, to_records
from storage.records import Quarantined
from tests.fakes import fake_stores


def rows_of(*names):
    rows = [Quarantined(item=name, status="bad_input", reason="r") for name in names]
    return {"quarantine": rows}


@pytest.fixture(params=["folder", "memory", "honest"])
def manifests(request, tmp_path):
    with fake_stores():
        root = UPath(tmp_path if request.param == "folder" else f"{request.param}://store")
        yield Manifests(root)
        if request.param == "memory":
            root.fs.store.clear()


def items(manifests):
    return manifests.read("scenes", "quarantine").column("item").to_pylist()


def test_a_draft_becomes_a_version(manifests):
    with open_draft(manifests, "scenes", recipe="r") as draft:
        assert draft.finished == frozenset()
        draft.add("two", rows_of("c", "b"))
        draft.add("none", {})
        draft.add("one", rows_of("a"))
        assert manifests.latest("scenes") is None
        version = draft.commit(tables=("findings",), run_id="run")
    assert items(manifests) == ["a", "b", "c"]
    assert (version.recipe, version.run_id, version.rows("findings")) == ("r", "run", 0)
    assert set(version.tables) == {"quarantine", "findings"}
    with open_draft(manifests, "scenes", recipe="r") as draft:
        assert draft.finished == frozenset()


def interrupted_run(manifests):
    with open_draft(manifests, "scenes", recipe="r") as draft:
        draft.add("one", rows_of("a"))
        draft.add("none", {"quarantine": []})
        raise KeyboardInterrupt


def test_a_run_that_failed_goes_on_where_it_stopped(manifests):
    with pytest.raises(KeyboardInterrupt):
        interrupted_run(manifests)
    with open_draft(manifests, "scenes", recipe="r") as draft:
        assert draft.finished == {"one", "none"}
        draft.add("two", rows_of("b"))
        draft.commit()
    assert items(manifests) == ["a", "b"]


def test_a_killed_run_loses_only_what_was_not_flushed(manifests):
    with open_draft(manifests, "scenes", recipe="r") as killed:
        killed.flush_items = 2
        for name in "abcde":
            killed.add(name, rows_of(name))
        with open_draft(manifests, "scenes", recipe="r") as next_run:
            assert next_run.finished == set("abcd")


def test_time_flushes_too(manifests):
    with open_draft(manifests, "scenes", recipe="r") as slow:
        slow.flush_s = 0.0
        slow.add("a", rows_of("a"))
        with open_draft(manifests, "scenes", recipe="r") as next_run:
            assert next_run.finished == {"a"}


def test_other_recipes_and_partitions_see_nothing(manifests):
    with open_draft(manifests, "scenes", recipe="old") as draft:
        draft.add("one", rows_of("a"))
    with open_draft(manifests, "scenes", recipe="new") as draft:
        assert not draft.finished
    with open_draft(manifests, "scenes", partition="other", recipe="old") as draft:
        assert not draft.finished
    with open_draft(manifests, "scenes", recipe="old") as draft:
        assert draft.finished == {"one"}


def test_two_runs_add_up_and_a_shared_item_counts_once(manifests):
    with (
        open_draft(manifests, "scenes", recipe="r") as first,
        open_draft(manifests, "scenes", recipe="r") as second,
    ):
        first.add("shared", rows_of("s1", "s2"))
        first.add("one", rows_of("a"))
        second.add("shared", rows_of("s1", "s2"))
        second.add("two", rows_of("b"))
        second.flush()
        first.commit()
    assert items(manifests) == ["a", "b", "s1", "s2"]


def test_the_second_commit_of_a_draft_is_refused_and_loses_nothing(manifests):
    with (
        open_draft(manifests, "scenes", recipe="r") as first,
        open_draft(manifests, "scenes", recipe="r") as second,
    ):
        second.add("two", rows_of("b"))
        second.flush()
        first.add("one", rows_of("a"))
        first.commit()
        second.add("three", rows_of("c"))
        with pytest.raises(CommitConflictError, match=r"another process committed this draft"):
            second.commit()
    assert items(manifests) == ["a", "b"]
    with open_draft(manifests, "scenes", recipe="r") as again:
        assert again.finished == {"three"}


def test_a_draft_refuses_to_replace_what_it_never_saw(manifests):
    with open_draft(manifests, "scenes", recipe="r") as draft:
        draft.add("one", rows_of("a"))
        manifests.commit("scenes", rows_of("z"), run_id="other")
        with pytest.raises(CommitConflictError, match=r"committed at .* by run other"):
            draft.commit()
    assert items(manifests) == ["z"]
    with open_draft(manifests, "scenes", recipe="r") as again:
        assert again.finished == {"one"}
        again.commit()
    assert items(manifests) == ["a"]


def test_finishing_sees_all_rows_in_order(manifests):
    def keep_last(drafted):
        return {"quarantine": to_records(drafted["quarantine"], Quarantined)[-1:], "findings": []}

    with open_draft(manifests, "scenes", recipe="r") as draft:
        draft.add("one", rows_of("c"))
        draft.flush()
        draft.add("two", rows_of("a", "b"))
        version = draft.commit(finish=keep_last)
    assert items(manifests) == ["c"]
    assert version.rows("findings") == 0


def test_wrong_items_are_refused_and_the_rest_is_kept(manifests):
    (wrong,) = rows_of("x")["quarantine"]
    object.__setattr__(wrong, "status", 1)
    with open_draft(manifests, "scenes", recipe="r") as draft:
        draft.add("one", rows_of("a"))
        with pytest.raises(ValueError, match=r"cannot add item 'one': it is finished already"):
            draft.add("one", rows_of("a"))
        with pytest.raises(ValueError, match=r"got 'unknown'"):
            draft.add("two", {"unknown": []})
        with pytest.raises(SchemaError, match=r"column 'status' needs string"):
            draft.add("three", {"quarantine": [wrong]})
        draft.commit()
        with pytest.raises(ValueError, match="the draft is committed"):
            draft.add("four", {})
    assert items(manifests) == ["a"]


def test_a_damaged_draft_is_named(tmp_path):
    manifests = Manifests(str(tmp_path))
    with open_draft(manifests, "scenes", recipe="r") as draft:
        draft.add("one", rows_of("a"))
    part = next(tmp_path.rglob("part-*.parquet"))
    part.write_bytes(part.read_bytes()[:-1])
    with (
        open_draft(manifests, "scenes", recipe="r") as draft,
        pytest.raises(DamagedPartError, match=r"part-.*: need \d+ bytes, got .*; remove .*again"),
    ):
        draft.commit()
    next(tmp_path.rglob("flush.json")).write_text("{}")
    with (
        pytest.raises(DamagedPartError, match=r"flush.json: need the list of a draft's items"),
        open_draft(manifests, "scenes", recipe="r"),
    ):
        pass
