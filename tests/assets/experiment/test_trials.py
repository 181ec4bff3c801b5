"""The asset `experiment_trials`: what it trains, keeps, trains again, and refuses."""

import json
import pickle
from dataclasses import replace

import pytest
import torch
from safetensors.torch import load_file

from assets.experiment import committing
from assets.experiment.committing import gpus_for_trials, trials_of
from assets.experiment.finishing import ItemsFailedError
from assets.experiment.item import trial_key
from assets.experiment.names import TRIALS, training_set_name
from assets.experiment.running import run_trial
from assets.segmenters.weights import checkpoint_facts
from models.segmentation import load_segmenter
from storage.world import write_marker
from tests.assets.experiment.conftest import (
    N_FRAMES,
    NAME,
    NETWORK,
    PLAN,
    TREE,
    changed,
    told,
    write_training_set,
)

ARMS = ("baseline", "full", "paste")


@pytest.fixture
def ran(monkeypatch):
    """Keys of the trials that were trained, in their order."""
    keys = []

    def run(item):
        keys.append(f"{item.arm}/{item.seed}")
        return run_trial(item)

    monkeypatch.setattr(committing, "run_trial", run)
    return keys


def rows_of(home):
    return {(row.arm, row.seed): row for row in trials_of(home.latest(), home.opened)}


def test_every_arm_begins_with_the_start_of_its_seed(trained_home):
    rows, blobs = rows_of(trained_home), trained_home.opened.blobs
    assert sorted(rows) == [(arm, seed) for arm in ARMS for seed in (0, 1)]
    for (arm, seed), row in rows.items():
        start = rows["baseline", seed]
        assert (row.plan, row.architecture, row.device) == (PLAN.digest, NETWORK, "cpu")
        assert row.start_sha256 == (None if arm == "baseline" else start.checkpoint_sha256)
        assert (row.n_pairs, row.n_steps) == (N_FRAMES, 4)
        assert row.last_loss > 0 < row.seconds
        facts = checkpoint_facts(blobs.path(row.checkpoint_sha256))
        assert (facts["asset"], facts["trial"]) == (TRIALS, row.trial)
        assert facts["configuration"] == json.loads(row.configuration)
        assert facts["configuration"]["seed"] == seed
    assert len({row.checkpoint_sha256 for row in rows.values()}) == 6
    full, paste = rows["full", 1], rows["paste", 1]
    assert full.training_set == f"{training_set_name(NAME, 'full', 1, 1)}@1"
    assert (paste.data, paste.training_set) == ("photographs", None)
    start = load_segmenter(NETWORK, blobs.path(rows["baseline", 0].checkpoint_sha256))
    assert torch.equal(start.ood_head.weight, start.final[6].weight)
    learned = load_file(blobs.path(full.checkpoint_sha256))
    begun = load_file(blobs.path(full.start_sha256))
    moved = {name.split(".")[1] for name in learned if not torch.equal(learned[name], begun[name])}
    assert moved


def test_what_is_trained_is_not_trained_again(trained_home, ran):
    before = trained_home.latest()
    result = trained_home.train()
    assert result.success
    assert not ran
    assert trained_home.latest() == before
    (event,) = result.asset_materializations_for_node(TRIALS)
    assert event.metadata["trials"].value == event.metadata["trials_of_the_plan"].value == 6


def test_the_same_trial_gives_the_same_bytes(trained_home):
    order, rows = trained_home.order(), rows_of(trained_home)
    start = next(item for item in order.starts if item.seed == 1)
    second = next(item for item in order.others if (item.arm, item.seed) == ("full", 1))
    assert run_trial(start).checkpoint_sha256 == rows["baseline", 1].checkpoint_sha256
    begun = replace(second, start_sha256=rows["baseline", 1].checkpoint_sha256)
    again = run_trial(begun)
    former = rows["full", 1]
    assert replace(again, seconds=former.seconds) == former


def test_a_changed_arm_trains_itself_alone(trained_home, ran):
    tree = changed(full={"loss": {"sample_ratio": 0.25}})
    trained_home.run(tree)
    assert ran == ["full/0", "full/1"]
    rows = rows_of(trained_home)
    assert len(rows) == 6
    assert len({row.plan for row in rows.values()}) == 1
    trained_home.run()
    assert len(ran) == 2, "the former plan finds its trials in former versions"
    assert {row.plan for row in rows_of(trained_home).values()} == {PLAN.digest}


def test_another_training_set_trains_its_seed_alone(trained_home, ran):
    name = training_set_name(NAME, "full", 1, 1)
    write_training_set(trained_home.folder, name, 'rounds = "all"\n[filters]\nmin_ood_px = 1\n')
    trained_home.run()
    assert not ran, "the same rows are the same data"
    veto = "[[vetoed]]\nround = 'round-1'\nframe = 'lisbon_000000_000019'\nvariant = 0\n"
    write_training_set(trained_home.folder, name, f'rounds = "all"\n{veto}')
    trained_home.run()
    assert ran == ["full/1"]


def test_a_part_of_a_plan_brings_its_starts(home, ran):
    home.run(arms=["paste"], seeds=[1])
    assert ran == ["baseline/1", "paste/1"]
    assert sorted(rows_of(home)) == [("baseline", 1), ("paste", 1)]


