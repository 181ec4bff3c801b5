"""A store, and a function that exports what is in it."""

import pytest

from storage.export import PictureSize, write
from storage.export.card import Origins
from storage.export.license_terms import used_sources
from storage.export.plan import plan_export
from storage.export.selection import frame_sizes, provenance_of, select_scenes
from storage.export.write import write_export
from tests.storage.export.scenes import new_store


@pytest.fixture
def store(tmp_path):
    return new_store(tmp_path / "store")


@pytest.fixture(autouse=True)
def no_sync(monkeypatch):
    """Waiting for the disk of the whole machine would take longer than the tests."""
    monkeypatch.setattr(write.os, "sync", lambda: None)


@pytest.fixture
def export(store):
    """Export to a folder, as the command does."""

    def run(out, *, size=PictureSize.PICTURE, progress=lambda *_: None, **choice):
        chosen = select_scenes(store.manifests, **choice)
        known = frame_sizes(store.manifests, chosen.versions)
        plan = plan_export(chosen.rows, size=size, frame_sizes=known)
        origins = Origins(
            versions=chosen.versions,
            provenance=provenance_of(store.manifests, chosen.versions),
            sources=used_sources(chosen.rows),
        )
        return write_export(out, plan, origins, store.blobs, progress)

    return run
