"""Networks by name: random weights that depend on the seed alone."""

import pytest
import torch

from models.segmentation.architectures import ARCHITECTURES, build, published_shapes, shapes

MINIATURES = [name for name in ARCHITECTURES if name.endswith("miniature")]


def test_the_four_names():
    assert list(ARCHITECTURES) == [
        "deeplab_wrn38",
        "mask2former_r50",
        "deeplab_miniature",
        "mask2former_miniature",
    ]


@pytest.mark.parametrize("name", MINIATURES)
def test_networks_come_in_float32_on_the_cpu_for_evaluation(name):
    network = build(name, seed=0)
    assert not any(module.training for module in network.modules())
    floats = [tensor for tensor in network.state_dict().values() if tensor.is_floating_point()]
    assert {(tensor.dtype, tensor.device.type) for tensor in floats} == {(torch.float32, "cpu")}


@pytest.mark.parametrize("name", MINIATURES)
def test_a_seed_gives_its_weights_whatever_was_drawn_before(name):
    first = build(name, seed=3).published_state()
    torch.rand(5)
    again, other = build(name, seed=3).published_state(), build(name, seed=4).published_state()
    assert all(torch.equal(first[key], again[key]) for key in first)
    assert any(not torch.equal(first[key], other[key]) for key in first)


def test_the_global_generator_goes_on_as_if_nothing_was_built():
    torch.manual_seed(11)
    expected = torch.rand(4)
    torch.manual_seed(11)
    build("deeplab_miniature", seed=0)
    published_shapes("deeplab_miniature")
    assert torch.equal(torch.rand(4), expected)


def test_the_callers_default_device_does_not_count():
    with torch.device("meta"):
        network = build("deeplab_miniature", seed=0)
    assert all(tensor.device.type == "cpu" for tensor in network.state_dict().values())


@pytest.mark.parametrize("name", MINIATURES)
def test_shapes_are_those_of_the_built_network(name):
    assert published_shapes(name) == shapes(build(name, seed=0).published_state())


def test_an_unknown_name_lists_the_known_ones():
    for function in (lambda name: build(name, seed=0), published_shapes):
        with pytest.raises(ValueError, match=r"deeplab_wrn38, mask2former_r50, .* got 'deeplab'"):
            function("deeplab")
