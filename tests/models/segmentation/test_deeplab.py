import json
from copy import deepcopy

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from models.segmentation.deeplab import DeepLab, deeplab_miniature, deeplab_wrn38
from tests.golden import golden_file, golden_state

SHAPES = "deeplab_wrn38_state_dict.json"


@pytest.fixture(scope="module")
def published() -> DeepLab:
    state = golden_state(golden_file(SHAPES))
    with torch.device("meta"):
        network = deeplab_wrn38()
    network.to_empty(device="cpu").load_published_state(state)
    return network.eval()


@pytest.fixture(scope="module")
def miniature() -> DeepLab:
    with torch.random.fork_rng():
        torch.manual_seed(3)
        return deeplab_miniature().eval()


def test_names_shapes_and_order_are_the_published_ones():
    shapes = json.loads(golden_file(SHAPES).read_text())
    with torch.device("meta"):
        state = deeplab_wrn38().published_state()
    assert list(state) == list(shapes)
    assert {name: list(tensor.shape) for name, tensor in state.items()} == shapes


@torch.inference_mode()
def test_outputs_are_the_published_ones(published):
    with np.load(golden_file("deeplab_wrn38_golden.npz"), allow_pickle=False) as golden:
        output = published(torch.from_numpy(golden["image"]))
        for name, found in (("logits", output.logits), ("anomaly_score", output.ood_score)):
            expected = golden[name]
            assert found.shape == expected.shape
            error = np.abs(found.numpy() - expected).max() / np.ptp(expected)
            print(f"DeepLabv3+ {name}: {error:.1e} of the range")
            assert error < 1e-4, f"{name}: {error:.1e} of the range"


@torch.inference_mode()
def test_the_ood_score_falls_where_a_class_of_the_ood_layer_is_sure(miniature):
    images = torch.randn(1, 3, 32, 64)
    fine, deep = miniature.extract(images)
    logits = miniature.ood_head(miniature.decode(fine, deep))
    by_hand = -torch.log(torch.exp(logits.double()).sum(1))
    expected = interpolate(by_hand[None], (32, 64), mode="bilinear", align_corners=True)[0]
    unaligned = interpolate(by_hand[None], (32, 64), mode="bilinear")[0]
    # Between the corners, where another rule gives other values.
    assert (unaligned - expected)[0, 9].abs().max() > 1e-4
    torch.testing.assert_close(miniature(images).ood_score, expected.float(), atol=1e-5, rtol=0)


@torch.inference_mode()
def test_an_image_alone_equals_its_place_in_a_batch_of_the_published_network(published):
    images = torch.randn(2, 3, 64, 96)
    whole = published(images)
    for index in range(2):
        alone = published(images[index : index + 1])
        for found, expected in zip(alone, whole, strict=True):
            torch.testing.assert_close(found[0], expected[index], atol=1e-4, rtol=1e-4)


@torch.inference_mode()
def test_an_image_alone_equals_its_place_in_a_batch(miniature):
    images = torch.randn(3, 3, 65, 97)
    whole = miniature(images)
    for index in range(3):
        alone = miniature(images[index : index + 1])
        torch.testing.assert_close(alone.logits[0], whole.logits[index], atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(alone.ood_score[0], whole.ood_score[index], atol=1e-5, rtol=1e-4)


@torch.inference_mode()
def test_half_precision_answers_in_float32_and_nearly_the_same(miniature):
    images = torch.randn(1, 3, 64, 96)
    exact = miniature(images)
    half = deeplab_miniature()
    half.load_published_state(miniature.published_state())
    rounded = half.eval().bfloat16()(images.bfloat16())
    assert rounded.logits.dtype == rounded.ood_score.dtype == torch.float32
    assert (rounded.logits - exact.logits).norm() < 0.05 * exact.logits.norm()


def test_every_parameter_learns_and_dropout_acts_in_training_only(miniature):
    network = deeplab_miniature().train()
    output = network(torch.randn(2, 3, 64, 64))
    (output.logits.square().mean() + output.ood_score.square().mean()).backward()
    idle = [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()]
    assert idle == []
    images = torch.randn(1, 3, 64, 64)
    assert torch.equal(miniature(images).logits, miniature(images).logits)
    for module in network.modules():  # else statistics would move with every pass
        if isinstance(module, torch.nn.BatchNorm2d):
            module.eval()
    with torch.no_grad():
        assert not torch.equal(network(images).logits, network(images).logits)


@pytest.mark.parametrize(
    ("images", "error", "words"),
    [
        (torch.zeros(1, 3, 8, 8, dtype=torch.uint8), TypeError, "got uint8"),
        (torch.zeros(1, 4, 8, 8), ValueError, r"got \(1, 4, 8, 8\)"),
        (torch.zeros(3, 8, 8), ValueError, r"\(B, 3, H, W\)"),
        (torch.zeros(1, 3, 0, 8), ValueError, "shape"),
    ],
)
def test_images_of_another_kind_are_refused(images, error, words):
    # The annotation of `forward` would refuse them first; people do not have that hook.
    from models.segmentation.network import check_images

    with pytest.raises(error, match=words):
        check_images(images)


@torch.inference_mode()
def test_the_pyramid_keeps_the_order_of_channels(miniature):
    deep = torch.randn(2, 192, 8, 16).to(memory_format=torch.channels_last)
    found = deepcopy(miniature.aspp).to(memory_format=torch.channels_last)(deep)
    assert found.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(found, miniature.aspp(deep.contiguous()))
