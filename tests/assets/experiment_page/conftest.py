"""A tiny experiment that never was, and its page, made once."""

import pytest

from assets.experiment_page.page import experiment_page
from tests.assets.experiment_page.made_experiment import experiment, tiny_plan


@pytest.fixture(scope="session")
def tiny():
    return experiment(tiny_plan())


@pytest.fixture(scope="session")
def page(tiny):
    return experiment_page(tiny)
