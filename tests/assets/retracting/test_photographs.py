"""Networks that learned from whole data sets are told of, unless they held the frame out."""

import pytest

from assets.closed_set.names import ASSET as CLOSED_SET
from assets.closed_set.names import CHECKPOINTS, STEPS
from assets.experiment.names import TRIALS
from assets.retracting.photographs import may_have_learned
from assets.tracing.reading import Reader
from storage.experiment_records import ExperimentTrial
from storage.store import open_store
from storage.training_records import ClosedSetCheckpoint

NETWORK = "deeplab_miniature"


@pytest.fixture
def store(tmp_path):
    store = open_store(tmp_path)
    commit_start(store)
    commit_trials(store)
    return store


def commit_start(store):
    row = ClosedSetCheckpoint(
        training="t",
        architecture=NETWORK,
        checkpoint_sha256=store.blobs.put(b"start", ".safetensors"),
        mean_iou=0.5,
        class_names=(),
        class_ious=(),
        held_out_frame_ids=("held_out",),
        n_frames=2,
        height_px=1,
        width_px=1,
        n_steps=1,
        configuration="{}",
        source_version="v",
        code_version="1",
        library_versions=("torch",),
    )
    store.manifests.commit(
        CLOSED_SET,
        {CHECKPOINTS: [row], STEPS: []},
        partition=NETWORK,
        base=0,
        recipe="r",
        code_version="1",
    )


def commit_trials(store):
    rows = [trial(store, arm, data) for arm, data in (("baseline", None), ("full", "full"))]
    store.manifests.commit(
        TRIALS, {TRIALS: rows}, partition="tiny", base=0, recipe="r", code_version="1"
    )


def trial(store, arm, data):
    return ExperimentTrial(
        trial=arm,
        plan="p",
        architecture=NETWORK,
        arm=arm,
        seed=0,
        data=data,
        training_set=None,
        training_set_fingerprint=None,
        n_pairs=1,
        configuration="{}",
        start_sha256=None,
        checkpoint_sha256=store.blobs.put(arm.encode(), ".safetensors"),
        n_steps=1,
        last_loss=0.0,
        seconds=1.0,
        device="cpu",
        versions="torch",
        code_version="1",
    )


def found(source, store):
    told = may_have_learned(source, Reader(store))
    return {(one.version.asset, len(one.checkpoints)) for one in told}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("cityscapes/learned", {(CLOSED_SET, 1), (TRIALS, 2)}),
        ("cityscapes/held_out", {(TRIALS, 2)}),
        ("ade20k/image/3", {(TRIALS, 1)}),
        ("imported/set", set()),
    ],
    ids=["frame", "held-out", "object", "set"],
)
def test_who_may_have_learned_from_a_source(source, expected, store):
    assert found(source, store) == expected
