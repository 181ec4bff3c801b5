"""One door, three kinds of sources, and what is no source at all."""

import pickle
import socket

import pytest
import torch
from diffusers.utils import logging as diffusers_logging
from transformers.utils import logging as transformers_logging

from models.generation import BundleError, encode_prompts, load_bundle
from tests.models.generation.bundles import edit_weights, equal_networks

VAE_WEIGHTS = "vae/diffusion_pytorch_model.safetensors"


@pytest.fixture
def no_network(monkeypatch):
    """Fail on any attempt to open a connection."""

    def refuse(*args, **kwargs):
        raise AssertionError("the network was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def test_a_folder_becomes_the_bundle_that_was_saved(tiny_bundle, tiny_folder, draw, no_network):
    loaded = load_bundle(tiny_folder)
    assert equal_networks(loaded, tiny_bundle)
    assert all(map(torch.equal, draw(loaded), draw(tiny_bundle)))
    prompts = ["a red box", "Übung macht den Meister 7", ""]
    assert torch.equal(encode_prompts(loaded, prompts), encode_prompts(tiny_bundle, prompts))
    assert loaded.scheduler_config == tiny_bundle.scheduler_config
    assert (loaded.stride, loaded.latent_stride) == (8, 4)
    assert loaded.source == str(tiny_folder)


def test_networks_come_in_float32_on_the_cpu_for_evaluation(tiny_folder):
    loaded = load_bundle(str(tiny_folder))
    for network in loaded.modules.values():
        assert not any(module.training for module in network.modules())
        floats = [t for t in network.state_dict().values() if t.is_floating_point()]
        assert {(t.dtype, t.device.type) for t in floats} == {(torch.float32, "cpu")}


def test_another_type_can_be_asked_for(tiny_folder):
    loaded = load_bundle(tiny_folder, device=torch.device("cpu"), dtype=torch.bfloat16)
    assert {network.dtype for network in loaded.modules.values()} == {torch.bfloat16}
    assert encode_prompts(loaded, ["a box"]).dtype == torch.bfloat16


def test_a_bundle_outlives_its_files(tiny_bundle, bundle_folder, draw):
    loaded = load_bundle(bundle_folder)
    for path in bundle_folder.rglob("*.safetensors"):
        with path.open("r+b") as stream:  # in place: a mapped file would show this
            stream.write(b"\0" * path.stat().st_size)
    assert all(map(torch.equal, draw(loaded), draw(tiny_bundle)))


def test_loading_leaves_logs_and_random_numbers_as_they_were(tiny_folder, capfd):
    levels = diffusers_logging.get_verbosity(), transformers_logging.get_verbosity()
    bars = transformers_logging.is_progress_bar_enabled()
    state = torch.random.get_rng_state()
    load_bundle(tiny_folder)
    assert capfd.readouterr() == ("", "")
    assert (diffusers_logging.get_verbosity(), transformers_logging.get_verbosity()) == levels
    assert transformers_logging.is_progress_bar_enabled() is bars
    assert torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused(bundle_folder, value):
    edit_weights(
        bundle_folder / VAE_WEIGHTS, lambda tensors: tensors["decoder.conv_in.bias"].fill_(value)
    )
    with pytest.raises(BundleError, match=r"finite weights of vae.*decoder\.conv_in\.bias"):
        load_bundle(bundle_folder)


@pytest.mark.parametrize("source", ["nothing.pth", "no/such/folder/at/all"])
def test_a_path_that_is_not_there_is_named(tmp_path, source):
    with pytest.raises(BundleError, match=rf"{source}: file does not exist"):
        load_bundle(str(tmp_path / source))


def test_a_folder_of_something_else_is_named(tmp_path):
    for name in "abcdefg":
        (tmp_path / name).touch()
    with pytest.raises(BundleError) as refused:
        load_bundle(tmp_path)
    assert str(refused.value) == (
        f"{tmp_path}: need a folder in diffusers layout (unet, controlnet, vae, text_encoder, "
        "tokenizer), found a folder with a, b, c, d, e, ...; name such a folder, or the single "
        "file itself"
    )


def test_an_empty_folder_is_named(tmp_path):
    with pytest.raises(BundleError, match="found a folder with nothing"):
        load_bundle(tmp_path)


def test_errors_cross_processes(tmp_path):
    with pytest.raises(BundleError) as refused:
        load_bundle(tmp_path)
    copied = pickle.loads(pickle.dumps(refused.value))
    assert isinstance(copied, BundleError)
    assert str(copied) == str(refused.value)
