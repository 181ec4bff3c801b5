"""Shape and type annotations of models and storage are checked while the tests run."""

from pathlib import Path

import pytest
from jaxtyping import install_import_hook

install_import_hook(["models", "storage"], "beartype.beartype")


@pytest.fixture(scope="session")
def samples() -> Path:
    """Real files of the data sets, where this machine has them beside the checkout."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "samples"
    if not folder.is_dir():
        pytest.skip("needs ../shared/samples")
    return folder
