"""Hub ids: pinned, found in the cache of this machine, and never looked for elsewhere."""

import shutil
import socket

import huggingface_hub
import pytest

from models.generation import BundleError, load_bundle
from models.generation.hub import PinnedRepo, parse_hub_ids
from tests.models.generation.bundles import equal_networks

BASE, CONTROL = "0123456789abcdef0123456789abcdef01234567", "f" * 40


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """An empty cache of the hub, and no network."""

    def refuse(*args, **kwargs):
        raise AssertionError("the network was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


def snapshot(cache, name, revision):
    return cache / f"models--{name.replace('/', '--')}" / "snapshots" / revision


def refusal(source):
    with pytest.raises(BundleError) as refused:
        load_bundle(source)
    return str(refused.value)


def test_one_repository_can_hold_all_parts(cache, tiny_folder, tiny_bundle):
    shutil.copytree(tiny_folder, snapshot(cache, "org/all", BASE))
    loaded = load_bundle(f"org/all@{BASE}")
    assert equal_networks(loaded, tiny_bundle)
    assert loaded.source == f"org/all@{BASE}"


@pytest.mark.parametrize("inner", ["", "controlnet"])
def test_base_and_controlnet_can_be_two(cache, tiny_folder, tiny_bundle, inner):
    base = shutil.copytree(tiny_folder, snapshot(cache, "org/base", BASE))
    control = snapshot(cache, "other/control.net-1", CONTROL) / inner
    control.parent.mkdir(parents=True)
    (base / "controlnet").rename(control)
    loaded = load_bundle(f"org/base@{BASE}+other/control.net-1@{CONTROL}")
    assert equal_networks(loaded, tiny_bundle)


@pytest.mark.parametrize("inner", ["", "controlnet"])
def test_edges_can_be_a_third(cache, edge_folder, edge_bundle, inner):
    base = shutil.copytree(edge_folder, snapshot(cache, "org/base", BASE))
    for name, found in (("org/control", "controlnet"), ("org/edges", "controlnet_1")):
        folder = snapshot(cache, name, CONTROL) / inner
        folder.parent.mkdir(parents=True)
        (base / found).rename(folder)
    source = f"org/base@{BASE}+org/control@{CONTROL}+org/edges@{CONTROL}"
    assert equal_networks(load_bundle(source), edge_bundle)


@pytest.mark.parametrize(
    "source",
    [
        "org/name",
        f"org/base@{BASE}+org/control@{BASE}+org/edges",
        f"org/base@{BASE}+org/control@{BASE}+org/edges@main",
        "org/name@main",
        "org/name@",
        f"org/name@{BASE[:-1]}",
        f"org/name@{BASE.upper()}",
        f"org/base@{BASE}+org/control",
        f"org/base+org/control@{BASE}",
    ],
)
def test_ids_without_a_pinned_revision_are_refused(cache, source):
    said = refusal(source)
    assert said.startswith(f"{source}: need org/name@revision or org/base@revision+org/controlnet@")
    assert "run multishift fetch generator" in said


def test_pinned_ids_are_read():
    assert parse_hub_ids(f"a/b@{BASE}") == (PinnedRepo("a/b", BASE),)
    assert parse_hub_ids(f"a/b@{BASE}+c/d@{CONTROL}") == (
        PinnedRepo("a/b", BASE),
        PinnedRepo("c/d", CONTROL),
    )
    assert parse_hub_ids(f"a/b@{BASE}+c/d@{CONTROL}+e/f@{BASE}")[2] == PinnedRepo("e/f", BASE)


def test_a_fourth_repository_is_no_hub_id(cache):
    assert "file does not exist" in refusal("+".join([f"a/b@{BASE}"] * 4))


def test_what_the_cache_lacks_is_named_with_the_command_that_fetches_it(cache):
    assert refusal(f"org/name@{BASE}") == (
        f"org/name@{BASE}: need org/name at {BASE} in the local hub cache, found nothing; "
        "run multishift fetch generator, where there is a network, and name what it fetched"
    )


def test_the_repository_that_is_lacking_is_the_one_named(cache, tiny_folder):
    shutil.copytree(tiny_folder, snapshot(cache, "org/base", BASE))
    said = refusal(f"org/base@{BASE}+org/control@{CONTROL}")
    assert f"need org/control at {CONTROL} in the local hub cache, found nothing;" in said


def test_a_part_that_was_not_fetched_is_named(cache, tiny_folder):
    folder = shutil.copytree(tiny_folder, snapshot(cache, "org/all", BASE))
    shutil.rmtree(folder / "vae")
    said = refusal(f"org/all@{BASE}")
    assert "and no vae; the cache holds it in part: run multishift fetch generator" in said
    (folder / "controlnet" / "config.json").unlink()
    (folder / "vae").mkdir()
    assert "controlnet/config.json: file does not exist; the cache holds it in part" in refusal(
        f"org/all@{BASE}"
    )


def test_a_folder_of_that_name_comes_first(cache, tiny_folder, tmp_path, monkeypatch):
    shutil.copytree(tiny_folder, tmp_path / "org" / "name")
    monkeypatch.chdir(tmp_path)
    assert load_bundle("org/name").source == "org/name"
