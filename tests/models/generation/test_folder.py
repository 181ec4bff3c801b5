"""Folders in diffusers layout: what each kind of damage is called."""

import json
import shutil

import pytest
import torch
from diffusers import AutoencoderKL
from safetensors.torch import load_file, save_file

from models.generation import BundleError, encode_prompts, load_bundle, save_bundle
from tests.models.generation.bundles import edit_json, edit_weights, equal_networks

WEIGHTS = "diffusion_pytorch_model.safetensors"
PARTS = ["unet", "controlnet", "vae", "text_encoder", "tokenizer"]


def refusal(folder):
    with pytest.raises(BundleError) as refused:
        load_bundle(folder)
    message = str(refused.value)
    assert "\n" not in message
    assert str(folder) in message
    return message


@pytest.mark.parametrize("part", PARTS)
def test_a_missing_part_is_named(bundle_folder, part):
    shutil.rmtree(bundle_folder / part)
    assert f" and no {part}; copy the folder again" in refusal(bundle_folder)


def test_all_missing_parts_are_named_at_once(bundle_folder):
    for part in ("unet", "vae"):
        shutil.rmtree(bundle_folder / part)
    assert "found controlnet, text_encoder, tokenizer, scheduler and no unet, vae;" in refusal(
        bundle_folder
    )


def test_a_bundle_says_itself_that_it_has_no_text_parts(bundle_folder, tiny_bundle):
    for part in ("text_encoder", "tokenizer"):
        shutil.rmtree(bundle_folder / part)
        edit_json(bundle_folder / "model_index.json", **{part: [None, None]})
    loaded = load_bundle(bundle_folder)
    assert loaded.text_encoder is None
    assert loaded.tokenizer is None
    assert loaded.modules.keys() == {"unet", "controlnet", "vae"}


def test_an_index_is_not_needed(bundle_folder, tiny_bundle):
    (bundle_folder / "model_index.json").unlink()
    assert equal_networks(load_bundle(bundle_folder), tiny_bundle)


def test_a_scheduler_is_not_needed(bundle_folder):
    shutil.rmtree(bundle_folder / "scheduler")
    assert load_bundle(bundle_folder).scheduler_config is None


def test_a_second_controlnet_takes_edges(edge_folder, edge_bundle):
    loaded = load_bundle(edge_folder)
    assert equal_networks(loaded, edge_bundle)
    assert list(loaded.controlnets) == ["controlnet", "edge_controlnet"]
    assert not any(module.training for module in loaded.edge_controlnet.modules())


def test_edges_are_taken_where_the_index_does_not_speak_of_them(
    bundle_folder, edge_folder, edge_bundle
):
    shutil.copytree(edge_folder / "controlnet_1", bundle_folder / "controlnet_1")
    read = load_bundle(bundle_folder).edge_controlnet.state_dict()
    wanted = edge_bundle.edge_controlnet.state_dict()
    assert all(torch.equal(read[key], tensor) for key, tensor in wanted.items())


@pytest.fixture
def edge_copy(edge_folder, tmp_path):
    return shutil.copytree(edge_folder, tmp_path / "edges")


def test_a_second_controlnet_that_the_index_names_must_be_there(edge_copy):
    shutil.rmtree(edge_copy / "controlnet_1")
    assert " and no controlnet_1; copy the folder again" in refusal(edge_copy)


def test_a_third_controlnet_is_refused(edge_copy):
    shutil.copytree(edge_copy / "controlnet_1", edge_copy / "controlnet_2")
    assert "layouts and at most one for edges, found controlnet_2 too;" in refusal(edge_copy)


def test_damage_to_the_second_controlnet_is_named(edge_copy):
    edit_weights(edge_copy / "controlnet_1" / WEIGHTS, lambda tensors: tensors.pop("conv_in.bias"))
    assert "tensors of edge_controlnet, found 1 missing (conv_in.bias)" in refusal(edge_copy)
    (edge_copy / "controlnet_1" / WEIGHTS).write_bytes(b"")
    assert f"{edge_copy / 'controlnet_1' / WEIGHTS}: is a damaged" in refusal(edge_copy)


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "config.json: file does not exist"),
        ("", "need a JSON file, found one that cannot be read"),
        ("{", "need a JSON file, found one that cannot be read"),
        ("[" * 100_000, "need a JSON file, found one that cannot be read"),
        ("[]", "need a JSON object, found a list"),
        ('{"_class_name": "UNet3DConditionModel"}', "need a .* of class .*, found"),
    ],
)
def test_a_bad_config_is_named(bundle_folder, part, content, said):
    path = bundle_folder / part / "config.json"
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(BundleError, match=said):
        load_bundle(bundle_folder)


