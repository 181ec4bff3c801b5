"""The published outputs, of the published shapes with the stand-in weights of the golden file."""

import json

import numpy as np
import pytest
import torch
from torch.nn import functional

from models.segmentation.mask2former import Mask2Former, mask2former_r50
from tests.golden import golden_file, golden_state

SHAPES = "mask2former_r50_gma_state_dict.json"
GOLDEN = "mask2former_r50_gma_golden.npz"


@pytest.fixture(scope="module")
def published_state():
    state = golden_state(golden_file(SHAPES))
    return {name: state[name] for name in state if name not in Mask2Former.ignored_keys}


@pytest.fixture(scope="module")
def network(published_state):
    network = mask2former_r50().eval()
    network.load_published_state(published_state)
    return network


@pytest.fixture(scope="module")
def golden():
    with np.load(golden_file(GOLDEN), allow_pickle=False) as arrays:
        return {name: torch.from_numpy(arrays[name]) for name in arrays}


@pytest.fixture(scope="module")
def given(network, golden):
    with torch.no_grad():
        output, prediction = network(golden["image"]), network.predict(golden["image"])
    return {
        "anomaly_score": output.ood_score,
        "semantic": output.logits[0],
        "pred_logits": prediction.class_logits,
        "pred_logits_ood": prediction.ood_class_logits,
    }


def attention_masks(network, images):
    """What every decoder layer takes for the foreground of the queries: (B, queries, cells)."""
    masks = []
    hooks = [
        layer.register_forward_pre_hook(lambda _, arguments: masks.append(arguments[4]))
        for layer in network.sem_seg_head.predictor.transformer_cross_attention_layers
    ]
    with torch.no_grad():
        prediction = network.predict_every_layer(images)
    for hook in hooks:
        hook.remove()
    return masks, [layer.mask_logits for layer in prediction]


def n_different(masks, others):
    return sum(int((mask != other).sum()) for mask, other in zip(masks, others, strict=True))


@pytest.mark.parametrize("name", ["anomaly_score", "semantic", "pred_logits", "pred_logits_ood"])
def test_outputs_are_the_published_ones(given, golden, name):
    expected = golden[name]
    gap = (given[name] - expected).abs().max() / (expected.max() - expected.min())
    print(f"Mask2Former {name}: {float(gap):.1e} of the range")
    assert gap < 5e-5  # 5e-6 where this was measured; 1e-3 is asked for


def test_names_and_shapes_are_the_published_ones(network):
    shapes = json.loads(golden_file(SHAPES).read_text())
    given = {name: list(tensor.shape) for name, tensor in network.published_state().items()}
    assert set(shapes) - set(given) == Mask2Former.ignored_keys
    assert all(shapes[name] == given[name] for name in given)
    assert {f"{Mask2Former.class_layer}.weight", f"{Mask2Former.ood_layer}.weight"} < set(given)


def test_published_weights_leave_as_they_came(network, published_state):
    given = network.published_state()
    assert all(torch.equal(given[name], published_state[name]) for name in published_state)


def test_no_mask_bit_hangs_on_rounding(network, golden):
    """Of 151,200 bits none flips between float32 and float64, or if masks are shrunk as published.

    The published network makes masks at full size and shrinks them; here features are shrunk.
    A bit may flip where a mask logit is as small as the rounding, about 1e-6: three of these are
    below 1e-4 and none below 1e-5.
    """
    masks, logits = attention_masks(network, golden["image"])
    assert sum(mask.numel() for mask in masks) == 151_200
    shrunk = [
        functional.interpolate(layer, size=size, mode="bilinear").flatten(2)
        for layer, size in zip(logits, [(4, 6), (8, 12), (16, 24)] * 3, strict=False)
    ]
    assert n_different(masks, [layer.sigmoid() >= 0.5 for layer in shrunk]) <= 3
    assert sum(int((layer.abs() < 1e-4).sum()) for layer in shrunk) <= 10
    try:
        exact, _ = attention_masks(network.double(), golden["image"])
    finally:
        network.float()
    assert n_different(masks, exact) <= 3


def test_empty_and_full_masks_occur_in_the_golden_file(network, golden):
    """So the parity above also covers the rule for queries that would see no cell."""
    masks, _ = attention_masks(network, golden["image"])
    assert any((~mask.any(dim=-1)).any() for mask in masks)
    assert any(mask.all(dim=-1).any() for mask in masks)


@torch.inference_mode()
def test_an_image_alone_equals_its_place_in_a_batch(network, golden):
    images = torch.cat([golden["image"], golden["image"].flip(3)])
    whole = network(images)
    for index in range(2):
        alone = network(images[index : index + 1])
        for found, expected in zip(alone, whole, strict=True):
            span = expected[index].max() - expected[index].min()
            assert (found[0] - expected[index]).abs().max() < 1e-4 * span
