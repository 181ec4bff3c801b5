"""The files that are committed: float16, small enough, and what was trained."""

from dataclasses import replace

import pytest
import torch

from assets.miniature_set import assembling
from assets.miniature_set.assembling import assemble, refuse_large, sizes_of
from assets.miniature_set.fitting import write_network, write_state
from assets.miniature_set.generator import blank_bundle
from assets.miniature_set.networks import WEIGHTS
from assets.miniature_set.stages import open_workshop
from models.filtering.sam.architectures import build as build_sam
from models.filtering.sam.door import load_sam
from models.generation import load_bundle
from models.generation.training.diffusion import denoiser_of
from models.generation.training.recipe import FULL, TINY
from models.segmentation import load_segmenter
from models.segmentation.architectures import build as build_segmenter


def untrained(recipe, tmp_path):
    """A workshop whose trainings left the weights that they began with."""
    shop = open_workshop(recipe, tmp_path, say=lambda _: None)
    for name in ("autoencoder", "diffusion", "sam", "detector"):
        shop.folders[name].mkdir()
    bundle = blank_bundle(shop)
    write_network(shop.output("autoencoder") / WEIGHTS, bundle.vae)
    write_network(shop.output("diffusion") / WEIGHTS, denoiser_of(bundle))
    write_network(shop.output("sam") / WEIGHTS, build_sam("sam_miniature", seed=1))
    detector = build_segmenter("deeplab_miniature", seed=2)
    write_state(shop.output("detector") / WEIGHTS, detector.published_state())
    return shop, bundle


def test_the_full_recipe_fits_the_limits_with_room_for_pictures(tmp_path):
    shop, bundle = untrained(FULL, tmp_path)
    out = tmp_path / "out"
    out.mkdir()
    facts = assemble(shop, out)
    assert facts["bytes"] < assembling.MAX_SET_BYTES - 400_000
    assert sum(name.endswith(".safetensors") for name in facts["files"]) == 7
    loaded = load_bundle(out / "generator")
    for part, network in bundle.modules.items():
        state = loaded.modules[part].state_dict()
        for key, tensor in network.state_dict().items():
            assert torch.equal(tensor.to(torch.float16).to(tensor.dtype), state[key]), key
    assert load_sam(out / "sam.safetensors").architecture == "sam_miniature"
    load_segmenter("deeplab_miniature", out / "detector.safetensors")


def test_statistics_of_norms_stay_as_they_are(tmp_path):
    path = tmp_path / "weights.safetensors"
    state = {"wide": torch.full((2, 2), 0.1), "variance": torch.full((2,), 1e-9)}
    write_state(path, {**state, "n": torch.tensor(3)}, is_half=True)
    from safetensors.torch import load_file

    found = load_file(path)
    assert found["wide"].dtype == torch.float16
    assert torch.equal(found["variance"], state["variance"])
    assert found["n"] == 3


@pytest.mark.parametrize(
    ("limit", "told"),
    [("MAX_FILE_BYTES", "need files of at most 4000000 bytes, found"), ("MAX_SET_BYTES", "in all")],
)
def test_a_set_that_is_too_large_is_refused(tmp_path, monkeypatch, limit, told):
    shop, _ = untrained(TINY, tmp_path)
    out = tmp_path / "out"
    out.mkdir()
    monkeypatch.setattr(assembling, limit, 4_000_000)
    with pytest.raises(ValueError, match=told):
        assemble(shop, out)


def test_sizes_are_those_of_all_files_below(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "b").write_bytes(b"123")
    (tmp_path / "c").write_bytes(b"1")
    assert sizes_of(tmp_path) == {"a/b": 3, "c": 1}
    refuse_large(tmp_path)


def test_an_interrupted_assembly_is_done_again(tmp_path):
    shop, _ = untrained(replace(TINY, seed=5), tmp_path)
    out = tmp_path / "out"
    (out / "generator").mkdir(parents=True)
    (out / "generator" / "half").write_text("")
    assemble(shop, out)
    assert not (out / "generator" / "half").exists()
