"""The settings that docs/reproduce.md tells people to type are settings of a training."""

import re
import shlex
from pathlib import Path

import pytest

from pipelines.commands.train_settings import config_of

MANUAL = Path(__file__).resolve().parents[3] / "docs" / "reproduce.md"


def told_settings():
    """Each choice of part 5, as the words of a command line without ``--set``."""
    text = MANUAL.read_text(encoding="utf-8")
    block = re.search(r"FILE \.\.\. .*?\n(.*?)```", text, re.DOTALL).group(1)
    choices = re.split(r"# [A-F]\n", block)
    told = [shlex.split(choice.replace("\\\n", " ")) for choice in choices]
    return [[word for word in words if word != "--set"] for words in told if words]


@pytest.mark.parametrize("changes", told_settings(), ids=lambda changes: changes[0])
def test_every_setting_is_one(changes):
    assert config_of("deeplab_wrn38", "", 1, changes).settings


def test_all_choices_were_found():
    assert len(told_settings()) == 6