def test_a_run_that_is_killed_goes_on(home, monkeypatch, ran):
    real = committing.run_trial

    def die(item):
        if len(ran) == 3:
            raise KeyboardInterrupt
        return real(item)

    with monkeypatch.context() as patch:
        patch.setattr(committing, "run_trial", die)
        with pytest.raises(KeyboardInterrupt):
            home.run()
    assert ran == ["baseline/0", "baseline/1", "paste/0"]
    home.run()
    assert ran[3:] == ["full/0", "paste/1", "full/1"]
    assert len(rows_of(home)) == 6


def test_a_trial_that_fails_stops_no_other(home, monkeypatch):
    def fail(item):
        if item.arm == "paste":
            raise RuntimeError("the card fell off the bus")
        return run_trial(item)

    with monkeypatch.context() as patch:
        patch.setattr(committing, "run_trial", fail)
        with pytest.raises(ItemsFailedError, match="trainings that failed: 1, all others") as e:
            home.run(seeds=[0])
    assert "fell off the bus" in str(e.value)
    assert sorted(rows_of(home)) == [("baseline", 0), ("full", 0)]


def test_a_start_that_fails_stops_its_own_seed_alone(home, monkeypatch):
    def fail(item):
        if item.data is None and item.seed == 0:
            raise RuntimeError("no luck")
        return run_trial(item)

    monkeypatch.setattr(committing, "run_trial", fail)
    with pytest.raises(ItemsFailedError, match=r"that failed: 1.*baseline/0"):
        home.run(arms=["paste"])
    assert sorted(rows_of(home)) == [("baseline", 1), ("paste", 1)]


def test_what_decides_is_in_the_digest(trained_home):
    items = {trial_key(item): item for item in trained_home.order().items}
    others = trained_home.order(changed(paste={"batch_size": 1})).items
    differing = [item.arm for item in others if trial_key(item) not in items]
    assert differing == ["paste", "paste"]
    one = next(iter(items.values()))
    elsewhere = replace(one, data_root="/x", store_root="/y", device="cuda", plan="other")
    assert elsewhere.trial == one.trial
    assert replace(one, seed=7).trial != one.trial


def test_what_cannot_be_trained_says_what_to_do(home):
    def refused(words, tree=TREE, **config):
        with pytest.raises(ValueError, match=words):
            home.order(tree, **config)

    tree = changed()
    tree["arms"]["full_2x"] = {"title": "twice", "data": "full", "n_variants": 2}
    refused("2 are missing, such as exp-tiny-full-0-2x", tree)
    assert home.order(tree, arms=["paste"], seeds=[0]).wanted
    refused("arms: need some of baseline, paste, full, got 'fulll'", arms=["fulll"])
    wrong = changed(full={"loss": {"selection_ratio": 2.0}})
    refused("arm full: need a training configuration, got at loss", wrong)
    no_start = {**TREE, "arms": {name: TREE["arms"][name] for name in ("paste", "full")}}
    no_start["headline"] = {**TREE["headline"], "against": ["paste"]}
    refused("need an arm of deeplab_miniature without data", no_start)
    marker = {"world_version": "2", "scene_height_px": 32, "is_complete": True}
    write_marker(home.folder / "data", {**marker, "n_train": 5, "others_frac": 1.0, "seed": 9})
    assert "need the training world of the plan tiny" in told(home.train())


def test_items_travel_to_workers(trained_home):
    order = trained_home.order()
    assert pickle.loads(pickle.dumps(order.items)) == order.items
    assert [item.start is None for item in order.items] == [True, True] + 4 * [False]


@pytest.mark.parametrize(
    ("offered", "device", "n_at_once", "asked"),
    [
        (0.0, "auto", 8, {}),  # local workers that share a card, or no card
        (1.0, "auto", 1, {"GPU": 1.0}),
        (1.0, "cuda", 8, {"GPU": 0.125}),
        (1.0, "cpu", 8, {}),
    ],
)
def test_several_trials_share_a_card(offered, device, n_at_once, asked):
    class Fake:
        def most_offered(self, _):
            return offered

    plan = PLAN.model_copy(update={"n_at_once": n_at_once})
    assert gpus_for_trials(Fake(), device, plan) == asked


def test_a_network_with_masks_learns_by_its_own_criterion(home):
    network = "mask2former_miniature"
    tree = changed()
    closed_set = {"n_epochs": 1, "batch_size": 2, "crop_px": 32, "n_points": 16}
    tree["networks"][network] = {"seconds": 1, "closed_set": closed_set, "arms": ["baseline"]}
    (start,) = home.order(tree, architectures=[network], seeds=[1]).starts
    row = run_trial(start)
    assert (row.architecture, row.n_steps) == (network, 2)
    assert row.last_loss > 0
    trained = load_segmenter(network, home.opened.blobs.path(row.checkpoint_sha256))
    state = trained.published_state()
    for name, tensor in state.items():
        if name.startswith(trained.ood_layer):
            assert torch.equal(tensor, state[trained.class_key(name)])