def test_another_class_is_named(bundle_folder):
    edit_json(bundle_folder / "unet" / "config.json", _class_name="UNet3DConditionModel")
    assert (
        "unet/config.json: need a unet of class UNet2DConditionModel, found 'UNet3DConditionModel';"
    ) in refusal(bundle_folder)


def test_a_config_that_the_library_cannot_build_is_named(bundle_folder):
    edit_json(bundle_folder / "vae" / "config.json", down_block_types=["Nonsense"])
    assert "cannot be loaded as AutoencoderKL (ValueError: " in refusal(bundle_folder)


def test_quantized_weights_are_refused(bundle_folder):
    edit_json(bundle_folder / "unet" / "config.json", quantization_config={"quant_method": "x"})
    assert "need plain weights of unet, found quantized ones" in refusal(bundle_folder)


def test_missing_weights_are_named(bundle_folder):
    (bundle_folder / "vae" / WEIGHTS).unlink()
    assert f"vae: need {WEIGHTS}, found no weights;" in refusal(bundle_folder)


def test_pickled_weights_are_never_opened(bundle_folder, tmp_path):
    class Trap:
        def __reduce__(self):
            return (tmp_path.joinpath("sprung").touch, ())

    (bundle_folder / "vae" / WEIGHTS).unlink()
    torch.save(Trap(), bundle_folder / "vae" / "diffusion_pytorch_model.bin")
    assert "found only diffusion_pytorch_model.bin, which is a pickle and is not opened" in refusal(
        bundle_folder
    )
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("share", [0, 0.001, 0.5, 0.999])
def test_a_file_cut_off_anywhere_is_named(bundle_folder, share):
    path = bundle_folder / "unet" / WEIGHTS
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    assert f"{path}: is a damaged or cut off safetensors file" in refusal(bundle_folder)


def test_a_file_of_something_else_is_named(bundle_folder):
    path = bundle_folder / "text_encoder" / "model.safetensors"
    path.write_text("version https://git-lfs.github.com/spec/v1\n")
    assert f"{path}: is a damaged or cut off safetensors file" in refusal(bundle_folder)


def test_tensors_that_differ_are_named(bundle_folder):
    def edit(tensors):
        del tensors["encoder.conv_in.weight"]
        tensors["extra"] = torch.zeros(2)
        tensors["decoder.conv_in.bias"] = torch.zeros(3)

    edit_weights(bundle_folder / "vae" / WEIGHTS, edit)
    assert (
        "tensors of vae, found 1 missing (encoder.conv_in.weight), 1 unexpected (extra), "
        "1 of another shape (decoder.conv_in.bias 3 for 16);"
    ) in refusal(bundle_folder)


def test_tensors_of_the_text_encoder_that_differ_are_named(bundle_folder):
    path = bundle_folder / "text_encoder" / "model.safetensors"
    edit_weights(path, lambda tensors: tensors.pop("final_layer_norm.bias"))
    assert "tensors of text_encoder, found 1 missing (final_layer_norm.bias)" in refusal(
        bundle_folder
    )


def test_older_names_of_the_text_encoder_are_known(bundle_folder, tiny_bundle):
    path = bundle_folder / "text_encoder" / "model.safetensors"
    tensors = {f"text_model.{key}": tensor for key, tensor in load_file(path).items()}
    positions = {"text_model.embeddings.position_ids": torch.arange(77)[None]}
    save_file(tensors | positions, path, metadata={"format": "pt"})
    assert equal_networks(load_bundle(bundle_folder), tiny_bundle)


def test_older_names_of_the_vae_are_known(bundle_folder, tiny_bundle):
    config = {key: v for key, v in tiny_bundle.vae.config.items() if not key.startswith("_")}
    vae = AutoencoderKL.from_config({**config, "mid_block_add_attention": True})
    vae.save_pretrained(bundle_folder / "vae")
    older = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}

    def edit(tensors):
        for key in [key for key in tensors if ".attentions.0.to_" in key]:
            new = next(name for name in older if f".{name}." in key)
            tensors[key.replace(new, older[new])] = tensors.pop(key)

    edit_weights(bundle_folder / "vae" / WEIGHTS, edit)
    read = load_bundle(bundle_folder).vae.state_dict()
    assert any(".to_out.0." in key for key in read)
    assert all(torch.equal(read[key], tensor) for key, tensor in vae.state_dict().items())


