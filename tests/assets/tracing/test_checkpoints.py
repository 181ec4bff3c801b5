"""From a checkpoint to its inputs and samples, with a store, without one, and after vacuum."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from safetensors.numpy import save_file

from assets.tracing.checkpoints import stored_checkpoints, trace_file, trace_stored
from assets.tracing.inputs import State
from assets.tracing.reading import Reader
from assets.tracing.roles import Role
from tests.assets.segmenters.conftest import NAME, commit_bank
from tests.assets.tracing.traced_world import FRAMES, write_weights_file


def test_a_file_explains_itself_without_a_store(traced_home, tmp_path):
    path = shutil.move(traced_home / "best.safetensors", tmp_path / "best.safetensors")
    shutil.rmtree(traced_home)
    traced = trace_file(path, None)
    facts = traced.facts
    assert (facts.selection, facts.architecture) == (NAME, "deeplab_miniature")
    assert len(facts.rows_fingerprint) == len(facts.manifest_fingerprint) == 64
    assert facts.configuration["batch_size"] == 1
    assert {one.state for one in traced.inputs} == {State.UNKNOWN}
    assert [one.name for one in traced.inputs] == [f"training_set {NAME}", "ood_objects all"]
    assert traced.samples == traced.problems == ()


def test_with_a_store_samples_and_their_part_are_known(traced_home, reader):
    traced = trace_file(traced_home / "best.safetensors", reader)
    assert traced.problems == ()
    assert traced.stored is not None
    assert traced.stored.is_current
    assert {one.state for one in traced.inputs} == {State.THERE}
    assert len(traced.samples) == 4
    (held_out,) = traced.facts.held_out_frame_ids
    for sample in traced.samples:
        assert (sample.role is Role.LEARNED) == (sample.row.frame_id != held_out)
    assert sum(sample.role is Role.SCORED for sample in traced.samples) == 1
    assert list(traced.inputs[0].parents) == ["labelled_scenes/lisbon|round-1"]
    assert traced.n_lost_pictures == 0


def test_the_row_says_what_the_file_says(traced_home, reader):
    (stored,) = stored_checkpoints(reader)
    of_row = trace_stored(stored, reader)
    of_file = trace_file(traced_home / "best.safetensors", reader)
    assert of_row.facts == of_file.facts
    assert of_row.sha256 == of_file.sha256
    assert of_row.samples == of_file.samples


def test_other_weights_of_the_same_training_are_found_out(traced_home, store, reader):
    path = write_weights_file(traced_home / "other.safetensors", store, value=1.0)
    traced = trace_file(path, reader)
    assert traced.stored is None
    assert "these weights are not those that the training left" in traced.problems[0]
    unknown = write_weights_file(traced_home / "more.safetensors", store, step=9)
    assert trace_file(unknown, reader).problems == ()


def test_what_vacuum_removed_is_told(traced_home, store):
    (stored,) = stored_checkpoints(Reader(store))
    shutil.rmtree(store.manifests.partition_folder("training_set", NAME))
    commit_bank(store, ("kept",))
    store.manifests.pointer_path("ood_objects", "all", 1).unlink()
    store.blobs.path(stored.row.checkpoint_sha256).unlink()
    traced = trace_stored(stored, Reader(store))
    assert traced.file is None
    assert traced.samples == ()
    assert [one.state for one in traced.inputs] == [State.GONE, State.GONE]
    assert traced.problems == (
        "its weights are not in the store any more",
        f"training_set {NAME}, version 1: not there any more",
        "ood_objects all, version 1: not there any more",
    )
    assert traced.facts.n_pairs in (2, 3)


def test_equal_rows_of_another_version_stand_for_a_lost_one(traced_home, store):
    former = store.manifests.wanted("training_set", NAME)
    store.manifests.commit(
        "training_set",
        {name: store.manifests.rows(former, name) for name in former.tables},
        partition=NAME,
    )
    store.manifests.pointer_path("training_set", NAME, 1).unlink()
    traced = trace_file(traced_home / "best.safetensors", Reader(store))
    assert traced.inputs[0].state is State.OTHER_VERSION
    assert "version 2 has the same rows" in traced.inputs[0].told
    assert len(traced.samples) == 4


def test_lost_pictures_are_counted(traced_home, store, reader):
    traced = trace_file(traced_home / "best.safetensors", reader)
    store.blobs.path(traced.samples[0].row.image_sha256).unlink()
    traced = trace_file(traced_home / "best.safetensors", reader)
    assert traced.n_lost_pictures == 1


def test_damaged_rows_are_told_and_passed_over(traced_home, store):
    folder = store.manifests.partition_folder("training_set", NAME)
    for part in (folder / "parts").iterdir():
        part.write_bytes(b"harmed")
    traced = trace_file(traced_home / "best.safetensors", Reader(store))
    assert traced.samples == ()
    assert "training_set" in traced.problems[-1]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "need a safetensors file, got one without its header"),
        (b"\x00" * 40, "need a safetensors file, got one without its header"),
        (b"\xff" * 40, "need a safetensors file, got one without its header"),
        (None, "need a checkpoint of segmenter_checkpoint, got a safetensors file without"),
        ("{}", "need metadata `multishift` as segmenter_checkpoint writes them, got others"),
        ("[]", "need metadata `multishift` as segmenter_checkpoint writes them, got others"),
        (
            '{"asset": "closed_set_checkpoint", "n_frames": 9}',
            "need a checkpoint of segmenter_checkpoint, got one of closed_set_checkpoint: n_fr",
        ),
        ("{", "need metadata `multishift` as segmenter_checkpoint writes them, got others"),
    ],
)
def test_a_file_that_says_nothing_is_one_clear_error(tmp_path, content, said):
    path = tmp_path / "a.safetensors"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        save_file({"w": np.zeros(2)}, path, content and {"multishift": content})
    with pytest.raises(ValueError, match=f"a.safetensors: {said}") as error:
        trace_file(path, None)
    assert "\n" not in str(error.value)


def test_frames_are_those_of_the_world(traced_home, reader):
    traced = trace_file(traced_home / "best.safetensors", reader)
    assert {sample.row.frame_id for sample in traced.samples} == set(FRAMES)


def test_the_checkpoint_that_a_training_began_with_is_looked_for(traced_home, store, reader):
    (stored,) = stored_checkpoints(reader)
    own = stored.row.checkpoint_sha256

    def initial(sha256):
        begun = replace(stored, row=replace(stored.row, initial_sha256=sha256))
        return trace_stored(begun, Reader(store)).inputs[-1]

    assert initial("0" * 64).state is State.OUTSIDE
    assert initial(store.blobs.put(b"weights", ".safetensors")).state is State.THERE
    assert initial(own).told == f"initial checkpoint {own}: segmenter_checkpoint mine, version 1"
    store.blobs.path(own).unlink()
    assert initial(own).state is State.GONE
