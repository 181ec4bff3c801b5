import socket

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode

from models.segmentation.mask2former import (
    Mask2Former,
    mask2former_miniature,
    mask2former_r50,
    pad_to_multiple,
)
from models.segmentation.mask2former.config import MINIATURE, Mask2FormerConfig

SIZES = [(1, 1), (33, 47), (64, 64), (100, 150), (129, 257)]


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return mask2former_miniature().eval()


def noise(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


def run(network, images):
    with torch.no_grad():
        return network(images)


@pytest.mark.parametrize("size", SIZES)
def test_any_size_goes_in_and_comes_out(network, size):
    logits, ood_score = run(network, noise(1, 3, *size))
    assert logits.shape == (1, 19, *size)
    assert ood_score.shape == (1, *size)
    assert torch.isfinite(logits).all()
    assert (logits >= 0).all()
    assert (ood_score <= 1).all()


def test_padding_is_zeros_at_the_bottom_and_at_the_right(network):
    images = noise(1, 3, 100, 150)
    by_hand = functional.pad(images, (0, 10, 0, 12))
    assert torch.equal(pad_to_multiple(images, 16), by_hand)
    expected = run(network, by_hand)
    given = run(network, images)
    torch.testing.assert_close(given.logits, expected.logits[:, :, :100, :150])
    torch.testing.assert_close(given.ood_score, expected.ood_score[:, :100, :150])


def test_an_image_does_not_depend_on_its_batch(network):
    images = noise(3, 3, 64, 96)
    together = run(network, images)
    for index in range(3):
        alone = run(network, images[index : index + 1])
        torch.testing.assert_close(alone.logits[0], together.logits[index], atol=1e-4, rtol=0)
        torch.testing.assert_close(alone.ood_score[0], together.ood_score[index], atol=1e-4, rtol=0)


def test_maps_are_sums_over_the_masks_of_the_last_layer(network):
    images = noise(2, 3, 32, 48)
    with torch.no_grad():
        prediction = network.predict(images)
    masks = functional.interpolate(prediction.mask_logits, (32, 48), mode="bilinear").sigmoid()
    maps = [
        sum(
            heads.softmax(-1)[:, query, :19, None, None] * masks[:, query, None]
            for query in range(masks.shape[1])
        )
        for heads in (prediction.class_logits, prediction.ood_class_logits)
    ]
    logits, ood_score = run(network, images)
    torch.testing.assert_close(logits, maps[0], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(ood_score, 1 - maps[1].amax(dim=1), atol=1e-5, rtol=1e-5)


def test_every_layer_predicts(network):
    images = noise(2, 3, 33, 47)
    with torch.no_grad():
        layers, last = network.predict_every_layer(images), network.predict(images)
    assert len(layers) == MINIATURE.n_decoder_layers + 1
    for layer in layers:
        assert layer.class_logits.shape == (2, 40, 20)
        assert layer.ood_class_logits.shape == (2, 40, 20)
        assert layer.mask_logits.shape == (2, 40, 24, 24)
    assert all(torch.equal(a, b) for a, b in zip(layers[-1], last, strict=True))


def test_heads_are_told_apart(network):
    images = noise(1, 3, 32, 32)
    state = network.published_state()
    heads = [
        {part: state[f"{head}.{part}"] for part in ("weight", "bias")}
        for head in (network.class_layer, network.ood_layer)
    ]
    with torch.no_grad():
        queries = network._queries(images)[0][-1]
        prediction = network.predict(images)
    for head, given in zip(heads, prediction[:2], strict=True):
        torch.testing.assert_close(given, functional.linear(queries, **head))


def test_images_of_bytes_are_refused(network):
    images = torch.zeros(1, 3, 32, 32, dtype=torch.uint8)
    with pytest.raises(TypeError):  # the annotation, which only tests enforce
        network(images)
    with pytest.raises(TypeError, match="got uint8"):
        network._queries(images)


def test_the_miniature_is_small_and_sees_every_second_pixel(network):
    n_parameters = sum(parameter.numel() for parameter in network.parameters())
    assert 1e6 < n_parameters < 3e6
    assert MINIATURE.mask_stride == 2


def test_the_published_size():
    with torch.device("meta"):
        network = mask2former_r50()
    assert sum(parameter.numel() for parameter in network.parameters()) == 46_562_252


def test_gradients_reach_every_parameter_but_the_fusion_layers():
    torch.manual_seed(0)
    network = mask2former_miniature().train()
    with (
        torch.no_grad()
    ):  # attention starts with zero weights, which stop the gradient of its query
        for parameter in network.parameters():
            parameter += 0.02 * torch.randn_like(parameter)
    layers = network.predict_every_layer(noise(2, 3, 32, 64))
    sum((part * noise(*part.shape)).sum() for layer in layers for part in layer).backward()
    parameters = network.named_parameters()
    untouched = {name for name, part in parameters if part.grad is None or not part.grad.any()}
    cross = "sem_seg_head.predictor.transformer_cross_attention_layers"
    assert untouched == {
        f"{cross}.{layer}.fusion_layer.{part}"
        for layer in range(MINIATURE.n_decoder_layers)
        for part in ("weight", "bias")
    }


def test_state_moves_to_another_network(network):
    other = mask2former_miniature().eval()
    other.load_published_state(network.published_state())
    images = noise(1, 3, 32, 32)
    assert torch.equal(run(other, images).logits, run(network, images).logits)


def test_a_name_that_nobody_knows_is_refused(network):
    state = network.published_state() | {"backbone.res9.0.conv1.weight": torch.zeros(1)}
    with pytest.raises(RuntimeError, match="res9"):
        mask2former_miniature().load_published_state(state)


def test_building_opens_no_connection(monkeypatch):
    def refuse(*_):
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    mask2former_miniature()


@pytest.mark.parametrize("automatic", [False, True])
def test_bfloat16_gives_nearly_the_same_in_float32(network, automatic):
    images = noise(1, 3, 64, 96)
    half = mask2former_miniature().eval()
    half.load_published_state(network.published_state())
    half = half if automatic else half.to(torch.bfloat16)
    with torch.autocast("cpu", torch.bfloat16, enabled=automatic):
        given = run(half, images)
    expected = run(network, images)
    assert given.logits.dtype == given.ood_score.dtype == torch.float32
    assert (given.logits - expected.logits).abs().mean() < 0.03
    assert (given.ood_score - expected.ood_score).abs().mean() < 0.03


class Operations(TorchDispatchMode):
    """Names of all operations that ran."""

    def __init__(self):
        super().__init__()
        self.names = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.names.add(func.overloadpacket.__name__)
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("training", [False, True])
def test_the_host_never_waits_for_the_device(training):
    """Fake tensors have no values: whoever asks for one fails. No constant is copied over."""
    with FakeTensorMode(), Operations() as operations:
        network = mask2former_miniature().train(training)
        operations.names.clear()
        output = network(torch.randn(2, 3, 64, 96))
        (output.logits.sum() + output.ood_score.sum()).backward()
    assert "convolution" in operations.names
    assert not operations.names & {"_local_scalar_dense", "nonzero", "lift_fresh", "item"}


@pytest.mark.parametrize(
    "sizes", [{"n_heads": 7}, {"n_norm_groups": 24}, {"hidden_dim": 6, "n_heads": 2}]
)
def test_sizes_that_do_not_fit_are_refused(sizes):
    with pytest.raises(ValueError, match="hidden_dim"):
        Mask2FormerConfig(**sizes)


def test_strides_follow_the_stem():
    assert (Mask2FormerConfig().mask_stride, Mask2FormerConfig().size_divisor) == (4, 32)
    assert (MINIATURE.mask_stride, MINIATURE.size_divisor) == (2, 16)
    assert issubclass(Mask2Former, torch.nn.Module)
