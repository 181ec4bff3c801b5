"""Original single files: read safely, checked by name and shape, converted by diffusers."""

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from models.generation import BundleError, encode_prompts, load_bundle, single_file
from models.segmentation import load_segmenter
from tests.golden import golden_file
from tests.models.generation.ldm import narrow_networks, single_file_state, write_configs


@pytest.fixture(scope="module")
def configs(tmp_path_factory):
    return write_configs(tmp_path_factory.mktemp("configs"))


@pytest.fixture(scope="module")
def networks(configs):
    return narrow_networks(configs, seed=5)


@pytest.fixture(scope="module")
def published(networks, configs):
    return single_file_state(networks, configs)


@pytest.fixture
def state(published, configs, monkeypatch):
    """The tensors of a file, to change; the loader knows the narrow architecture."""
    monkeypatch.setattr(single_file, "CONFIGS", configs)
    return dict(published)


def write(path, state):
    if path.suffix == ".safetensors":
        save_file({key: tensor.contiguous() for key, tensor in state.items()}, path)
    else:
        torch.save({"state_dict": state, "global_step": 7}, path)
    return path


def refusal(path):
    with pytest.raises(BundleError) as refused:
        load_bundle(path)
    message = str(refused.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message


def without(state, prefix):
    return {key: tensor for key, tensor in state.items() if not key.startswith(prefix)}


@pytest.mark.parametrize("suffix", [".pth", ".ckpt", ".safetensors"])
def test_every_tensor_arrives_where_it_belongs(state, networks, tmp_path, suffix):
    loaded = load_bundle(write(tmp_path / f"control{suffix}", state))
    assert loaded.modules.keys() == networks.keys()
    for part, network in networks.items():
        read, meant = loaded.modules[part].state_dict(), network.state_dict()
        assert read.keys() == meant.keys()
        assert all(torch.equal(read[key], meant[key]) for key in meant)
    assert (loaded.latent_stride, loaded.stride) == (8, 64)
    assert loaded.scheduler_config["prediction_type"] == "epsilon"
    assert loaded.scheduler_config["_class_name"] == "DDIMScheduler"


def test_half_precision_becomes_float32(state, networks, tmp_path):
    half = {key: t.half() if t.is_floating_point() else t for key, t in state.items()}
    loaded = load_bundle(write(tmp_path / "half.safetensors", half))
    for network in loaded.modules.values():
        assert network.dtype == torch.float32
        assert not any(module.training for module in network.modules())
    key = "conv_in.weight"
    meant = networks["unet"].state_dict()[key]
    assert torch.equal(loaded.unet.state_dict()[key], meant.half().float())


def test_other_tensors_beside_the_parts_are_left(state, tmp_path):
    others = {f"model_ema.diffusion_model{n}": torch.zeros(1) for n in range(200)}
    load_bundle(write(tmp_path / "x.pth", {**state, **others, "betas": torch.zeros(1000)}))


def test_a_bundle_outlives_its_file(state, networks, tmp_path):
    path = write(tmp_path / "x.pth", state)
    loaded = load_bundle(path)
    with path.open("r+b") as stream:
        stream.write(b"\0" * path.stat().st_size)
    read, meant = loaded.unet.state_dict(), networks["unet"].state_dict()
    assert all(torch.equal(read[key], meant[key]) for key in meant)


def test_without_a_text_encoder_only_prompts_raise(state, tmp_path):
    path = write(tmp_path / "x.pth", without(state, "cond_stage_model."))
    loaded = load_bundle(path)
    assert loaded.text_encoder is None
    with pytest.raises(BundleError, match="need a text encoder for prompts"):
        encode_prompts(loaded, ["a cat"])


def test_prompts_are_encoded_with_clips_own_tokens(state, networks, tmp_path):
    loaded = load_bundle(write(tmp_path / "x.pth", state))
    if loaded.tokenizer is None:
        pytest.skip("needs the extra sd (open_clip_torch)")
    ids = [[49406, 320, 1125, 539, 320, 2368, *[49407] * 71]]  # a photo of a cat
    with torch.no_grad():
        expected = networks["text_encoder"](torch.tensor(ids)).last_hidden_state
    assert torch.allclose(encode_prompts(loaded, ["a photo of a cat"]), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("prefix", "said"),
    [
        ("first_stage_model.", "found no first_stage_model.*; use control_sd15_seg.pth as it is"),
        ("control_model.", "found no control_model.*;"),
        ("model.diffusion_model.", "found no model.diffusion_model.*;"),
    ],
)
def test_a_part_that_is_absent_is_named(state, tmp_path, prefix, said):
    message = refusal(write(tmp_path / "x.pth", without(state, prefix)))
    assert "need control_model.* (controlnet), model.diffusion_model.* (unet), first_" in message
    assert said in message


@pytest.mark.parametrize(
    ("key", "part", "said"),
    [
        ("model.diffusion_model.out.2.bias", "unet", "1 missing (conv_out.bias)"),
        ("control_model.zero_convs.3.0.bias", "controlnet", "(controlnet_down_blocks.3.bias)"),
        ("first_stage_model.encoder.mid.attn_1.q.weight", "vae", "attentions.0.to_q.weight)"),
        (
            "cond_stage_model.transformer.text_model.final_layer_norm.bias",
            "text_encoder",
            "1 missing (final_layer_norm.bias)",
        ),
    ],
)
def test_a_tensor_that_is_lacking_is_named(state, tmp_path, key, part, said):
    del state[key]
    message = refusal(write(tmp_path / "x.pth", state))
    assert f"tensors of the {part} of Stable Diffusion 1.5, found" in message
    assert said in message


def test_a_whole_block_that_is_lacking_is_told(state, tmp_path):
    block = "model.diffusion_model.input_blocks.11."
    message = refusal(write(tmp_path / "x.pth", without(state, block)))
    assert "missing (down_blocks.3.resnets.1.* " in message


def test_tensors_of_another_shape_are_named(state, tmp_path):
    state["model.diffusion_model.input_blocks.0.0.weight"] = torch.zeros(32, 9, 3, 3)
    assert "1 of another shape (conv_in.weight 32x9x3x3 for 32x4x3x3);" in refusal(
        write(tmp_path / "x.pth", state)
    )


def test_tensors_too_many_are_named(state, tmp_path):
    state["model.diffusion_model.label_emb.0.0.weight"] = torch.zeros(2)
    state["cond_stage_model.model.extra"] = torch.zeros(2)
    message = refusal(write(tmp_path / "x.pth", state))
    assert "1 unexpected (model.diffusion_model.label_emb.0.0.weight)" in message


def test_weights_that_are_no_fractions_are_refused(state, tmp_path):
    key = "first_stage_model.quant_conv.bias"
    state[key] = state[key].int()
    assert "need floating-point weights of vae, found torch.int32 as quant_conv.bias" in refusal(
        write(tmp_path / "x.pth", state)
    )


def test_a_segmenters_checkpoint_is_another_model(tmp_path):
    network = load_segmenter("deeplab_miniature")
    path = tmp_path / "segmenter.pth"
    torch.save(network.published_state(), path)
    message = refusal(path)
    assert "tensors of another model (" in message
    assert message.endswith("; checkpoints of segmenters go to load_segmenter")


@pytest.mark.parametrize("suffix", [".pth", ".safetensors"])
@pytest.mark.parametrize("share", [0, 0.001, 0.5, 0.999])
def test_a_file_cut_off_anywhere_is_named(state, tmp_path, suffix, share):
    path = write(tmp_path / f"x{suffix}", state)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    assert any(word in refusal(path) for word in ("cut off", "empty file", "something else"))


def test_a_malicious_file_is_refused_and_never_run(state, tmp_path):
    class Trap:
        def __reduce__(self):
            return (exec, (f"open({str(tmp_path / 'sprung')!r}, 'w').close()",))

    path = tmp_path / "x.pth"
    torch.save({**state, "trap": Trap()}, path)
    assert "nothing of it was run" in refusal(path)
    assert not (tmp_path / "sprung").exists()


def test_the_published_names_and_shapes_are_those_that_are_needed():
    shapes = json.loads(golden_file("control_sd15_seg_state_dict.json").read_text())
    tensors = {key: torch.empty(shape, device="meta") for key, shape in shapes.items()}
    for part, (network_class, _) in single_file._CONVERTERS.items():
        own = {k: t for k, t in tensors.items() if k.startswith(single_file.PREFIXES[part])}
        config = network_class.load_config(str(single_file.CONFIGS / part))
        single_file._refuse_unfit_part(Path("x.pth"), part, own, config)
