"""What people type becomes one checkpoint or sample, or one clear error."""

from dataclasses import replace
from pathlib import Path

import pytest

from assets.tracing.checkpoints import stored_checkpoints
from assets.tracing.names import is_digest, name_of_sample
from assets.tracing.search import PictureOf, find_start
from storage.training_records import TrainingPair
from tests.assets.segmenters.conftest import NAME
from tests.assets.tracing.traced_world import FRAMES, SAMPLE


@pytest.fixture
def pairs(store):
    return store.manifests.read_records(
        "training_set", "training_pairs", TrainingPair, partition=NAME
    )


def test_a_name_is_read_as_it_is_written():
    assert str(name_of_sample(SAMPLE)) == SAMPLE
    for text in ("", "a/b/c", "a/b/c/d", "a//c/0", "a/b/c/0/1", "a/b/c/-1", "a/b/c/٣"):
        assert name_of_sample(text) is None
    assert is_digest("beef")
    assert not is_digest("BEEF")
    assert not is_digest("bee")


def test_samples_are_found_by_any_end_of_their_name(reader):
    whole = PictureOf(name=name_of_sample(SAMPLE))
    assert find_start(SAMPLE, reader) == whole
    assert find_start(SAMPLE.partition("/")[2], reader) == whole
    assert find_start(FRAMES[0], reader) == whole


def test_samples_are_found_by_picture_and_label(reader, store, pairs):
    wanted = pairs[0]
    for digest in (wanted.image_sha256, wanted.image_sha256[:10], wanted.label_sha256):
        found = find_start(digest, reader)
        assert found.name.frame_id == wanted.frame_id
        assert found.image_sha256 == wanted.image_sha256
    file = str(store.blobs.path(wanted.image_sha256))
    assert find_start(file, reader).image_sha256 == wanted.image_sha256
    Path(file).unlink()  # its name says which blob it was
    assert find_start(file, reader).image_sha256 == wanted.image_sha256


def test_checkpoints_are_found_by_file_and_digest(reader, store, traced_home):
    (stored,) = stored_checkpoints(reader)
    assert find_start(stored.row.checkpoint_sha256[:8], reader) == stored
    path = traced_home / "best.safetensors"
    assert find_start(str(path), reader) == find_start(str(path), None) == path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (FRAMES[1], r"need the name of one sample, got 2 that fit: labelled_scenes/.*/0, .*/1; "),
        (f"{SAMPLE[:-1]}7", rf"got none of them; the nearest: .*{SAMPLE}.*; what vacuum removed"),
        ("lisbon_000009_000019", "the nearest: labelled_scenes/round-1/lisbon_00000"),
        ("ffff" * 16, "need a file of weights, or a SHA-256 of one of 1 checkpoints or of a"),
        ("no/such/file.safetensors", "need a file of weights, or one of 4 samples .* nothing that"),
    ],
)
def test_what_means_nothing_or_too_much_is_one_clear_error(reader, text, said):
    with pytest.raises(LookupError, match=said) as error:
        find_start(text, reader)
    assert "\n" not in str(error.value)


def test_digits_that_several_begin_with_are_refused(store, pairs, reader):
    shared = pairs[0].image_sha256
    rows = [replace(row, image_sha256=shared[:8] + row.image_sha256[8:]) for row in pairs]
    store.manifests.commit(
        "training_set", {"training_pairs": rows, "quarantine": []}, partition=NAME
    )
    with pytest.raises(LookupError, match=r"got 4 that fit: .*; write more digits, or the name"):
        find_start(shared[:8], reader)
    assert find_start(shared, reader).image_sha256 == shared


def test_without_a_store_only_files_can_be_asked_about():
    with pytest.raises(ValueError, match="need a safetensors file where there is no store, got no"):
        find_start("beef", None)
