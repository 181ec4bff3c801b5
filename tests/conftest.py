"""Shape and type annotations of models and storage are checked while the tests run."""

import sys
from pathlib import Path
from types import ModuleType

import pytest
from beartype import BeartypeConf, beartype
from jaxtyping import install_import_hook

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
