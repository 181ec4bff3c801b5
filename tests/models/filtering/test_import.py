import subprocess
import sys

import pytest

import models.filtering


def test_judging_needs_no_torch():
    code = "import sys, models.filtering; assert not {'torch', 'controlnet_aux'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_public_name_is_there():
    for name in models.filtering.__all__:
        assert getattr(models.filtering, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = models.filtering.nonsense
