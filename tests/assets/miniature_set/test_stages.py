"""Stages run once for the same numbers, and continue where they were interrupted."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from assets.miniature_set.fitting import run_fit
from assets.miniature_set.stages import STAGES, digests_of, open_workshop, run_stage
from models.generation.training.fit import DivergedError, Fit, FitConfig
from models.generation.training.recipe import FULL, TINY


def changed(recipe):
    before, after = digests_of(TINY), digests_of(recipe)
    return {name for name in STAGES if before[name] != after[name]}


def test_only_what_depends_on_a_number_is_done_again():
    longer = replace(TINY.diffusion, fit=replace(TINY.diffusion.fit, n_steps=9))
    assert changed(replace(TINY, diffusion=longer)) == {
        "diffusion",
        "assemble",
        "measure",
        "finish",
    }
    judge = replace(TINY.judge, n_steps=9)
    assert changed(replace(TINY, judge=judge)) == {"judge", "measure", "finish"}
    drawing = replace(TINY.drawing, guidance=2.0)
    assert changed(replace(TINY, drawing=drawing)) == {"assemble", "measure", "finish"}
    assert changed(replace(TINY, scenes=replace(TINY.scenes, n_training=9))) == set(STAGES)
    # How it is computed is no other result.
    assert changed(replace(TINY, is_compiled=True, n_between_checkpoints=7)) == set()
    assert not set(digests_of(FULL).values()) & set(digests_of(TINY).values())


def test_every_stage_comes_after_those_that_it_reads():
    names = list(STAGES)
    for name, stage in STAGES.items():
        assert all(names.index(needed) < names.index(name) for needed in stage.inputs)


def test_a_finished_stage_is_kept(trained):
    shop = trained.workshop(TINY)
    before = {path: path.stat().st_mtime_ns for path in shop.output("sam").iterdir()}
    facts = run_stage(shop, "sam")
    assert facts["n_steps"] == TINY.sam.n_steps
    assert before == {path: path.stat().st_mtime_ns for path in shop.output("sam").iterdir()}
    assert "sam: finished before, kept" in trained.lines


def test_a_stage_without_its_input_says_which(tmp_path):
    shop = open_workshop(TINY, tmp_path, say=lambda _: None)
    with pytest.raises(FileNotFoundError, match="need what the stage render of this recipe leaves"):
        run_stage(shop, "judge")
    assert list(tmp_path.iterdir()) == []


class Line(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(3))


def fit_of(*, breaks_at=None, value=float("nan")):
    """A training of a line; at one step it is interrupted, or its loss is not finite."""
    network, n_drawn = Line(), 0
    config = FitConfig(n_steps=10, batch_size=1, learning_rate=0.1, n_warm_up=1, average_decay=0.9)

    def loss(generator):
        nonlocal n_drawn
        n_drawn += 1
        found = (network.weight - torch.randn(3, generator=generator)).square().sum()
        if n_drawn == breaks_at and value is None:
            raise KeyboardInterrupt
        return found * value if n_drawn == breaks_at else found

    return Fit(network, loss, config)


@pytest.fixture
def shop(tmp_path):
    recipe = replace(TINY, n_between_checkpoints=4)
    return open_workshop(recipe, tmp_path, say=lambda _: None)


def out_of(shop, name):
    out = shop.unfinished(name)
    out.mkdir()
    return out


def test_an_interrupted_training_continues_to_the_same_bits(shop):
    whole = fit_of()
    facts = run_fit(shop, "judge", whole, out_of(shop, "judge"))
    assert facts["n_steps"] == 10
    shop.checkpoint("judge").unlink()
    out = out_of(shop, "detector")
    with pytest.raises(KeyboardInterrupt):
        run_fit(shop, "detector", fit_of(breaks_at=7, value=None), out)
    assert shop.checkpoint("detector").is_file()
    continued = fit_of()
    found = run_fit(shop, "detector", continued, out)
    assert torch.equal(whole.network.weight, continued.network.weight)
    losses = [shop.unfinished(n) / "losses.npy" for n in ("judge", "detector")]
    assert losses[0].read_bytes() == losses[1].read_bytes()
    assert found["last_loss"] == facts["last_loss"]


def test_a_training_that_diverges_names_stage_and_step_and_keeps_its_checkpoint(shop):
    out = out_of(shop, "diffusion")
    with pytest.raises(DivergedError, match=r"diffusion: need a finite loss, got nan at step 6"):
        run_fit(shop, "diffusion", fit_of(breaks_at=6), out)
    assert shop.checkpoint("diffusion").is_file()
    continued = fit_of()
    run_fit(shop, "diffusion", continued, out)  # goes on from step 4
    assert torch.isfinite(continued.network.weight).all()


def test_a_checkpoint_of_what_diverged_is_never_written(shop):
    out = out_of(shop, "diffusion")
    with pytest.raises(DivergedError, match="at step 3"):
        run_fit(shop, "diffusion", fit_of(breaks_at=3), out)
    assert not shop.checkpoint("diffusion").exists()
