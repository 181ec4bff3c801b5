"""The asset `segmenter_checkpoint`: rows, what is refused, and what goes on."""

import json
import re
import shutil
import time
from dataclasses import replace

import dagster as dg
import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from assets.engine import offers
from assets.engine.resource import Engine
from assets.retracting.retractions import record_retraction
from assets.retracting.sources import sources_of_object
from assets.segmenters import following, keeping, work
from assets.segmenters.checks import Found, answer_all
from assets.segmenters.committing import gpus_of, rows_of
from assets.segmenters.names import ASSET
from assets.segmenters.weights import checkpoint_facts
from models.segmentation import load_segmenter
from storage.images import file_sha256, read_label, write_png
from storage.records import OodObject
from storage.training_records import TrainingPair
from tests.assets.segmenters.conftest import NAME, commit_bank, make_item, select


def told(result):
    """What a failed step says."""
    (event,) = [event for event in result.all_events if event.is_step_failure]
    return event.step_failure_data.user_failure_data.description


def latest(store):
    return store.manifests.latest(ASSET, NAME)


def test_a_run_commits_checkpoints_with_their_lineage(train, bank, store, tmp_path):
    result = train()
    assert result.success
    version = latest(store)
    rows = rows_of(version, store)
    best = next(row for row in rows.checkpoints if row.is_best)
    last = next(row for row in rows.checkpoints if row.is_last)
    assert best.average_precision >= last.average_precision
    pairs = store.manifests.wanted("training_set", NAME)
    assert (best.manifest_version, best.manifest_fingerprint) == (1, pairs.fingerprint)
    assert best.objects_fingerprint == bank.fingerprint
    assert len(best.held_out_frame_ids) == 1
    assert best.n_pairs in (5, 6)
    assert version.parents.keys() == {f"training_set/{NAME}", f"ood_objects/{bank.partition}"}
    path = store.blobs.path(best.checkpoint_sha256)
    load_segmenter("deeplab_miniature", path)
    assert checkpoint_facts(path)["rows_fingerprint"] == best.rows_fingerprint
    assert json.loads(best.configuration)["batch_size"] == 1
    scored = [step for step in rows.steps if step.average_precision is not None]
    assert [step.epoch for step in scored] == [0, 1]
    (shown,) = (tmp_path / "work").iterdir()
    assert [path.name for path in shown.iterdir()] == [
        f"{NAME}-deeplab_miniature-{best.training[:16]}"
    ]
    (event,) = result.asset_materializations_for_node(ASSET)
    assert event.metadata["curve"].value.startswith("![loss")
    assert event.metadata["best_average_precision"].value == best.average_precision
    assert all(check.passed for check in result.get_asset_check_evaluations())


def test_a_finished_training_is_not_done_again_and_others_stay(train, bank, store):
    assert train().success
    first = latest(store)
    assert train().success
    assert latest(store) == first
    rows = rows_of(latest(store), store)
    other = replace(rows.checkpoints[0], architecture="mask2former_miniature", training="other")
    store.manifests.append(
        ASSET, {"segmenter_checkpoints": [other]}, partition=NAME, code_version="1",
        run_id="test", provenance={},
    )  # fmt: skip
    assert train(settings={"seed": 2}).success
    found = set(rows_of(latest(store), store).checkpoints)
    assert other in found
    assert {json.loads(row.configuration)["seed"] for row in found - {other}} == {2}


def wait_until(truth, seconds=20.0):
    end = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < end
        time.sleep(0.02)


def observations(instance):
    return instance.fetch_observations(dg.AssetKey(ASSET), limit=100, ascending=True).records


def test_steps_are_seen_in_dagster_while_it_trains(train, bank, store, monkeypatch, instance):
    monkeypatch.setattr(following, "LOOK_EVERY_S", 0.02)
    see = keeping.Keeper.see

    def watched(self, report):
        see(self, report)
        if report.step == 2:
            wait_until(lambda: observations(instance))

    monkeypatch.setattr(keeping.Keeper, "see", watched)
    assert train().success
    seen = observations(instance)
    (made,) = instance.fetch_materializations(dg.AssetKey(ASSET), limit=10).records
    assert all(record.storage_id < made.storage_id for record in seen)
    assert {record.partition_key for record in seen} == {NAME}
    assert not any(
        tag.startswith("dagster/data_version") for r in seen for tag in r.asset_observation.tags
    )
    rows = rows_of(latest(store), store)
    scored = {step.step: step for step in rows.steps if step.mean_iou is not None}
    facts = [record.asset_observation.metadata for record in seen]
    assert facts[0]["step"].value == 2
    assert "average_precision" not in facts[0]
    last = next(fact for fact in facts if fact["step"].value == max(scored))
    assert last["average_precision"].value == scored[max(scored)].average_precision
    assert last["done_frac"].value == 1
    assert last["time_left"].value == "0:00:00"
    assert last["images_per_second"].value > 0
    shown = made.asset_materialization.metadata["tensorboard"].value
    assert last["tensorboard"].value == shown
    reader = EventAccumulator(shown).Reload()
    assert [scalar.step for scalar in reader.Scalars("held_out/mean_iou")] == list(scored)


