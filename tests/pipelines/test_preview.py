"""`multishift preview` refuses what is unclear before it loads anything."""

import pytest
from typer.testing import CliRunner

from pipelines.cli import app


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--condition", "Oslo", "", "night"], "got 'Oslo', '', 'night'"),
        (["--prompt", "a box", "--condition", "Oslo", "snowy", "night"], "got both"),
        (["--out", "a.jpg"], "a.jpg: need the name of a PNG file"),
    ],
)
def test_an_unclear_wish_is_one_line(words, told):
    answer = CliRunner().invoke(app, ["preview", "frame", *words])
    assert answer.exit_code == 1
    assert told in answer.output
