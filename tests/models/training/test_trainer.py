from dataclasses import replace

import pytest
import torch

from models.checkpoint.matching import has_prefix
from models.divergence import DivergedError
from models.segmentation.architectures import build
from models.training.launch import OneProcess
from models.training.objectives import make_objective
from models.training.state import to_tensors
from models.training.trainer import Trainer
from tests.models.training.toys import (
    STAGES,
    ToyBatches,
    changed,
    toy_batch,
    toy_config,
    toy_trainer,
    weights_of,
)

N_STEPS = 12  # four epochs of three batches
NORM_BUFFERS = ("running_mean", "running_var", "num_batches_tracked")


def test_reports_count_through_both_stages():
    batches = ToyBatches()
    reports = list(toy_trainer(batches=batches))
    assert [report.step for report in reports] == list(range(1, N_STEPS + 1))
    assert [report.stage for report in reports] == [0] * 6 + [1] * 6
    assert [report.epoch for report in reports] == [n // 3 for n in range(N_STEPS)]
    assert batches.asked == [(0, 0, 0), (0, 1, 0), (1, 2, 0), (1, 3, 0)]
    assert {report.rate for report in reports[:6]} == {1e-2}
    assert {report.rate for report in reports[6:]} == {1e-3}
    first = reports[0]
    assert first.sample_ids[0].startswith("pair")
    assert set(first.terms) == {
        "ce_original", "ce_generated", "hinge_original", "hinge_generated", "hinge_shared", "total",
    }  # fmt: skip
    assert not first.terms["total"].requires_grad
    assert float(first.gradient_norm) > 0


def test_only_what_a_stage_names_changes_and_all_of_that():
    trainer = toy_trainer()
    before, steps = weights_of(trainer), iter(trainer)
    for _ in range(6):
        next(steps)
    between = weights_of(trainer)
    assert changed(before, between) == {"ood_head.weight"}
    for _ in steps:
        pass
    after = weights_of(trainer)
    learned = {
        key
        for key in between
        if has_prefix(key, STAGES[1].trainable) and not key.endswith(NORM_BUFFERS)
    }
    assert changed(between, after) == learned


@pytest.mark.parametrize(
    ("norms", "moving"), [("trained", ("aspp",)), ("running", ("aspp", "mod2", "mod7", "final"))]
)
def test_statistics_move_where_they_are_allowed_to(norms, moving):
    trainer = toy_trainer(stages=(replace(STAGES[1], n_epochs=1, norms=norms),))
    before = weights_of(trainer)
    for _ in trainer:
        pass
    moved = {k for k in changed(before, weights_of(trainer)) if k.endswith(NORM_BUFFERS)}
    assert {key.partition(".")[0] for key in moved} >= set(moving)
    if norms == "trained":
        assert {key.partition(".")[0] for key in moved} == set(moving)


def cross_entropy_only(**changes):
    """Its loss is a mean over all pixels of the originals: parts add up to the whole."""
    base = toy_config()
    loss = replace(base.loss, ce_weights=(1.0, 0.0), margins=(-1e3, -1e3, 1e3))
    return replace(base, loss=loss, stages=(replace(STAGES[1], n_epochs=1),), **changes)


def test_accumulated_batches_equal_the_large_one_where_the_loss_is_a_mean_of_them():
    large = toy_batch(5, n_pairs=4)
    parts = [
        type(large)(
            images=large.images[[n, 4 + n]],
            targets=large.targets[[n, 4 + n]],
            sample_ids=(large.sample_ids[n],),
        )
        for n in range(4)
    ]
    whole = toy_trainer(cross_entropy_only(), lambda *_: iter([large]))
    split = toy_trainer(cross_entropy_only(n_accumulated=4), lambda *_: iter(parts))
    (one,), (other,) = list(whole), list(split)
    torch.testing.assert_close(other.terms["total"], one.terms["total"])
    torch.testing.assert_close(other.gradient_norm, one.gradient_norm)
    assert other.sample_ids == one.sample_ids
    moments = to_tensors(whole.state_dict())[0], to_tensors(split.state_dict())[0]
    for key, value in moments[0].items():
        if key.endswith("exp_avg"):
            torch.testing.assert_close(moments[1][key], value, rtol=1e-3, atol=1e-7)


def test_batches_that_fill_no_step_are_left_out_and_an_epoch_without_a_step_is_refused():
    assert len(list(toy_trainer(n_accumulated=2))) == 4  # three batches an epoch, four epochs
    with pytest.raises(ValueError, match="need 4 batches or more in epoch 0, got 3"):
        list(toy_trainer(n_accumulated=4))


def test_an_overfit_pair_is_learned():
    stages = (
        replace(STAGES[0], n_epochs=15, learning_rate=0.3),
        replace(STAGES[1], n_epochs=25, learning_rate=1e-2),
    )
    batch = toy_batch(1, n_pairs=2)
    reports = list(toy_trainer(toy_config(stages=stages), lambda *_: iter([batch])))
    names = ("ce_original", "ce_generated", "hinge_original", "hinge_generated")
    first, border, last = (reports[at].terms for at in (0, 14, -1))
    assert float(border["hinge_original"]) < 0.9 * float(first["hinge_original"])
    assert border["ce_original"] == first["ce_original"]  # nothing that it reads has learned
    assert all(float(last[name]) < 0.5 * float(first[name]) for name in names)


def test_mixed_precision_trains_in_bfloat16_and_counts_in_float32():
    trainer = toy_trainer(is_mixed=True, is_channels_last=True, stages=STAGES[1:])
    seen = []
    network = trainer._objective.network
    network.aspp.register_forward_hook(lambda *args: seen.append(args[2].dtype))
    report = next(iter(trainer))
    assert seen == [torch.bfloat16]
    assert report.terms["total"].dtype == torch.float32
    assert torch.isfinite(report.terms["total"])
    assert network.mod2.block1.convs.conv1.weight.is_contiguous(memory_format=torch.channels_last)


def test_nothing_is_kept_for_a_way_back_through_what_is_frozen():
    trainer = toy_trainer()
    network = trainer._objective.network
    seen = []
    network.final.register_forward_hook(lambda *args: seen.append(args[2].requires_grad))
    network.ood_head.register_forward_hook(lambda *args: seen.append(args[1][0].requires_grad))
    next(iter(trainer))
    assert not any(seen)
    assert len(seen) == 1  # `final` is read by parts


def test_gradients_are_cut_over_all_that_learns():
    stage = replace(STAGES[1], max_gradient_norm=1e-3, n_epochs=1)
    trainer = toy_trainer(stages=(stage,))
    report = next(iter(trainer))
    assert float(report.gradient_norm) > 1e-3
    grads = [p.grad for p in network_parameters(trainer) if p.grad is not None]
    total = torch.stack([g.pow(2).sum() for g in grads]).sum().sqrt()
    assert float(total) == pytest.approx(1e-3, rel=1e-3)


def network_parameters(trainer):
    return list(trainer._objective.network.parameters())


def test_a_late_stage_that_names_nothing_is_refused_at_once():
    stages = (STAGES[0], replace(STAGES[1], trainable=("asp",)))
    with pytest.raises(ValueError, match="got 'asp'; this network has mod1"):
        toy_trainer(stages=stages)


class Recording(OneProcess):
    def __init__(self):
        self.n_wrapped, self.is_last = 0, []

    def wrap(self, objective):
        self.n_wrapped += 1
        return torch.nn.Sequential(objective)[0]

    def gathering(self, objective, *, is_last):
        self.is_last.append(is_last)
        return super().gathering(objective, is_last=is_last)

    def anywhere(self, flag):
        return flag | (self.n_wrapped == 2)  # another process sees something in stage 2


def test_a_launch_wraps_each_stage_and_says_what_others_saw():
    config = toy_config(n_accumulated=3)
    network = build(config.architecture, seed=3)
    launch = Recording()
    trainer = Trainer(make_objective(network, config), config, ToyBatches(), launch)
    with pytest.raises(DivergedError, match="at step 3"):
        list(trainer)
    assert launch.n_wrapped == 2
    assert launch.is_last[:6] == [False, False, True] * 2
