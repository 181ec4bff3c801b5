"""Weights in, a SAM out, or one clear error."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from models.checkpoint.reading import CheckpointError
from models.filtering import load_sam
from models.filtering.sam.architectures import ARCHITECTURES, published_shapes

IMAGE = np.random.default_rng(0).integers(0, 256, (1, 128, 256, 3), dtype=np.uint8)
BOXES = [[(20.0, 30.0, 90.0, 80.0)]]


@pytest.fixture(scope="module")
def state():
    return load_sam("sam_miniature", seed=5).sam.state_dict()


@pytest.fixture
def save(tmp_path):
    def write(content, name="weights.pth", **options):
        torch.save(content, tmp_path / name, **options)
        return tmp_path / name

    return write


def refusal(path):
    with pytest.raises(CheckpointError) as caught:
        load_sam(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    assert len(message) < 1000
    return message


def assert_same(segmenter, state):
    found = segmenter.sam.state_dict()
    assert list(found) == list(state)
    assert all(torch.equal(found[key], tensor) for key, tensor in state.items())
    assert not segmenter.training
    assert all(not tensor.is_meta for tensor in (*segmenter.parameters(), *segmenter.buffers()))


def test_names_give_random_weights_of_a_seed():
    torch.manual_seed(11)
    expected = torch.rand(4)
    torch.manual_seed(11)
    first = load_sam("sam_miniature", seed=1)
    assert torch.equal(torch.rand(4), expected)
    assert first.architecture == "sam_miniature"
    assert_same(load_sam("sam_miniature", seed=1), first.sam.state_dict())
    other = load_sam("sam_miniature", seed=2)
    assert not torch.equal(
        other.sam.mask_decoder.iou_token.weight, first.sam.mask_decoder.iou_token.weight
    )


def test_the_miniature_is_small():
    segmenter = load_sam("sam_miniature")
    assert sum(p.numel() for p in segmenter.parameters()) == 2_113_767
    assert segmenter.size_px == 256


@pytest.mark.parametrize("form", ["plain", "module", "nested", "legacy", "safetensors", "half"])
def test_every_form_gives_the_same_network(tmp_path, save, state, form):
    if form == "safetensors":
        path = tmp_path / "weights.safetensors"
        save_file({key: tensor.contiguous() for key, tensor in state.items()}, path)
    elif form == "legacy":
        path = save(state, _use_new_zipfile_serialization=False)
    elif form == "half":
        state = {key: tensor.half() for key, tensor in state.items()}
        path = save(state)
        state = {key: tensor.float() for key, tensor in state.items()}
    else:
        content = {("module." if form != "plain" else "") + key: t for key, t in state.items()}
        path = save({"model": content, "epoch": 3} if form == "nested" else content)
    loaded = load_sam(str(path))
    assert loaded.architecture == "sam_miniature"
    assert_same(loaded, state)


def test_a_loaded_network_answers_as_the_one_that_was_saved(save, state):
    drawn, loaded = load_sam("sam_miniature", seed=5), load_sam(save(state))
    one, other = (segmenter.masks_in_boxes(IMAGE, BOXES)[0] for segmenter in (drawn, loaded))
    assert np.array_equal(one.masks, other.masks)
    assert one.predicted_ious == other.predicted_ious


def test_the_network_is_independent_of_its_file(save, state):
    path = save(state)
    loaded = load_sam(path)
    path.write_bytes(bytes(path.stat().st_size))
    assert_same(loaded, state)


def test_mobile_sam_computes_with_the_weights_of_the_file(save):
    """Its attention keeps biases from evaluation mode, which controlnet-aux enters too early."""
    drawn = load_sam("mobile_sam", seed=1)
    with torch.no_grad():
        for name, tensor in drawn.sam.named_parameters():
            if name.endswith("attention_biases"):
                tensor.normal_(generator=torch.Generator().manual_seed(0))
    drawn.eval()
    state = drawn.sam.state_dict()
    counters = [key for key in state if key.endswith("num_batches_tracked")]
    loaded = load_sam(save({key: state[key] for key in state if key not in counters}))
    assert loaded.architecture == "mobile_sam"
    assert counters
    assert_same(loaded, state)
    for one, other in zip(drawn.modules(), loaded.modules(), strict=True):
        if hasattr(one, "ab"):
            assert one.ab.any()
            assert torch.equal(one.ab, other.ab)


@pytest.mark.slow
def test_vit_b_loads(save):
    drawn = load_sam("sam_vit_b", seed=1)
    loaded = load_sam(save(drawn.sam.state_dict(), "sam_vit_b_01ec64.pth"))
    assert loaded.architecture == "sam_vit_b"
    assert_same(loaded, drawn.sam.state_dict())
    assert torch.equal(loaded.sam.pixel_mean, drawn.sam.pixel_mean)
    assert torch.equal(loaded.sam.pixel_std, drawn.sam.pixel_std)


@pytest.mark.parametrize("name", sorted(set(ARCHITECTURES) - {"mobile_sam"}))
def test_a_file_that_lacks_a_tensor_names_its_architecture(save, name):
    state = {key: torch.zeros(()).expand(shape) for key, shape in published_shapes(name).items()}
    del state["mask_decoder.iou_token.weight"]
    state["neck.0.weight"] = torch.zeros(1)
    message = refusal(save(state))
    assert f"need the {len(state)} tensors of {name}, found 1 missing" in message
    assert "1 unexpected (neck.0.weight)" in message
    assert f"use a checkpoint of {name} as it is published" in message


def test_other_shapes_are_told(save, state):
    key = "mask_decoder.iou_token.weight"
    message = refusal(save({**state, key: torch.zeros(1, 7)}))
    assert f"1 of another shape ({key} 1x7 for 1x96)" in message


def test_other_networks_are_told(save):
    message = refusal(save({"conv1.weight": torch.zeros(3), "fc.bias": torch.zeros(3)}))
    assert "need the tensors of sam_vit_h, sam_vit_l, sam_vit_b, mobile_sam, sam_min" in message
    assert "found 2 others (conv1.weight, fc.bias)" in message
    assert "sam_vit_h_4b8939.pth or mobile_sam.pt are" in message


def test_the_names_of_transformers_are_recognized(save):
    state = {f"vision_encoder.layers.{k}.attn.qkv.weight": torch.zeros(3) for k in range(9)}
    assert "the names that transformers gives" in refusal(save(state))


def test_missing_files_and_names_are_told(tmp_path):
    assert "file does not exist; check the path" in refusal(tmp_path / "sam_vit_h_4b8939.pth")
    message = refusal("sam_vit_x")
    assert "need a checkpoint, or one of sam_vit_h, " in message
    assert "multishift fetch filter" in message


@pytest.mark.parametrize("n_bytes", [0, 3, 100, 50_000, -1000])
def test_truncated_files_are_told(save, state, n_bytes):
    path = save(state)
    content = path.read_bytes()
    path.write_bytes(content[:n_bytes])
    message = refusal(path)
    assert "empty file" in message or "cut off" in message or "bytes of something else" in message


def test_a_web_page_and_a_pointer_are_told(tmp_path):
    path = tmp_path / "sam.pth"
    path.write_text("<!DOCTYPE html>")
    assert "got a web page" in refusal(path)
    path.write_text("version https://git-lfs.github.com/spec/v1\n")
    assert "git-lfs pointer" in refusal(path)


class Malicious:
    def __init__(self, target):
        self.target = target

    def __reduce__(self):
        return (open, (self.target, "w"))


@pytest.mark.parametrize("is_new_form", [True, False])
def test_nothing_of_a_malicious_file_is_run(tmp_path, save, state, is_new_form):
    trace = tmp_path / "trace"
    path = save(
        {**state, "evil": Malicious(str(trace))}, _use_new_zipfile_serialization=is_new_form
    )
    assert "nothing of it was run" in refusal(path)
    assert not trace.exists()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e300])
def test_weights_that_are_not_finite_name_the_first_key(save, state, value):
    state = {key: tensor.double() for key, tensor in state.items()}
    key = "image_encoder.pos_embed"
    state[key][0, 3, 1] = value
    assert f"need finite weights that float32 can hold, got others as {key}" in refusal(save(state))


def test_weights_that_are_no_floats_are_named(save, state):
    key = "image_encoder.pos_embed"
    message = refusal(save({**state, key: state[key].to(torch.int8)}))
    assert f"need floating-point numbers as {key}, got int8" in message
