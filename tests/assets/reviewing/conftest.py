"""The small store of the gallery, with a desk at which somebody reviews it."""

import pytest

from assets.reviewing.desk import Desk
from tests.assets.gallery.conftest import data_root, made_folder, store

__all__ = ["data_root", "made_folder", "store"]


@pytest.fixture
def reports():
    return []


@pytest.fixture
def desk(store, data_root, reports):
    def report():
        reports.append("told")
        return ""

    return Desk(store=store, data_root=data_root, reviewer="ada", report=report)
