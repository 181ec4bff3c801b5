"""A small world with everything from frame to checkpoint, made once and copied for each test."""

import shutil

import pytest

from assets.resources import ManifestStore
from assets.tracing.reading import Reader
from tests.assets.tracing.traced_world import make_world

__all__ = ["traced_home"]


@pytest.fixture(scope="session")
def traced_world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("traced") / "world"
    make_world(folder)
    return folder


@pytest.fixture
def traced_home(traced_world, tmp_path):
    return shutil.copytree(traced_world, tmp_path / "traced")


@pytest.fixture
def store(traced_home):
    return ManifestStore(root=str(traced_home / "store")).open()


@pytest.fixture
def reader(store):
    return Reader(store)
