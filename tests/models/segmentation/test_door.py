"""The one door: weights in, a network out, or one clear error."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from models.segmentation import CheckpointError, Segmenter, load_segmenter
from models.segmentation.door import read_segmenter
from tests.golden import golden_file, golden_state

NAMES = ["deeplab_miniature", "mask2former_miniature"]
both = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(scope="module", params=NAMES)
def network(request):
    return load_segmenter(request.param, seed=5)


@pytest.fixture
def name(network):
    return next(name for name in NAMES if name.startswith(type(network).__name__.lower()))


@pytest.fixture
def state(network):
    return network.published_state()


@pytest.fixture
def save(tmp_path):
    def write(state, name="weights.pth", **options):
        torch.save(state, tmp_path / name, **options)
        return tmp_path / name

    return write


def without(state, prefix):
    return {key: tensor for key, tensor in state.items() if not key.startswith(f"{prefix}.")}


def refusal(*words, **options):
    with pytest.raises(CheckpointError) as caught:
        load_segmenter(*words, **options)
    message = str(caught.value)
    assert message.startswith(f"{words[1]}: ")
    assert "\n" not in message
    assert len(message) < 1000
    return message


def assert_same(network, state):
    found = network.published_state()
    assert list(found) == list(state)
    assert all(torch.equal(found[key], tensor) for key, tensor in state.items())


@pytest.mark.parametrize("form", ["plain", "module", "nested", "legacy", "safetensors"])
def test_every_form_gives_the_same_network(tmp_path, save, name, state, form):
    if form == "safetensors":
        path = tmp_path / "weights.safetensors"
        save_file({key: tensor.contiguous() for key, tensor in state.items()}, path)
    elif form == "legacy":
        path = save(state, _use_new_zipfile_serialization=False)
    else:
        prefix = "" if form == "plain" else "module."
        content = {prefix + key: tensor for key, tensor in state.items()}
        path = save({"state_dict": content, "best": np.float64(1)} if form == "nested" else content)
    loaded = load_segmenter(name, str(path), seed=6)
    assert isinstance(loaded, Segmenter)
    assert not loaded.training
    assert_same(loaded, state)


def test_the_network_is_independent_of_its_file(save, name, state):
    path = save(state)
    loaded = load_segmenter(name, path)
    path.write_bytes(bytes(path.stat().st_size))
    assert_same(loaded, state)


def test_loading_leaves_the_global_generator_alone(save, name, state):
    torch.manual_seed(11)
    expected = torch.rand(4)
    torch.manual_seed(11)
    load_segmenter(name, save(state))
    assert torch.equal(torch.rand(4), expected)


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float64])
def test_other_float_types_become_float32(save, name, state, kind):
    cast = {key: t.to(kind) if t.is_floating_point() else t for key, t in state.items()}
    loaded = load_segmenter(name, save(cast))
    assert_same(loaded, {key: cast[key].to(tensor.dtype) for key, tensor in state.items()})


def test_numpy_arrays_are_weights_too(save, name, state):
    arrays = {key: tensor.numpy() for key, tensor in state.items()}
    assert_same(load_segmenter(name, save({"model": arrays})), state)


def test_batch_counters_and_ignored_keys_may_be_there_or_not(save, network, name, state):
    bare = {key: t for key, t in state.items() if not key.endswith("num_batches_tracked")}
    extra = {key: torch.ones(2) for key in network.ignored_keys}
    loaded = read_segmenter(name, save({**bare, **extra, "new.num_batches_tracked": torch.ones(1)}))
    assert_same(loaded.network, state)
    assert loaded.copied == loaded.drawn == ()
    assert set(loaded.unused) == {*network.ignored_keys, "new.num_batches_tracked"}


def test_a_missing_ood_layer_starts_as_the_class_layer(save, network, name, state):
    path = save(without(state, network.ood_layer))
    assert f"--expect {network.ood_layer}" in refusal(name, path)
    for expected in ((network.ood_layer,), [f"{network.ood_layer}."]):
        loaded = read_segmenter(name, path, expected=expected)
        assert loaded.copied == tuple(key for key in state if key.startswith(network.ood_layer))
        assert loaded.drawn == loaded.unused == ()
        found = loaded.network.published_state()
        for key in loaded.copied:
            source = key.replace(network.ood_layer, network.class_layer)
            assert torch.equal(found[key], state[source])
            assert found[key].data_ptr() != found[source].data_ptr()


def test_an_expected_ood_layer_that_is_there_is_the_files(save, network, name, state):
    loaded = read_segmenter(name, save(state), expected=(network.ood_layer,))
    assert loaded.copied == ()
    assert_same(loaded.network, state)


def test_half_an_ood_layer_is_refused(save):
    network = load_segmenter("mask2former_miniature")
    state = network.published_state()
    del state[f"{network.ood_layer}.bias"]
    message = refusal("mask2former_miniature", save(state), expected=(network.ood_layer,))
    assert f"found it without {network.ood_layer}.bias" in message


def test_other_expected_keys_keep_the_weights_of_the_seed(save, network, name, state):
    path = save({**without(state, network.class_layer), "extra.weight": torch.ones(2)})
    expected = (network.class_layer, "extra")
    loaded = read_segmenter(name, path, expected=expected, seed=9)
    drawn = load_segmenter(name, seed=9).published_state()
    found = loaded.network.published_state()
    assert loaded.unused == ("extra.weight",)
    assert set(loaded.drawn) == set(state) - set(without(state, network.class_layer))
    assert all(torch.equal(found[key], drawn[key]) for key in loaded.drawn)
    rest = set(state) - set(loaded.drawn)
    assert all(torch.equal(found[key], state[key]) for key in rest)


@pytest.mark.parametrize("expected", [("ood_hed",), ("",), ("final.6.weigh",)])
def test_an_expected_prefix_of_nothing_is_a_typo(save, name, state, expected):
    message = refusal(name, save(state), expected=expected)
    assert f"got {expected[0]!r}; check its spelling" in message


def test_a_text_is_no_collection_of_prefixes(save, name, state):
    with pytest.raises(TypeError, match="need a collection of prefixes"):
        load_segmenter(name, save(state), expected="ood_head")


def test_prefixes_without_a_checkpoint_are_refused(name):
    with pytest.raises(ValueError, match=r"need a checkpoint to expect \['ood_head'\]"):
        load_segmenter(name, expected=["ood_head"])


def test_an_unknown_architecture_is_told_before_the_file_is_read(tmp_path):
    with pytest.raises(ValueError, match="need an architecture of deeplab_wrn38, ") as caught:
        load_segmenter("deeplab", tmp_path / "none.pth")
    assert not isinstance(caught.value, CheckpointError)


@pytest.mark.parametrize(("own", "other"), [NAMES, NAMES[::-1]])
def test_a_checkpoint_of_another_architecture_names_it(save, own, other):
    path = save(load_segmenter(other).published_state())
    assert f"this looks like a checkpoint of {other}: load it as that" in refusal(own, path)


@both
def test_the_published_files_are_recognized(save, name):
    """By names and shapes alone, as ../shared/reference lists them."""
    for published, file in (
        ("deeplab_wrn38", "deeplab_wrn38_state_dict.json"),
        ("mask2former_r50", "mask2former_r50_gma_state_dict.json"),
    ):
        shapes = json.loads(golden_file(file).read_text())
        state = {key: torch.zeros(()).expand(shape) for key, shape in shapes.items()}
        assert f"checkpoint of {published}: load it as that" in refusal(name, save(state))


@pytest.mark.parametrize("n_classes", [14, 150])
def test_a_wrong_class_count_is_told(save, network, name, state, n_classes):
    heads = (network.class_layer, network.ood_layer)
    for key in [key for key in state if key.startswith(heads)]:
        n_rows = n_classes + len(state[key]) - 19
        state[key] = torch.zeros(n_rows, *state[key].shape[1:])
    message = refusal(name, save(state))
    assert f"its class layer {network.class_layer} has {n_classes} classes and 19 are" in message


def test_wrong_shapes_are_told(save, name, state):
    key = next(key for key, tensor in state.items() if tensor.ndim == 4)
    state[key] = state[key][..., :1]
    message = refusal(name, save(state))
    assert f"1 of another shape ({key} " in message
    assert "expect" not in message  # which would not help


def test_missing_and_unexpected_keys_are_counted_and_grouped(save, name, state):
    first = next(iter(state)).split(".")[0]
    lacking = without(state, first)
    path = save({**lacking, **{f"auxiliary.{i}.weight": torch.ones(1) for i in range(300)}})
    message = refusal(name, path)
    n_lacking = sum(not key.endswith("tracked") for key in set(state) - set(lacking))
    assert (
        f"need the {len(state)} tensors of {name}, found {n_lacking} missing ({first}." in message
    )
    assert "300 unexpected (auxiliary.* 300)" in message
    assert "--expect PREFIX" in message


def test_names_that_a_file_made_up_cannot_break_the_line(save, name, state):
    for made_up in ("a\nb", "\x1b[2J", "\ud800", "x" * 100_000):
        message = refusal(name, save({**state, made_up: torch.ones(1)}))
        assert "1 unexpected (" in message
        assert message.isprintable()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1e300])
def test_weights_that_are_not_finite_name_the_first_key(save, network, name, state, value):
    key = f"{network.class_layer}.weight"
    state = {k: t.double() if t.is_floating_point() else t for k, t in state.items()}
    state[key][3, 1] = value
    assert f"need finite weights that float32 can hold, got others as {key}" in refusal(
        name, save(state)
    )


@pytest.mark.parametrize(
    ("kind", "spelled"),
    [(torch.int8, "int8"), (torch.complex64, "complex64"), (torch.bool, "bool")],
)
def test_weights_that_are_no_floats_are_named(save, network, name, state, kind, spelled):
    key = f"{network.class_layer}.weight"
    state[key] = state[key].to(kind)
    assert f"need floating-point numbers as {key}, got {spelled}" in refusal(name, save(state))


def test_weights_of_a_few_bits_are_named(save, network, name, state):
    key = f"{network.class_layer}.weight"
    four_bits = torch.zeros(state[key].shape, dtype=torch.uint8).view(torch.float4_e2m1fn_x2)
    state[key] = four_bits
    message = refusal(name, save(state))
    assert f"need numbers that can become float32 as {key}, got float4_e2m1fn_x2" in message


def test_batch_counters_are_whole_numbers(save):
    state = load_segmenter("deeplab_miniature").published_state()
    key = next(key for key in state if key.endswith("num_batches_tracked"))
    state[key] = state[key].float()
    assert f"need whole numbers as {key}, got float32" in refusal("deeplab_miniature", save(state))


def test_torchs_own_error_is_the_cause_and_not_the_message(tmp_path, save, name, state):
    path = save(state)
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(CheckpointError, match=r"damaged or cut off") as caught:
        load_segmenter(name, path)
    assert caught.value.__cause__ is not None


def test_a_missing_file_says_so(tmp_path, name):
    assert "does not exist" in refusal(name, tmp_path / "none.pth")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("deeplab_wrn38", "deeplab_wrn38_state_dict.json"),
        ("mask2former_r50", "mask2former_r50_gma_state_dict.json"),
    ],
)
def test_published_names_load(save, name, file):
    state = golden_state(golden_file(file))
    path = save({"epoch": 1, "state_dict": {f"module.{key}": state[key] for key in state}})
    loaded = load_segmenter(name, path)
    found = loaded.published_state()
    assert all(torch.equal(found[key], state[key]) for key in found)
    assert set(state) - set(found) <= loaded.ignored_keys
