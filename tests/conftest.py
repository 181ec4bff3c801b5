"""Shape and type annotations of models and storage are checked while the tests run."""

import os
import sys
from pathlib import Path
from types import ModuleType

import pytest
from beartype import BeartypeConf, beartype
from jaxtyping import install_import_hook

# Two test processes share the cores, where waiting threads of one would spin. Set before
# torch is imported, and seen by the commands that tests start.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# The hook takes the checker by its import name. As mypy does, it lets an int stand for a float.
checker = ModuleType("annotation_checker")
checker.check = beartype(conf=BeartypeConf(is_pep484_tower=True))
sys.modules[checker.__name__] = checker
install_import_hook(["models", "storage"], f"{checker.__name__}.check")


@pytest.fixture(scope="session")
def samples() -> Path:
    """Real files of the data sets, where this machine has them beside the checkout."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "samples"
    if not folder.is_dir():
        pytest.skip("needs ../shared/samples")
    return folder


@pytest.fixture(autouse=True)
def same_draws():
    """What a test draws from torch's own generator does not depend on the tests before it."""
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)


COSTLY = ("demo", "trained")
"""Fixtures that take a minute: whoever asks for one runs in the process that has it."""


@pytest.hookimpl(tryfirst=True)  # before xdist reads the marks
def pytest_collection_modifyitems(items):
    """Tests of a file, and tests that share something costly, run in one process."""
    for item in items:
        shared = next((name for name in COSTLY if name in item.fixturenames), item.path.name)
        item.add_marker(pytest.mark.xdist_group(shared))


@pytest.fixture(autouse=True)
def no_retries(request, monkeypatch):
    """A step that a test lets die stays dead; tests of retries are marked `retries`."""
    if "dagster" in sys.modules and not request.node.get_closest_marker("retries"):
        job = sys.modules["dagster"].JobDefinition
        monkeypatch.setattr(job, "get_retry_policy_for_handle", lambda _self, _handle: None)