def test_what_is_seen_of_a_training_is_no_version(train, bank, store, monkeypatch, instance):
    assert train().success
    version, n_seen = latest(store).fingerprint, len(observations(instance))
    assert data_version(instance) == version
    see = keeping.Keeper.see

    def cancelled(self, report):
        see(self, report)
        if report.step == 2:
            wait_until(lambda: len(observations(instance)) > n_seen)
            raise CancelledError

    monkeypatch.setattr(following, "LOOK_EVERY_S", 0.02)
    monkeypatch.setattr(keeping.Keeper, "see", cancelled)
    assert not train(settings={"seed": 2}).success
    assert len(observations(instance)) > n_seen
    assert data_version(instance) == version


def data_version(instance):
    record = instance.get_latest_data_version_record(dg.AssetKey(ASSET), partition_key=NAME)
    return record.event_log_entry.asset_materialization.tags["dagster/data_version"]


@pytest.mark.parametrize(
    ("device", "n_gpus", "asked"),
    [("cpu", 9, {}), ("cuda", 0, {"GPU": 2}), ("cuda:1", 9, {"GPU": 2}), ("auto", 0, {}),
     ("auto", 1, {"GPU": 2})],
)  # fmt: skip
def test_a_gpu_for_each_process_is_asked_for(home, tmp_path, monkeypatch, device, n_gpus, asked):
    monkeypatch.setattr(offers, "n_gpus", lambda: n_gpus)
    item = make_item(home, tmp_path / "work", n_processes=2, device=device)
    assert gpus_of(item, Engine()) == asked


def test_fewer_gpus_than_processes_are_refused(train, bank, store, monkeypatch, home, tmp_path):
    monkeypatch.setattr(offers, "n_gpus", lambda: 1)
    result = train(device="cuda", n_processes=2)
    assert "need a worker that offers 2 GPU, got 1, the best of them with 1 GPU at" in told(result)
    monkeypatch.setattr(work, "n_gpus", lambda: 1)
    answer = work.train_item(make_item(home, tmp_path / "work", n_processes=2, device="cuda"))
    assert answer.reason.startswith("need 2 GPUs for as many processes, got 1 that the worker may")


class CancelledError(BaseException):
    """Stands for a cancel from the UI."""


def test_a_run_that_was_cancelled_goes_on(train, bank, store, monkeypatch, tmp_path):
    see, seen = keeping.Keeper.see, []

    def cancelled(self, report):
        see(self, report)
        seen.append(report.step)
        if report.step == 4:
            raise CancelledError

    def noted(self, report):
        seen.append(report.step)
        see(self, report)

    with monkeypatch.context() as patch:
        patch.setattr(keeping.Keeper, "see", cancelled)
        assert not train().success
    assert latest(store) is None
    seen.clear()
    monkeypatch.setattr(keeping.Keeper, "see", noted)
    assert train().success
    assert seen[0] == 4  # the state of step 3 was kept


def lose_scene(home, store):
    row = next(iter(pairs_of(store)))
    store.blobs.path(row.image_sha256).unlink()


def foreign_label(home, store):
    path = next((home / "data").rglob("*_labelIds.png"))
    write_png(path, read_label(path) * 0 + 77)


def foreign_scene(home, store):
    version = store.manifests.wanted("training_set", NAME)
    rows = list(pairs_of(store))
    label = np.full((rows[2].height_px, rows[2].width_px), 33, np.uint8)
    rows[2] = replace(rows[2], label_sha256=store.blobs.put_image(label))
    store.manifests.commit(
        "training_set",
        {"training_pairs": rows, "quarantine": []},
        partition=NAME,
        base=version.version,
        code_version="1",
        run_id="test",
        provenance={},
    )


def lose_photograph(home, store):
    next((home / "data").rglob("*_leftImg8bit.png")).unlink()


def empty_set(home, store):
    version = store.manifests.wanted("training_set", NAME)
    store.manifests.commit(
        "training_set", {"training_pairs": [], "quarantine": []}, partition=NAME,
        base=version.version, code_version="1", run_id="test", provenance={},
    )  # fmt: skip


def one_frame(home, store):
    select(home / "data", home / "store", 'rounds = "all"\n[filters]\nmax_variants = 1\n' + VETOES)


def no_set(home, store):
    shutil.rmtree(home / "store" / "manifests" / "training_set")


def nothing_kept(home, store):
    commit_bank(store, ["rejected"])


def retract_frame(home, store):
    record_retraction("cityscapes/lisbon_000003_000019", store, reason="privacy", by="ada")


