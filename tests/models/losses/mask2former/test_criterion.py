from dataclasses import replace

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from transformers.models.mask2former.configuration_mask2former import Mask2FormerConfig
from transformers.models.mask2former.modeling_mask2former import Mask2FormerLoss

from models.losses.mask2former import (
    CLOSED_SET_LOSS,
    PUBLISHED_BACKGROUND,
    STAGE_TWO_LOSS,
    UNIFORM_POINTS,
    NonFiniteCostError,
    PointRule,
    mask2former_loss,
)
from models.losses.mask2former.frame import TargetFrame
from models.segmentation.mask2former import mask2former_miniature
from models.segmentation.mask2former.decoder import MaskPrediction

STRIDE = 4
N_POINTS = 64
CLOSED_SET = replace(CLOSED_SET_LOSS, n_points=N_POINTS)
STAGE_TWO = replace(STAGE_TWO_LOSS, n_points=N_POINTS)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def loss(predictions, target, config=STAGE_TWO, seed=0):
    return mask2former_loss(
        predictions, target, stride=STRIDE, config=config, generator=seeded(seed)
    )


def same_points(rows, n_points):
    points = torch.empty(n_points, 2).uniform_(generator=seeded(n_points))
    return points.repeat(rows, 1, 1)


@pytest.fixture
def same_draws_of_points(monkeypatch):
    """Points depend on nothing but their number, here and in transformers."""
    monkeypatch.setattr(
        TargetFrame,
        "draw_points",
        lambda self, images, n_points, generator: same_points(len(images), n_points),
    )


def transformers_losses(predictions, target, monkeypatch, size=(32, 48)):
    """The same criterion of transformers, terms of all layers summed up."""
    classes = [image.unique() for image in target]
    classes = [own[own < 19] for own in classes]
    masks = [
        torch.nn.functional.pad(
            (image == own[:, None, None]).float(), (0, size[1] - 45, 0, size[0] - 30)
        )
        for image, own in zip(target, classes, strict=True)
    ]
    config = Mask2FormerConfig(num_labels=19, train_num_points=N_POINTS)
    criterion = Mask2FormerLoss(config, {})
    with monkeypatch.context() as patched:
        patched.setattr(
            torch, "rand", lambda rows, n_points, _, device: same_points(rows, n_points)
        )
        *earlier, last = predictions
        found = criterion(
            last.mask_logits,
            last.class_logits,
            masks,
            classes,
            [
                {
                    "masks_queries_logits": layer.mask_logits,
                    "class_queries_logits": layer.class_logits,
                }
                for layer in earlier
            ],
        )
    return [
        sum(value for key, value in found.items() if key.startswith(name))
        for name in ("loss_cross_entropy", "loss_mask", "loss_dice")
    ]


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n_layers", [1, 3])
def test_plain_criterion_is_that_of_transformers(
    predict, draw_target, monkeypatch, same_draws_of_points, seed, n_layers
):
    layers = [predict(seed=10 * seed + at) for at in range(n_layers)]
    target = draw_target(ids=(0, 3, 7, 18, 254, 255), seed=seed)[:, :30, :45]
    config = replace(CLOSED_SET, background_ids=PUBLISHED_BACKGROUND)
    terms = loss(layers, target, config)
    named, crossed, diced = transformers_losses(layers, target, monkeypatch)
    torch.testing.assert_close(terms.classes, named, rtol=1e-5, atol=0)
    torch.testing.assert_close(terms.mask_original, crossed, rtol=1e-5, atol=0)
    torch.testing.assert_close(terms.dice_original, diced, rtol=1e-5, atol=0)
    expected = 2 * named + 5 * crossed + 5 * diced
    torch.testing.assert_close(terms.total, expected, rtol=1e-5, atol=0)
    for layer in layers:
        read = layer.class_logits, layer.mask_logits
        ours = torch.autograd.grad(terms.total, read, retain_graph=True)
        theirs = torch.autograd.grad(expected, read, retain_graph=True)
        for one, other in zip(ours, theirs, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)


def test_stage_two_has_the_published_values():
    config = STAGE_TWO_LOSS
    assert (config.class_weight, config.mask_weight, config.dice_weight) == (5, 10, 10)
    assert (config.original_weight, config.no_object_weight, config.n_points) == (2, 0.1, 12_544)


