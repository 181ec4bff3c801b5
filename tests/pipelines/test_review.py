"""`multishift review` and `multishift retract`: decisions without a browser, told in words."""

import dagster as dg
import pytest
from typer.testing import CliRunner

from assets.retracting.retractions import read_retractions, record_retraction
from assets.reviewing.reviews import in_force, read_reviews
from pipelines.cli import app
from pipelines.settings import read_settings
from storage.store import open_store
from tests.assets.segmenters.conftest import NAME
from tests.assets.tracing.conftest import traced_home, traced_world
from tests.assets.tracing.traced_world import FRAMES, SAMPLE

__all__ = ["traced_home", "traced_world"]

FRAME = f"cityscapes/{FRAMES[0]}"


@pytest.fixture
def run(traced_home, tmp_path, monkeypatch):
    """Run a command on the small world with an instance of its own; code and output."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    for name in ("store", "data"):
        monkeypatch.setenv(f"MULTISHIFT_{name.upper()}_ROOT", str(traced_home / name))
    read_settings.cache_clear()
    yield _run
    read_settings.cache_clear()


def _run(*words):
    answer = CliRunner().invoke(app, list(map(str, words)))
    assert "Traceback" not in answer.output
    return answer.exit_code, " ".join(answer.output.split())


@pytest.fixture
def store(traced_home):
    return open_store(traced_home / "store")


def observed(asset):
    with dg.DagsterInstance.get() as instance:
        event = instance.get_latest_data_version_record(dg.AssetKey(asset), is_source=True)
        return event.asset_observation.tags["dagster/data_version"] if event else None


def test_a_veto_is_recorded_reported_and_listed(run, store):
    words = ("--veto", "--reason", "no [b]wheels", "--reviewer", "ada")
    code, output = run("review", SAMPLE, *words)
    assert code == 0, output
    assert f"vetoed: {SAMPLE}, picture " in output
    first = observed("reviews")
    assert first
    run("review", SAMPLE, "--accept", "--reviewer", "bob")
    assert observed("reviews") != first
    assert [row.decision for row in in_force(read_reviews(store)).values()] == ["accepted"]
    code, output = run("review", "--list")
    assert code == 0
    assert "by ada: no [b]wheels (replaced by a later one)" in output
    assert "1 accepted, 0 vetoed, 2 decisions in all" in output


def test_all_or_none_of_the_samples(run, store):
    code, output = run("review", SAMPLE, "labelled_scenes/round-1/nothing/0", "--veto")
    assert code == 1
    assert "nothing/0: need" in output
    assert read_reviews(store) == ()
    for words, told in (
        ((SAMPLE,), "need one of --veto, --accept and --list"),
        ((SAMPLE, "--veto", "--accept"), "need one of --veto, --accept and --list"),
        (("--veto",), "need a sample to decide on, got none"),
    ):
        code, output = run("review", *words)
        assert code == 1
        assert told in output


def test_a_source_is_looked_at_retracted_and_purged(run, store):
    code, output = run("retract", FRAME)
    assert code == 0, output
    for words in (
        f"made from {FRAME}: requests: 2 in 1 versions",
        "training samples: 1 in 1 versions",
        "cannot forget: learned from 1 samples",
        "exports are copies that the store does not follow",
        "nothing was changed; --reason retracts it",
    ):
        assert words in output
    assert store.manifests.latest("retractions") is None
    code, output = run("retract", FRAME, "--purge")
    assert (code, "need --reason beside --purge" in output) == (1, True)
    code, output = run("retract", FRAME, "--reason", "the owner asked", "--reviewer", "ada")
    assert code == 0, output
    assert "materialize again: training_set mine, version 1" in output
    assert observed("retractions")
    code, output = run("retract", FRAME, "--purge")
    assert (code, "need somebody to confirm this, or --yes" in output) == (1, True)
    code, output = run("retract", FRAME, "--purge", "--yes")
    assert code == 1
    assert "removed 0 versions" in output
    code, output = run("retract", "--list")
    assert f"{FRAME} by ada: the owner asked learned from it, cannot forget" in output
    code, output = run("lineage", SAMPLE)
    assert f"{FRAME}, which it was made from, is retracted: the owner asked" in output


def test_a_misspelled_source_is_refused_and_nothing_is_recorded(run, store):
    wrong = f"{FRAME[:-1]}8"
    code, output = run("retract", wrong, "--reason", "the owner asked", "--reviewer", "ada")
    assert code == 1
    assert f"did you mean {FRAME}" in output
    assert store.manifests.latest("retractions") is None
    words = ("--reason", "the owner asked", "--reviewer", "ada", "--even-unknown")
    code, output = run("retract", wrong, *words)
    assert code == 0, output
    assert store.manifests.latest("retractions") is not None
    code, output = run("retract", wrong, "--purge", "--yes")
    assert code == 0, output


def test_a_purge_says_what_dagster_still_shows_and_adds_new_checkpoints(run, store):
    record_retraction(FRAME, store, reason="the owner asked", by="ada")
    old = store.manifests.wanted("training_set", NAME)
    content = {name: store.manifests.rows(old, name) for name in old.tables}
    store.manifests.commit(
        "training_set", {**content, "training_pairs": []}, partition=NAME, parents=old.parents
    )
    code, output = run("retract", FRAME, "--purge", "--yes")
    assert code == 1
    assert "to be removed: 1 versions, 0 drafts" in output
    assert f"dagster run delete {old.run_id}" in output
    assert "materialize again: labelled_scenes" in output
    (row,) = read_retractions(store)
    assert len(row.checkpoints) == 1
    code, output = run("retract", FRAME)
    assert "cannot forget: used it, as was noted before" in output


def test_what_is_no_source_is_one_line(run):
    for words, told in (
        (("retract", "aachen"), "need a source such as ade20k/IMAGE"),
        (("retract",), "need a source to retract, got none"),
        (("gallery", "--round", "round-9"), "need drawn scenes of the round 'round-9', got none"),
    ):
        code, output = run(*words)
        assert code == 1
        assert told in output
