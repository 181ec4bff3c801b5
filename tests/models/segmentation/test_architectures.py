"""Networks by name: random weights that depend on the seed alone."""

from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from models.segmentation import normalize
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


def test_threads_do_not_change_the_weights_of_a_seed():
    jobs = [(name, seed) for name in MINIATURES for seed in range(4)]
    alone = [build(name, seed=seed).published_state() for name, seed in jobs]
    before = torch.get_rng_state()
    with ThreadPoolExecutor(4) as pool:
        sizes = [pool.submit(published_shapes, name) for name in MINIATURES]
        together = list(pool.map(lambda job: build(job[0], seed=job[1]).published_state(), jobs))
    for expected, found in zip(alone, together, strict=True):
        assert all(torch.equal(found[key], expected[key]) for key in expected)
    assert [size.result() for size in sizes] == [published_shapes(name) for name in MINIATURES]
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", MINIATURES)
def test_the_callers_default_type_does_not_count_and_stays(name):
    expected = build(name, seed=3).published_state()
    torch.set_default_dtype(torch.float64)
    try:
        found = build(name, seed=3).published_state()
        with pytest.raises(ValueError, match="need an architecture"):
            build("none", seed=3)
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)
    for key, tensor in expected.items():
        assert found[key].dtype == tensor.dtype
        assert torch.equal(found[key], tensor), key


KINDS = [torch.bfloat16, torch.float16, torch.float32, torch.float64]


@pytest.mark.parametrize("name", MINIATURES)
@pytest.mark.parametrize("weights", KINDS)
@torch.inference_mode()
def test_every_float_type_is_read_and_the_answer_is_float32_or_wider(name, weights):
    network = build(name, seed=0)
    images = normalize(torch.randint(0, 256, (1, 32, 48, 3), dtype=torch.uint8))
    exact = network(images)
    network.to(weights)
    for kind in KINDS:
        output = network(images.to(kind))
        wanted = torch.float64 if weights == torch.float64 else torch.float32
        assert output.logits.dtype == output.ood_score.dtype == wanted
        for found, expected in zip(output, exact, strict=True):
            assert (found - expected).norm() < 0.1 * expected.norm(), (weights, kind)


@pytest.mark.parametrize("name", MINIATURES)
@pytest.mark.parametrize("size", [(32, 48), (31, 45), (80, 48)])
@torch.inference_mode()
def test_an_answer_keeps_no_more_memory_than_it_fills(name, size):
    for tensor in build(name, seed=0)(torch.randn(1, 3, *size)):
        assert tensor.is_contiguous()
        assert tensor.untyped_storage().nbytes() == tensor.nbytes
