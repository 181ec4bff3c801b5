import math

import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.proxy_tensor import make_fx

from models.losses import (
    DEEPLAB_LOSS,
    MASK2FORMER_LOSS,
    relative_contrastive_loss,
    relative_contrastive_terms,
)
from models.losses.regions import in_distribution, out_of_distribution
from storage.label_space import OOD_ID, VOID_ID
from tests.golden import golden_file
from tests.models.losses.batches import hinge_of_all_pairs, random_batch, regions

GOLDEN = {
    "deeplab": DEEPLAB_LOSS,
    "deeplab_noselect": {**DEEPLAB_LOSS, "selection_ratio": None},
    "m2f": MASK2FORMER_LOSS,
}
PAIRINGS = ["random", "all"]


def slopes(loss, *inputs):
    return torch.autograd.grad(loss, inputs, retain_graph=True)


@pytest.mark.parametrize("case", GOLDEN)
@pytest.mark.parametrize("seed", range(3))
def test_golden_cases(case, seed):
    golden = np.load(golden_file("relative_contrastive_loss_golden.npz"))
    logits = torch.from_numpy(golden[f"{case}/logits"]).requires_grad_()
    score = torch.from_numpy(golden[f"{case}/score"]).requires_grad_()
    target = torch.from_numpy(golden[f"{case}/target"])
    generator = torch.Generator().manual_seed(seed)
    loss = relative_contrastive_loss(logits, score, target, **GOLDEN[case], generator=generator)
    assert float(loss.detach()) == pytest.approx(float(golden[f"{case}/loss"]), rel=1e-5)
    for slope, name in zip(slopes(loss, logits, score), ("logits", "score"), strict=True):
        norm = float(golden[f"{case}/grad_{name}_norm"])
        assert float(slope.norm()) == pytest.approx(norm, rel=1e-5)


@pytest.mark.parametrize("case", GOLDEN)
def test_golden_values_over_all_pairs(case):
    golden = np.load(golden_file("relative_contrastive_loss_golden.npz"))
    arrays = (torch.from_numpy(golden[f"{case}/{name}"]) for name in ("logits", "score", "target"))
    loss = relative_contrastive_loss(*arrays, **GOLDEN[case], pairing="all")
    assert float(loss) == pytest.approx(float(golden[f"{case}/loss"]), rel=1e-5)


def test_terms_by_their_definitions():
    logits, score, target = random_batch()
    terms = relative_contrastive_terms(logits, score, target, **DEEPLAB_LOSS, pairing="all")
    original, generated, ood = (score[region] for region in regions(target))
    ce = torch.nn.functional.cross_entropy(
        logits, target.where(target < 99, -100), reduction="none"
    )
    known = ce[2:][target[2:] < 99].sort().values
    rise = (score[2:] - score[:2])[(target[:2] < 99) & (target[2:] < 99)]
    expected = (
        ce[:2].mean(),
        known[: int(0.8 * len(known))].mean(),
        hinge_of_all_pairs(original, ood, 10.0),
        hinge_of_all_pairs(generated, ood, 5.0),
        (rise - 5).relu().mean(),
    )
    for found, exact in zip(terms, expected, strict=False):
        torch.testing.assert_close(found, exact)
    total = 50 * expected[0] + 10 * expected[1] + sum(expected[2:])
    torch.testing.assert_close(terms.total, total)
    for found, exact in zip(
        slopes(terms.total, logits, score), slopes(total, logits, score), strict=True
    ):
        torch.testing.assert_close(found, exact)


def test_the_paper_adds_the_third_margin():
    _, score, target = batch = random_batch()
    terms = relative_contrastive_terms(*batch, **DEEPLAB_LOSS, third_sign="paper")
    rise = (score[2:] - score[:2])[(target[:2] < 99) & (target[2:] < 99)]
    torch.testing.assert_close(terms.hinge_shared, (rise + 5).relu().mean())


def test_a_ratio_of_one_selects_nothing():
    batch = random_batch()
    for ratio in (1, 1.0, None):
        terms = relative_contrastive_terms(*batch, **{**DEEPLAB_LOSS, "selection_ratio": ratio})
        ce = torch.nn.functional.cross_entropy(
            batch[0][2:], batch[2][2:].where(batch[2][2:] < 99, -100), reduction="none"
        )
        torch.testing.assert_close(terms.ce_generated, ce.mean())


@pytest.mark.parametrize("pairing", PAIRINGS)
@pytest.mark.parametrize("settings", [DEEPLAB_LOSS, MASK2FORMER_LOSS], ids=["deeplab", "m2f"])
@pytest.mark.parametrize("only", [OOD_ID, VOID_ID, 3])
def test_missing_regions_give_zero_and_no_gradient(pairing, settings, only):
    logits, score, target = random_batch()
    target.fill_(only)
    terms = relative_contrastive_terms(logits, score, target, **settings, pairing=pairing)
    assert float(terms.hinge_original.detach()) == float(terms.hinge_generated.detach()) == 0
    slope_logits, slope_score = slopes(terms.total, logits, score)
    assert all(math.isfinite(float(term.detach())) for term in terms)
    assert slope_logits.isfinite().all()
    assert slope_score.isfinite().all()
    if only != 3:
        assert [float(term.detach()) for term in terms] == [0] * 6
        assert not slope_logits.any()
        assert not slope_score.any()


