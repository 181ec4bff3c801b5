"""The asset `closed_set_checkpoint`: what it commits, repeats, refuses, and what begins with it."""

import json
import math
import shutil

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from upath import UPath

from assets.closed_set.committing import rows_of
from assets.closed_set.config import ClosedSetTrainingConfig
from assets.closed_set.frames import read_frames
from assets.closed_set.names import ASSET
from assets.closed_set.order import plan_closed_set
from assets.closed_set.start import closed_set_start
from assets.closed_set.training import ClosedSetTraining
from assets.segmenters.weights import checkpoint_facts
from models.divergence import DivergedError
from models.segmentation import load_segmenter
from storage.datasets.dataset import BadFileError
from storage.images import write_png
from storage.label_space import VOID_ID
from storage.store import open_store
from tests.assets.closed_set.conftest import ARCHITECTURE, FRAMES, QUICK


def told(result):
    """What a failed step says."""
    (event,) = [event for event in result.all_events if event.is_step_failure]
    return event.step_failure_data.user_failure_data.description


def planned(data_root, **config):
    wanted = ClosedSetTrainingConfig(**{**QUICK, **config})
    return plan_closed_set(ARCHITECTURE, wanted, data_root, device="cpu")


def test_a_run_commits_a_network_that_explains_itself(train_closed_set, store):
    result = train_closed_set(n_epochs=8)
    assert result.success
    opened = store.open()
    version = opened.manifests.latest(ASSET, ARCHITECTURE)
    rows = rows_of(version, opened)
    row = rows.checkpoint
    assert (row.n_frames, len(row.held_out_frame_ids), row.n_steps) == (6, 1, 24)
    assert row.class_names == ("road", "sky")
    assert row.mean_iou == pytest.approx(np.mean(row.class_ious))
    assert row.mean_iou > 0.3, "it learned something"
    assert [step.epoch for step in rows.steps] == list(range(8))
    assert [step.epoch for step in rows.steps if step.mean_iou is not None] == [1, 3, 5, 7]
    assert rows.steps[-1].mean_iou == row.mean_iou
    assert rows.steps[-1].loss < 0.5 * rows.steps[0].loss
    path = opened.blobs.path(row.checkpoint_sha256)
    facts = checkpoint_facts(path)
    assert (facts["asset"], facts["training"]) == (ASSET, row.training)
    assert facts["held_out_frame_ids"] == list(row.held_out_frame_ids)
    assert json.loads(facts["configuration"])["n_epochs"] == 8
    assert version.provenance["source/cityscapes"] == row.source_version != ""
    network = load_segmenter(ARCHITECTURE, path)
    assert torch.equal(network.ood_head.weight, network.final[6].weight)
    (event,) = result.asset_materializations_for_node(ASSET)
    assert event.metadata["mean_iou"].value == row.mean_iou
    assert event.metadata["curve"].value.startswith("![loss")
    assert all(check.passed for check in result.get_asset_check_evaluations())


def test_what_is_done_is_not_done_again_and_repeats_itself(train_closed_set, store, data_root):
    assert train_closed_set().success
    manifests = store.open().manifests
    first = manifests.latest(ASSET, ARCHITECTURE)
    assert train_closed_set().success
    assert manifests.latest_number(ASSET, ARCHITECTURE) == 1
    again = ClosedSetTraining(planned(data_root))
    again.run()
    kept = load_file(
        store.open().blobs.path(rows_of(first, store.open()).checkpoint.checkpoint_sha256)
    )
    for name, tensor in again.network.published_state().items():
        assert torch.equal(tensor, kept[name]), name
    assert train_closed_set(seed=1).success
    assert manifests.latest_number(ASSET, ARCHITECTURE) == 2


def test_a_lost_blob_is_made_again(train_closed_set, store):
    assert train_closed_set().success
    opened = store.open()
    version = opened.manifests.latest(ASSET, ARCHITECTURE)
    name = rows_of(version, opened).checkpoint.checkpoint_sha256
    opened.blobs.path(name).unlink()
    with pytest.raises(ValueError, match=r"is missing.*materialize it again"):
        closed_set_start(ARCHITECTURE, opened, UPath("unused"))
    assert train_closed_set().success
    version = opened.manifests.latest(ASSET, ARCHITECTURE)
    assert opened.blobs.exists(rows_of(version, opened).checkpoint.checkpoint_sha256)