def test_halves_are_weighted(predict, draw_target):
    layer, target = predict(4), draw_target(4)
    terms = loss(layer, target)
    expected = (
        5 * terms.classes
        + 10 * (2 * terms.mask_original + terms.mask_generated)
        + 10 * (2 * terms.dice_original + terms.dice_generated)
    )
    torch.testing.assert_close(terms.total, expected)
    for half, (mask, dice) in enumerate((terms[2:4], terms[4:6])):
        (gradient,) = torch.autograd.grad(mask + dice, layer.mask_logits, retain_graph=True)
        per_image = gradient.abs().sum((1, 2, 3)) > 0
        assert per_image.tolist() == [half == 0, half == 0, half == 1, half == 1]


def test_halves_of_one_rule_make_the_whole(predict, draw_target, same_draws_of_points):
    layer, target = predict(4), draw_target(4)
    plain = replace(CLOSED_SET, points=UNIFORM_POINTS)
    whole = loss(layer, target, plain)
    halves = loss(layer, target, replace(plain, generated_points=UNIFORM_POINTS))
    torch.testing.assert_close(halves.total, whole.total)
    torch.testing.assert_close(halves.mask_original + halves.mask_generated, whole.mask_original)
    assert whole.mask_generated == whole.dice_generated == 0


def test_clean_points_have_a_lower_loss_than_uniform_ones(predict, draw_target):
    layer, target = predict(4), draw_target(4)
    clean = replace(STAGE_TWO, n_points=2000)
    uniform = replace(clean, generated_points=UNIFORM_POINTS)
    assert loss(layer, target, clean).mask_generated < 0.9 * (
        loss(layer, target, uniform).mask_generated
    )


@pytest.mark.parametrize("unlabeled", [254, 255])
def test_what_lies_under_void_or_unknown_has_no_influence(predict, draw_target, unlabeled):
    layer, target = predict(), draw_target()
    target[:, :, 24:] = unlabeled
    before = loss(layer, target)
    masks = layer.mask_logits.detach().clone()
    masks[..., 7:] = 50 * torch.randn(masks[..., 7:].shape, generator=seeded(3))
    changed = layer._replace(mask_logits=masks)
    assert loss(changed, target) == before
    (gradient,) = torch.autograd.grad(before.total, layer.mask_logits)
    assert not gradient[..., 7:].any()
    assert gradient[..., :6].any()
    published = replace(STAGE_TWO, background_ids=PUBLISHED_BACKGROUND)
    assert loss(changed, target, published).total != loss(layer, target, published).total


def test_void_and_unknown_pixels_are_the_same(predict, draw_target):
    layer, target = predict(), draw_target(ids=(0, 3, 255))
    assert loss(layer, target) == loss(layer, target.where(target != 255, 254))


def test_padding_has_no_influence(predict, draw_target):
    layer, target = predict(), draw_target()
    before = loss(layer, target[:, :16, :24])
    masks = layer.mask_logits.detach().clone()
    masks[..., 5:, :] = 9
    masks[..., 7:] = 9
    assert loss(layer._replace(mask_logits=masks), target[:, :16, :24]) == before


@pytest.mark.parametrize("config", [STAGE_TWO, CLOSED_SET])
def test_a_batch_without_a_segment_asks_for_no_object(predict, config):
    layer = predict()
    terms = loss(layer, torch.full((2, 32, 48), 255), config)
    assert terms[2:] == (0, 0, 0, 0)
    nothing = -layer.class_logits.log_softmax(-1)[..., 19].mean()
    torch.testing.assert_close(terms.classes, nothing)
    terms.total.backward()
    assert layer.mask_logits.grad is not None
    assert not layer.mask_logits.grad.any()
    assert torch.isfinite(layer.class_logits.grad).all()


@pytest.mark.parametrize("empty", [0, 1])
def test_an_image_without_a_segment_among_others(predict, draw_target, empty):
    layer, target = predict(), draw_target()
    target[empty] = 254
    terms = loss(layer, target)
    terms.total.backward()
    assert torch.isfinite(terms.total)
    assert terms[2 + 2 * empty] == 0
    assert not layer.mask_logits.grad[empty].any()
    assert layer.mask_logits.grad[1 - empty].any()


def test_gradients_reach_matched_masks_and_all_classes_but_no_ood_layer(predict, draw_target):
    layer, target = predict(), draw_target()
    loss(layer, target).total.backward()
    assert (layer.class_logits.grad != 0).all()
    n_segments = sum(len(image.unique()) for image in target)
    assert int(layer.mask_logits.grad.any((2, 3)).sum()) == n_segments
    assert layer.ood_class_logits.grad is None


