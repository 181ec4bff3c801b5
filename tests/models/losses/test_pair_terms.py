import math

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from models.losses import (
    DEEPLAB_LOSS,
    MASK2FORMER_LOSS,
    pair_terms,
    relative_contrastive_loss,
    relative_contrastive_terms,
)
from models.losses.settings import ContrastiveConfig, contrastive_config
from storage.label_space import OOD_ID, VOID_ID
from tests.models.losses.batches import random_batch, regions

TARGETS = (-1.0, 1.0)
ABSOLUTE = contrastive_config(
    {**DEEPLAB_LOSS, "reference": "absolute", "score_targets": list(TARGETS)}
)
EXPOSURE = contrastive_config(
    {
        **DEEPLAB_LOSS,
        "reference": "outlier_exposure",
        "ce_weights": (2.0, 2.0),
        "selection_ratio": None,
        "score_targets": TARGETS,
    }
)
OTHERS = {"absolute": ABSOLUTE, "outlier_exposure": EXPOSURE}
both = pytest.mark.parametrize("config", OTHERS.values(), ids=OTHERS)


def pixel_ce(logits, target):
    return torch.nn.functional.cross_entropy(
        logits, target.where(target < 99, -100), reduction="none"
    )


@pytest.mark.parametrize("settings", [DEEPLAB_LOSS, MASK2FORMER_LOSS], ids=["deeplab", "m2f"])
def test_relative_is_the_relative_contrastive_loss_to_the_last_bit(settings):
    batch = random_batch()
    generators = [torch.Generator().manual_seed(3) for _ in "ab"]
    found = pair_terms(*batch, contrastive_config(settings), generator=generators[0])
    assert found == relative_contrastive_terms(*batch, **settings, generator=generators[1])
    assert contrastive_config(settings).reference == "relative"


def test_absolute_by_its_definition():
    logits, score, target = random_batch()
    terms = pair_terms(logits, score, target, ABSOLUTE)
    original, generated, ood = (score[region] for region in regions(target))
    ce = pixel_ce(logits, target)
    kept = ce[2:][target[2:] < 99].sort().values
    expected = (
        ce[:2].mean(),
        kept[: int(0.8 * len(kept))].mean(),
        (original + 1).relu().mean(),
        (generated + 1).relu().mean(),
        (1 - ood).relu().mean(),
    )
    for found, exact in zip(terms, expected, strict=False):
        torch.testing.assert_close(found, exact)
    torch.testing.assert_close(terms.total, 50 * expected[0] + 10 * expected[1] + sum(expected[2:]))


def test_exposure_by_its_definition():
    logits, score, target = random_batch()
    terms = pair_terms(logits, score, target, EXPOSURE)
    known, unknown = score[target < 99], score[target == OOD_ID]
    expected = (
        pixel_ce(logits, target)[target < 99].mean(),
        (known + 1).relu().square().mean(),
        (1 - unknown).relu().square().mean(),
    )
    for found, exact in zip(terms, expected, strict=False):
        torch.testing.assert_close(found, exact)
    total = 2 * expected[0] + 0.1 * (expected[1] + expected[2])
    torch.testing.assert_close(terms.total, total)


@both
@pytest.mark.parametrize("only", [OOD_ID, VOID_ID, 3])
def test_missing_sets_give_numbers_and_finite_slopes(config, only):
    logits, score, target = random_batch()
    target.fill_(only)
    terms = pair_terms(logits, score, target, config)
    slopes = torch.autograd.grad(terms.total, (logits, score))
    assert all(math.isfinite(float(term.detach())) for term in terms)
    assert all(slope.isfinite().all() for slope in slopes)
    if only == VOID_ID:
        assert {float(term.detach()) for term in terms} == {0.0}
        assert not any(slope.any() for slope in slopes)


@both
def test_without_weights_the_logits_are_not_read(config):
    logits, score, target = random_batch()
    weightless = contrastive_config({**config.keywords(), "ce_weights": (0.0, 0.0)})
    unread = torch.full_like(logits, torch.nan).requires_grad_()
    terms = pair_terms(unread, score, target, weightless)
    (slope,) = torch.autograd.grad(terms.total, unread)
    assert math.isfinite(float(terms.total.detach()))
    assert not slope.any()


@both
def test_half_precision_is_computed_in_float32(config):
    logits, score, target = random_batch()
    half = [tensor.detach().bfloat16() for tensor in (logits, score)]
    with torch.autocast("cpu", torch.bfloat16):
        found = pair_terms(*half, target, config)
    assert found == pair_terms(*(tensor.float() for tensor in half), target, config)
    assert {term.dtype for term in found} == {torch.float32}


@both
def test_nothing_depends_on_the_values(config):
    """Tensors without values refuse whatever would wait for one: forward and backward pass."""
    with FakeTensorMode():
        logits = torch.empty(4, 19, 6, 7, requires_grad=True)
        score = torch.empty(4, 6, 7, requires_grad=True)
        total = pair_terms(logits, score, torch.empty(4, 6, 7).byte(), config).total
        slopes = torch.autograd.grad(total, (logits, score))
        assert [slope.shape for slope in slopes] == [logits.shape, score.shape]


@both
def test_batches_that_do_not_fit_are_refused(config):
    logits, score, target = random_batch()
    with pytest.raises(ValueError, match=r"need logits \(2 \* pairs"):
        pair_terms(logits[:3], score[:3], target[:3], config)


def test_the_relative_loss_refuses_another_reference():
    with pytest.raises(ValueError, match="reference 'relative' for this loss, got 'absolute'"):
        relative_contrastive_loss(*random_batch(), **ABSOLUTE.keywords())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"reference": "some"}, "need reference 'relative' or 'absolute' or 'outlier_exposure'"),
        ({"score_targets": None}, "need score_targets .* 'outlier_exposure', got none"),
        ({"score_targets": (1.0,)}, r"need score_targets \(t_in, t_ood\), got \(1.0,\)"),
        ({"score_targets": (1.0, 0.5)}, "t_in <= t_ood, got"),
        ({"score_targets": (-math.inf, 0.5)}, "need finite score_targets"),
        ({"ce_weights": (1.0, 2.0)}, "need equal ce_weights"),
        ({"selection_ratio": 0.8}, "need no selection_ratio"),
        ({"exposure_weight": 0.0}, "need a positive exposure_weight"),
    ],
)
def test_settings_that_make_no_loss_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        contrastive_config({**EXPOSURE.keywords(), **change})


def test_a_relative_loss_needs_no_targets_and_has_none():
    config = contrastive_config(DEEPLAB_LOSS)
    assert isinstance(config, ContrastiveConfig)
    with pytest.raises(ValueError, match="need score_targets"):
        _ = config.targets