def test_a_run_that_dies_leaves_nothing(train_closed_set, store, monkeypatch):
    def die(*_, **__):
        raise OSError("power cut")

    monkeypatch.setattr("assets.closed_set.training.closed_set_confusion", die)
    assert "power cut" in told(train_closed_set())
    assert store.open().manifests.latest(ASSET, ARCHITECTURE) is None
    assert not list((UPath(store.root) / "blobs").rglob("*.safetensors"))


def test_frames_of_the_training_split_are_learned_from_or_held_out(data_root):
    order = planned(data_root, held_out_frac=0.3)
    learned = {frame.frame_id for frame in order.learned}
    assert learned.isdisjoint(order.held_out_frame_ids)
    assert sorted(learned | set(order.held_out_frame_ids)) == FRAMES
    assert len(order.held_out_frame_ids) == 2
    few = planned(data_root, max_frames=3)
    names = sorted(frame.frame_id for frame in (*few.learned, *few.scored))
    assert names == [FRAMES[0], FRAMES[3], FRAMES[6]]
    assert order.training != few.training


def test_batches_and_crops_are_no_larger_than_what_there_is(data_root):
    training = ClosedSetTraining(planned(data_root, batch_size=100, crop_px=48, n_epochs=4))
    assert (training.config.batch_size, training.config.n_steps) == (6, 4)
    assert training.config.crop == (32, 48)
    assert ClosedSetTraining(planned(data_root, crop_px=0)).config.crop is None


def test_frames_are_brought_to_one_size(data_root):
    order = planned(data_root)
    images, labels = read_frames(data_root, order.learned, 16)
    assert images.shape == (6, 16, 32, 3)
    assert labels.shape == (6, 16, 32)
    assert set(np.unique(labels)) <= {0, 10, VOID_ID}
    path = data_root / order.learned[1].image
    write_png(path, np.zeros((64, 64, 3), np.uint8))
    with pytest.raises(
        BadFileError, match=r"need an image and a label that become \(16, 32\)"
    ) as e:
        read_frames(data_root, order.learned, 16)
    assert path.name in str(e.value)


def test_a_loss_that_is_no_number_ends_it(data_root, monkeypatch):
    training = ClosedSetTraining(planned(data_root))
    nothing = (torch.tensor(math.nan) for _ in range(training.config.n_steps))
    monkeypatch.setattr("assets.closed_set.training.train_closed_set", lambda *_: nothing)
    with pytest.raises(DivergedError, match=r"step 3.*got nan; choose a lower learning_rate"):
        training.run()


def test_bad_input_is_one_clear_line(train_closed_set, data_root):
    shutil.rmtree(data_root / "cityscapes" / "leftImg8bit" / "train")
    assert "need two complete training frames" in told(train_closed_set())
    shutil.rmtree(data_root / "cityscapes")
    assert "need Cityscapes" in told(train_closed_set())


def test_the_start_is_the_blob_or_a_copy_of_it(train_closed_set, store, tmp_path):
    assert train_closed_set().success
    opened = store.open()
    path, version = closed_set_start(ARCHITECTURE, opened, tmp_path)
    name = rows_of(version, opened).checkpoint.checkpoint_sha256
    assert path == str(opened.blobs.path(name))
    far = open_store("memory://far", single_writer=True)
    assert far.blobs.put(opened.blobs.get(name), ".safetensors") == name
    rows = rows_of(version, opened)
    far.manifests.commit(
        ASSET,
        {"closed_set_checkpoints": [rows.checkpoint], "closed_set_steps": rows.steps},
        partition=ARCHITECTURE,
        code_version="1",
        run_id="test",
        provenance={},
    )
    copied, _ = closed_set_start(ARCHITECTURE, far, tmp_path)
    assert copied.startswith(str(tmp_path))
    assert load_segmenter(ARCHITECTURE, copied)


def test_what_cannot_begin_says_what_to_do(store, tmp_path):
    with pytest.raises(ValueError, match="got none; materialize closed_set_checkpoint first"):
        closed_set_start(ARCHITECTURE, store.open(), tmp_path)
    with pytest.raises(ValueError, match="trains deeplab_miniature alone: name a file"):
        closed_set_start("mask2former_r50", store.open(), tmp_path)