def test_draws_come_from_the_generator_alone(predict, draw_target):
    layer, target = predict(), draw_target()
    first = loss(layer, target, seed=1)
    torch.manual_seed(123)
    state = torch.get_rng_state()
    assert loss(layer, target, seed=1) == first
    assert torch.equal(torch.get_rng_state(), state)
    assert loss(layer, target, seed=2).total != first.total


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.int32])
def test_any_integer_target_and_it_stays_as_it_was(predict, draw_target, dtype):
    layer, target = predict(), draw_target(ids=(0, 4, 18, 254, 255))
    given = target.to(torch.uint8).to(dtype)
    before = given.clone()
    assert loss(layer, given) == loss(layer, target)
    assert torch.equal(given, before)


def test_computed_in_float32_whatever_the_type_around(predict, draw_target):
    layer, target = predict(), draw_target()
    coarse = MaskPrediction(*(each.detach().bfloat16() for each in layer))
    wide = MaskPrediction(*(each.float() for each in coarse))
    expected = loss(wide, target)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = loss(coarse, target)
        again = loss(wide, target)
    assert found == expected == again
    assert all(term.dtype == torch.float32 for term in found)


def test_diverged_predictions_are_one_clear_error(predict, draw_target):
    layer, target = predict(), draw_target()
    broken = layer._replace(class_logits=torch.full_like(layer.class_logits, float("nan")))
    with pytest.raises(NonFiniteCostError, match="training has diverged"):
        loss(broken, target)


class NoWaiting(TorchDispatchMode):
    """Refuses what makes the host wait for a device."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        waiting = ("_local_scalar_dense", "nonzero", "masked_select", "unique", "is_nonzero")
        assert not any(name in str(func) for name in waiting), func
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("config", [STAGE_TWO, CLOSED_SET])
def test_nothing_makes_the_host_wait_but_the_matching(predict, draw_target, config):
    layer, target = predict(), draw_target(ids=(0, 4, 18, 254, 255))
    with NoWaiting():
        loss([layer, layer], target, config).total.backward()


@pytest.mark.parametrize(
    ("shape", "config"),
    [((3, 32, 48), CLOSED_SET), ((2, 33, 48), CLOSED_SET), ((2, 32, 49), CLOSED_SET)],
)
def test_a_target_of_another_size_is_refused(predict, shape, config):
    with pytest.raises(ValueError, match="need a target for 2 images of at most 32x48 pixels"):
        loss(predict(), torch.zeros(shape, dtype=torch.long), config)


def test_other_bad_input_is_refused(predict, draw_target):
    with pytest.raises(ValueError, match="as many generated as original images"):
        loss(predict(3), draw_target(3))
    with pytest.raises(TypeError, match="need a target of integers, got torch"):
        loss(predict(), draw_target().float())
    with pytest.raises(ValueError, match="one layer or more"):
        loss([], draw_target())
    with pytest.raises(ValueError, match="need oversampling of 1 or more"):
        PointRule(oversampling=0.5)
    with pytest.raises(ValueError, match="need n_points of 1 or more"):
        replace(CLOSED_SET_LOSS, n_points=0)
    with pytest.raises(ValueError, match="need background_ids out of 254 and 255"):
        replace(CLOSED_SET_LOSS, background_ids=(7,))


@pytest.mark.parametrize("kind", ["stage two", "closed set"])
def test_a_few_steps_on_one_pair_lower_the_loss(draw_target, kind):
    torch.manual_seed(0)
    network = mask2former_miniature().train()
    target = draw_target(size=(64, 96), ids=(0, 4, 10, 255))
    images = torch.randn(2, 3, 64, 96) / 4 + target[:, None] / 10
    optimizer = torch.optim.AdamW(network.parameters(), lr=5e-4)
    generator, curve = seeded(), []
    config = replace(STAGE_TWO if kind == "stage two" else CLOSED_SET, n_points=256)
    read = network.predict if kind == "stage two" else network.predict_every_layer
    for _ in range(10):
        terms = mask2former_loss(
            read(images),
            target,
            stride=network.config.mask_stride,
            config=config,
            generator=generator,
        )
        optimizer.zero_grad()
        terms.total.backward()
        optimizer.step()
        curve.append(terms.total.item())
    assert curve[-1] < 0.85 * curve[0]
