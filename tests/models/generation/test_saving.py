"""Saved bundles: whole or not at all, and diffusers reads them too."""

import pytest
import torch
from diffusers import StableDiffusionControlNetPipeline

from models.generation import BundleError, load_bundle, save_bundle
from models.generation.saving import pipeline
from tests.models.generation.bundles import equal_networks


def test_diffusers_own_pipeline_reads_a_saved_bundle(tiny_folder, tiny_bundle):
    from models.generation.quiet import quiet

    with quiet():
        read = StableDiffusionControlNetPipeline.from_pretrained(tiny_folder, safety_checker=None)
    assert all(
        torch.equal(tensor, read.unet.state_dict()[key])
        for key, tensor in tiny_bundle.unet.state_dict().items()
    )
    assert read.scheduler.config.prediction_type == "v_prediction"


def test_diffusers_own_pipeline_reads_two_controlnets(edge_folder, edge_bundle):
    from models.generation.quiet import quiet

    with quiet():
        read = StableDiffusionControlNetPipeline.from_pretrained(edge_folder, safety_checker=None)
    for network, wanted in zip(read.controlnet.nets, edge_bundle.controlnets.values(), strict=True):
        found = network.state_dict()
        assert all(torch.equal(found[key], t) for key, t in wanted.state_dict().items())


def test_two_controlnets_are_split_into_files_too(edge_bundle, tmp_path):
    save_bundle(edge_bundle, tmp_path / "split", max_shard_size="200KB")
    for name in ("controlnet", "controlnet_1"):
        sizes = [path.stat().st_size for path in (tmp_path / "split" / name).glob("*.safetensors")]
        assert len(sizes) > 1
        assert max(sizes) < 600_000  # no tensor is split
    assert equal_networks(load_bundle(tmp_path / "split"), edge_bundle)


def test_a_pipeline_of_two_controlnets_copies_only_what_it_must(edge_bundle):
    built = pipeline(edge_bundle)
    assert list(built.controlnet.nets) == list(edge_bundle.controlnets.values())
    half = pipeline(edge_bundle, dtype=torch.bfloat16)
    assert {network.dtype for network in half.controlnet.nets} == {torch.bfloat16}
    assert edge_bundle.edge_controlnet.dtype == torch.float32


def test_a_loaded_bundle_is_saved_without_the_paths_of_this_machine(tiny_folder, tmp_path):
    loaded = load_bundle(tiny_folder)
    save_bundle(loaded, tmp_path / "deep" / "copy")
    assert equal_networks(load_bundle(tmp_path / "deep" / "copy"), loaded)
    for path in (tmp_path / "deep" / "copy").rglob("*.json"):
        assert str(tiny_folder.parent) not in path.read_text()


def test_half_precision_is_written_from_copies(tiny_bundle, tmp_path):
    save_bundle(tiny_bundle, tmp_path / "half", dtype=torch.float16, max_shard_size="1MB")
    assert tiny_bundle.unet.dtype == torch.float32
    sizes = [path.stat().st_size for path in (tmp_path / "half").rglob("*.safetensors")]
    assert max(sizes) <= 1_000_000 + 100_000  # tensors, then a header
    n_weights = sum(p.numel() for m in tiny_bundle.modules.values() for p in m.parameters())
    assert 2 * n_weights < sum(sizes) < 2.2 * n_weights


def test_a_folder_in_use_is_left_alone(tiny_bundle, tmp_path):
    (tmp_path / "mine").touch()
    with pytest.raises(BundleError, match="need a new or empty folder, found it in use"):
        save_bundle(tiny_bundle, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_an_empty_folder_is_filled(tiny_bundle, tmp_path):
    (tmp_path / "new").mkdir()
    save_bundle(tiny_bundle, tmp_path / "new")
    assert load_bundle(tmp_path / "new").stride == tiny_bundle.stride


def test_a_failed_save_leaves_nothing(tiny_bundle, tmp_path, monkeypatch):
    def fail(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(tiny_bundle.vae), "save_pretrained", fail)
    with pytest.raises(OSError, match="No space"):
        save_bundle(tiny_bundle, tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


def test_saving_says_nothing(tiny_bundle, tmp_path, capfd):
    save_bundle(tiny_bundle, tmp_path / "new")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("dtype", [None, torch.float32, torch.bfloat16])
def test_a_pipeline_copies_only_what_it_must(tiny_bundle, dtype):
    built = pipeline(tiny_bundle, dtype=dtype)
    assert (built.unet is tiny_bundle.unet) is (dtype is not torch.bfloat16)
    assert {part.dtype for part in (built.unet, built.vae)} == {dtype or torch.float32}