def test_a_vocabulary_in_two_files_is_read(bundle_folder, tiny_bundle):
    folder = bundle_folder / "tokenizer"
    model = json.loads((folder / "tokenizer.json").read_text())["model"]
    (folder / "tokenizer.json").unlink()
    (folder / "vocab.json").write_text(json.dumps(model["vocab"]))
    merges = "\n".join(" ".join(pair) for pair in model["merges"])
    (folder / "merges.txt").write_text(f"#version: 0.2\n{merges}\n")
    read = load_bundle(bundle_folder).tokenizer
    for text in ("a red box on the road.", "Übung 7"):
        assert read(text).input_ids == tiny_bundle.tokenizer(text).input_ids


@pytest.fixture
def sharded(tiny_bundle, tmp_path):
    save_bundle(tiny_bundle, tmp_path / "sharded", max_shard_size="1MB")
    return tmp_path / "sharded"


def test_weights_in_several_files_are_read(sharded, tiny_bundle):
    assert len(list((sharded / "unet").glob("*.safetensors"))) > 1
    assert equal_networks(load_bundle(sharded), tiny_bundle)


def test_a_missing_shard_is_named(sharded):
    shard = next((sharded / "unet").glob("*-00002-of-*"))
    shard.unlink()
    assert f"{shard}: file does not exist, and the index names it" in refusal(sharded)


@pytest.mark.parametrize("name", ["../vae/" + WEIGHTS, "/etc/passwd", "weights.bin", 3])
def test_an_index_names_no_files_elsewhere(sharded, name):
    index = sharded / "unet" / f"{WEIGHTS}.index.json"
    edit_json(index, weight_map={"conv_in.weight": name})
    assert f"{index}: need a weight_map of tensor -> safetensors file in this folder" in refusal(
        sharded
    )


def test_half_precision_variants_are_read_where_there_is_nothing_else(tiny_bundle, tmp_path, draw):
    folder = tmp_path / "half"
    save_bundle(tiny_bundle, folder, dtype=torch.float16)
    plain = load_bundle(folder)
    for path in list(folder.rglob("*.safetensors")):
        path.rename(path.with_suffix(".fp16.safetensors"))
    variant = load_bundle(folder)
    assert equal_networks(variant, plain)
    assert variant.unet.dtype == torch.float32
    assert torch.allclose(draw(variant)[-1], draw(tiny_bundle)[-1], atol=0.02)


@pytest.mark.parametrize("content", ["", "{}", '{"version": "1.0"}'])
def test_a_broken_tokenizer_is_named(bundle_folder, content):
    (bundle_folder / "tokenizer" / "tokenizer.json").write_text(content)
    assert f"{bundle_folder / 'tokenizer'}: cannot be loaded as CLIPTokenizer" in refusal(
        bundle_folder
    )


def test_a_tokenizer_without_files_is_named(bundle_folder):
    (bundle_folder / "tokenizer" / "tokenizer.json").unlink()
    assert "need tokenizer.json or vocab.json, found neither" in refusal(bundle_folder)


@pytest.mark.parametrize("name", ["NoScheduler", "UNet2DConditionModel", "__doc__", None, 3])
def test_a_scheduler_that_is_none_is_named(bundle_folder, name):
    path = bundle_folder / "scheduler" / "scheduler_config.json"
    edit_json(path, _class_name=name)
    said = refusal(bundle_folder)
    assert f"{path}: cannot be used (need the name of a diffusers scheduler" in said
    assert repr(name) in said


def test_scheduler_settings_of_a_wrong_type_are_named(bundle_folder):
    path = bundle_folder / "scheduler" / "scheduler_config.json"
    edit_json(path, beta_start="x")
    assert f"{path}: cannot be used (" in refusal(bundle_folder)


def test_prompts_of_a_loaded_bundle_need_no_index(bundle_folder, tiny_bundle):
    (bundle_folder / "model_index.json").unlink()
    loaded = load_bundle(bundle_folder)
    assert torch.equal(encode_prompts(loaded, ["a"]), encode_prompts(tiny_bundle, ["a"]))