def retract_object(home, store):
    (row, *_) = store.manifests.read_records("ood_objects", "ood_objects", OodObject)
    record_retraction(sources_of_object(row.object_id)[0], store, reason="license", by="ada")


VETOES = (
    "".join(
        f'[[vetoed]]\nround = "round-1"\nframe = "lisbon_{n:06d}_000019"\nvariant = 0\n'
        for n in (1, 2, 3, 4)
    )
    + '[[vetoed]]\nround = "round-1"\nframe = "lisbon_000003_000019"\nvariant = 1\n'
)


def pairs_of(store):
    return store.manifests.read_records(
        "training_set", "training_pairs", TrainingPair, partition=NAME
    )


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (
            lose_scene,
            r"need the pictures of 7 pairs in the store, 1 are not there, the first of lab",
        ),
        (foreign_label, r"_labelIds.png: need the file that was selected, with SHA-256"),
        (foreign_scene, r"sample labelled_scenes/round-1/lisbon_00000\d_000019/0: .*33"),
        (lose_photograph, r"_leftImg8bit.png: cannot be read .No such file"),
        (empty_set, r"training_set, selection mine, version 2: need pairs to learn from, got none"),
        (
            one_frame,
            r"version 2: need two frames or more, one to learn from and one to score, got 1",
        ),
        (no_set, r"need a version of training_set, partition mine, got none; materialize"),
        (nothing_kept, r"ood_objects, version 2: need kept objects to paste, got none; "),
        (
            retract_frame,
            r"need pairs whose sources may be used, \d are made from what was retracted, .*"
            r"lisbon_000003_000019/0; materialize training_set again",
        ),
        (
            retract_object,
            r"version \d.*retracted, .*; materialize (ood_objects|training_set) again",
        ),
    ],
)
def test_bad_input_is_one_clear_error(train, bank, store, home, harm, said):
    harm(home, store)
    result = train()
    assert not result.success
    message = told(result)
    assert re.search(said, message), message
    assert "\n" not in message
    assert latest(store) is None


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"settings": {"batch_sise": 4}}, "need a training configuration.*batch_sise"),
        ({"settings": {"batch_size": 40}}, "need 40 pairs or more for one step"),
        ({"edition": "released"}, "need an architecture with the edition released"),
        ({"initial_checkpoint": "none.pth"}, "none.pth: need a checkpoint to begin with, got no"),
        ({"settings": {"stages": [{"n_epochs": 1, "learning_rate": 1e30}, {}]}}, "need a finite"),
    ],
)
def test_a_wrong_wish_is_one_clear_error(train, bank, store, config, said):
    result = train(**config)
    assert not result.success
    assert re.search(said, told(result)), told(result)
    assert latest(store) is None


def test_without_a_bank_nothing_is_pasted_where_that_is_said(train, store):
    assert "materialize ood_objects, or paste none" in told(train())
    paste = {"transform": {"geometry": {"crop": [24, 48]}, "paste": None}}
    assert train(settings=paste).success
    assert rows_of(latest(store), store).checkpoints[0].objects_version is None


def test_a_training_begins_with_the_weights_that_it_is_given(train, bank, store, tmp_path):
    state = load_segmenter("deeplab_miniature", seed=5).published_state()
    first = {name: value for name, value in state.items() if not name.startswith("ood_head")}
    path = tmp_path / "first.safetensors"
    save_file(first, path)
    assert train(initial_checkpoint=str(path)).success
    rows = rows_of(latest(store), store).checkpoints
    assert {row.initial_sha256 for row in rows} == {file_sha256(path)}
    trained = load_file(store.blobs.path(rows[0].checkpoint_sha256))
    untouched = "mod1.conv1.weight"
    assert torch.equal(trained[untouched], first[untouched])


def test_checks_find_harmed_weights(train, bank, store, monkeypatch):
    assert train().success
    rows = rows_of(latest(store), store)
    path = store.blobs.path(rows.checkpoints[0].checkpoint_sha256)
    path.write_bytes(path.read_bytes()[:100])
    read, names = type(store.blobs).get, []

    def get(blobs, name):
        names.append(name)
        return read(blobs, name)

    monkeypatch.setattr(type(store.blobs), "get", get)
    found = {
        answer.check_name: answer for answer in answer_all(Found(rows=rows, blobs=store.blobs))
    }
    assert sorted(names) == sorted(row.checkpoint_sha256 for row in rows.checkpoints)
    assert not found["weights_finite"].passed
    assert not found["checkpoint_loads"].passed
    unscored = replace(rows, checkpoints=tuple(replace(r, is_best=False) for r in rows.checkpoints))
    answers = answer_all(Found(rows=unscored, blobs=store.blobs))
    assert not answers[-1].passed


@pytest.mark.slow
def test_on_a_worker_of_dask_it_runs_with_loaders_of_its_own(train, bank, store):
    assert train(engine=Engine(mode="processes", n_workers=1)).success
    assert rows_of(latest(store), store).checkpoints
