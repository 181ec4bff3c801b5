"""Finding a checkpoint by its name, and the objects that its training showed."""

import shutil
from pathlib import Path

import pytest

from assets.benchmarks.checkpoints import NamedCheckpoint, find_checkpoint
from assets.closed_set.names import ASSET as CLOSED_SET
from assets.resources import ManifestStore
from storage.images import file_sha256
from storage.records import OodObject
from storage.store import open_store
from storage.training_records import ClosedSetCheckpoint, SegmenterCheckpoint, TrainingPair
from tests.assets.segmenters.conftest import NAME
from tests.assets.tracing.traced_world import make_world


@pytest.fixture(scope="module")
def made_once(tmp_path_factory):
    folder = tmp_path_factory.mktemp("traced") / "world"
    make_world(folder)
    return folder


@pytest.fixture
def home(made_once, tmp_path):
    return shutil.copytree(made_once, tmp_path / "home")


@pytest.fixture
def store(home):
    return ManifestStore(root=str(home / "store")).open()


def stored_row(store):
    (row,) = store.manifests.read_records(
        "segmenter_checkpoint", "segmenter_checkpoints", SegmenterCheckpoint, partition=NAME
    )
    return row


def shown(store, held_out):
    """Classes of the scenes that are not held out, and of the kept crops of the bank."""
    pairs = store.manifests.read_records(
        "training_set", "training_pairs", TrainingPair, partition=NAME
    )
    bank = store.manifests.read_records("ood_objects", "ood_objects", OodObject)
    learned = {n for p in pairs if p.frame_id not in held_out for n in p.object_class_names}
    return tuple(sorted(learned | {row.class_name for row in bank if row.verdict == "kept"}))


def file_sha256_of(found):
    return file_sha256(Path(found.subject.file))


def commit_closed_set(store, sha256):
    row = ClosedSetCheckpoint(
        training="t" * 64,
        architecture="deeplab_miniature",
        checkpoint_sha256=sha256,
        mean_iou=0.5,
        class_names=("road",),
        class_ious=(0.5,),
        held_out_frame_ids=("a",),
        n_frames=1,
        height_px=32,
        width_px=64,
        n_steps=1,
        configuration="{}",
        source_version="v",
        code_version="1",
        library_versions=(),
    )
    store.manifests.commit(
        CLOSED_SET,
        {"closed_set_checkpoints": [row], "closed_set_steps": []},
        partition="deeplab_miniature",
    )


def test_the_latest_of_a_selection(store):
    found = find_checkpoint(NamedCheckpoint(selection=NAME), store)
    row = stored_row(store)
    assert found.subject.sha256 == row.checkpoint_sha256 == file_sha256_of(found)
    assert found.subject.architecture == row.architecture
    assert (found.lineage.training, found.lineage.training_set) == (row.training, f"{NAME}@1")
    assert found.lineage.object_classes == shown(store, row.held_out_frame_ids) != ()
    assert found.lineage.note == ""
    assert found.version is not None
    assert found.version.asset == "segmenter_checkpoint"


def test_a_digest_and_a_file_are_the_same_checkpoint(store, home):
    latest = find_checkpoint(NamedCheckpoint(selection=NAME), store)
    by_digest = find_checkpoint(NamedCheckpoint(checkpoint=latest.subject.sha256), store)
    assert by_digest == latest
    by_file = find_checkpoint(NamedCheckpoint(checkpoint=str(home / "best.safetensors")), store)
    assert by_file.subject.sha256 == latest.subject.sha256
    assert by_file.lineage == latest.lineage
    alone = find_checkpoint(NamedCheckpoint(checkpoint=str(home / "best.safetensors")), None)
    assert alone.subject == by_file.subject
    assert alone.lineage.training == latest.lineage.training
    assert "no store" in alone.lineage.note


def test_what_is_gone_is_told(store):
    for folder in ("training_set", "ood_objects"):
        shutil.rmtree(store.root / "manifests" / folder)
    found = find_checkpoint(NamedCheckpoint(selection=NAME), store)
    assert found.lineage.object_classes == ()
    assert "its training set" in found.lineage.note
    assert "its bank of objects, version 1, is gone" in found.lineage.note


def test_a_closed_set_checkpoint_showed_no_object(store):
    sha256 = store.blobs.put(b"weights", ".safetensors")
    commit_closed_set(store, sha256)
    found = find_checkpoint(NamedCheckpoint(checkpoint="closed_set"), store)
    assert (found.subject.sha256, found.subject.architecture) == (sha256, "deeplab_miniature")
    assert (found.lineage.object_classes, found.lineage.note) == ((), "")
    assert find_checkpoint(NamedCheckpoint(checkpoint=sha256), store) == found


def test_a_far_store_gives_a_copy(store, tmp_path):
    far = open_store(f"memory://benchmark-{tmp_path.name}", single_writer=True)
    sha256 = far.blobs.put(b"weights", ".safetensors")
    commit_closed_set(far, sha256)
    found = find_checkpoint(NamedCheckpoint(checkpoint="closed_set"), far, tmp_path)
    assert found.subject.file.startswith(str(tmp_path))
    assert file_sha256_of(found) == sha256
    with pytest.raises(ValueError, match="need a folder for a copy"):
        find_checkpoint(NamedCheckpoint(checkpoint="closed_set"), far)


def test_other_architectures_and_selections_are_refused(store):
    with pytest.raises(
        ValueError, match=r"need a checkpoint of mask2former_r50, there are deeplab"
    ):
        find_checkpoint(NamedCheckpoint(selection=NAME, architecture="mask2former_r50"), store)
    with pytest.raises(ValueError, match="selection nothing: need a checkpoint of one arch"):
        find_checkpoint(NamedCheckpoint(selection="nothing"), store)