@pytest.mark.parametrize(
    "dtype", [torch.uint8, torch.int16, torch.uint16, torch.int32, torch.int64], ids=str
)
def test_targets_of_any_integer_type_are_read_only(dtype):
    logits, score, target = random_batch()
    expected = relative_contrastive_loss(logits, score, target, **DEEPLAB_LOSS, pairing="all")
    given = target.to(dtype)
    before = (logits.detach().clone(), score.detach().clone())
    loss = relative_contrastive_loss(logits, score, given, **DEEPLAB_LOSS, pairing="all")
    loss.backward()
    assert torch.equal(loss, expected)
    assert torch.equal(given.long(), target)
    assert torch.equal(logits, before[0])
    assert torch.equal(score, before[1])


@pytest.mark.parametrize("pairing", PAIRINGS)
def test_half_precision_is_computed_in_float32(pairing):
    logits, score, target = random_batch()
    half = [tensor.detach().bfloat16() for tensor in (logits, score)]
    rounded = [tensor.float() for tensor in half]
    generators = [torch.Generator().manual_seed(1) for _ in "ab"]
    with torch.autocast("cpu", torch.bfloat16):
        found = relative_contrastive_terms(
            *half, target, **DEEPLAB_LOSS, pairing=pairing, generator=generators[0]
        )
    expected = relative_contrastive_terms(
        *rounded, target, **DEEPLAB_LOSS, pairing=pairing, generator=generators[1]
    )
    assert found == expected
    assert {term.dtype for term in found} == {torch.float32}


@pytest.mark.parametrize("pairing", PAIRINGS)
@pytest.mark.parametrize("settings", [DEEPLAB_LOSS, MASK2FORMER_LOSS], ids=["deeplab", "m2f"])
def test_nothing_depends_on_the_values(pairing, settings):
    """Tensors without values refuse whatever would wait for one: forward and backward pass."""
    with FakeTensorMode():
        logits = torch.empty(4, 19, 6, 7, requires_grad=True)
        score = torch.empty(4, 6, 7, requires_grad=True)
        target = torch.empty(4, 6, 7).byte()
        loss = relative_contrastive_loss(logits, score, target, **settings, pairing=pairing)
        assert [slope.shape for slope in slopes(loss, logits, score)] == [logits.shape, score.shape]


@pytest.mark.parametrize("pairing", PAIRINGS)
def test_a_recorded_graph_holds_for_other_labels(pairing):
    """What was recorded for one batch is right for one with other regions, and with none."""

    def value_and_slopes(logits, score, target):
        loss = relative_contrastive_loss(logits, score, target, **DEEPLAB_LOSS, pairing=pairing)
        return loss, *slopes(loss, logits, score)

    recorded = make_fx(value_and_slopes)(*random_batch())
    for seed, ood_frac in ((1, 0.4), (2, 0.0)):
        batch = random_batch(seed=seed, ood_frac=ood_frac)
        outcomes = []
        for way in (recorded, value_and_slopes):
            torch.manual_seed(seed)
            outcomes.append(way(*batch))
        torch.testing.assert_close(*outcomes)


def test_regions_part_where_the_published_code_parts_them():
    labels = torch.tensor([0, 18, 98, 99, 100, OOD_ID, VOID_ID]).view(1, 1, -1)
    assert in_distribution(labels).flatten().tolist() == [True] * 3 + [False] * 4
    assert out_of_distribution(labels).flatten().tolist() == [False] * 4 + [True] * 2 + [False]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"margins": (1.0, 2.0)}, "margins of three hinges"),
        ({"ce_weights": (1.0,)}, "ce_weights of two halves"),
        ({"selection_ratio": 0.0}, r"selection_ratio in \(0, 1\], got 0"),
        ({"selection_ratio": 1.1}, r"selection_ratio in \(0, 1\]"),
        ({"sample_ratio": -1.0}, r"sample_ratio in \(0, 1\]"),
    ],
)
def test_settings_out_of_range_are_refused(change, message):
    with pytest.raises(ValueError, match=message):
        relative_contrastive_loss(*random_batch(), **{**DEEPLAB_LOSS, **change})


@pytest.mark.parametrize("name", ["pairing", "third_sign"])
def test_unknown_choices_are_refused(name):
    with pytest.raises(ValueError, match=f"need {name} 'random' or|need {name} 'published' or"):
        relative_contrastive_loss(*random_batch(), **{**DEEPLAB_LOSS, name: "some"})


def test_batches_that_do_not_fit_are_refused():
    logits, score, target = random_batch()
    for n_images in (0, 3):
        parts = (tensor[:n_images] for tensor in (logits, score, target))
        with pytest.raises(ValueError, match=r"need logits \(2 \* pairs, .*, got \("):
            relative_contrastive_loss(*parts, **DEEPLAB_LOSS)
