"""The experiment as Markdown, and the place that it is written to."""

import os
from pathlib import Path

import pytest

from assets.experiment_page.markdown import (
    BEGIN,
    END,
    experiment_markdown,
    headline_markdown,
    with_results,
)
from tests.assets.experiment_page.made_experiment import experiment

GOLDEN = Path(__file__).parent / "tiny.md"
MANUAL = Path(__file__).resolve().parents[3] / "docs" / "experiment.md"


@pytest.fixture(scope="module")
def text(tiny):
    return experiment_markdown(tiny)


def test_it_is_the_text_that_was_looked_at(text, tiny):
    """Write the file anew with ``MULTISHIFT_GOLDEN=1`` after a wanted change, and read it."""
    text = text.replace(tiny.plan.digest, "DIGEST")  # it changes with every field of a plan
    if os.environ.get("MULTISHIFT_GOLDEN") == "1":
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_rows_of_a_table_are_equally_long(text):
    widths = []
    for block in text.split("\n\n"):
        rows = [line for line in block.splitlines() if line.startswith("|")]
        widths += [{row.count("|") - row.count("\\|") for row in rows}] if rows else []
    assert len(widths) > 8
    assert all(len(found) == 1 for found in widths)


def test_no_name_can_become_markup(tiny):
    evil = "<script>x</script> | `a` [b](c)"
    arms = {**tiny.plan.arms, "paste": tiny.plan.arms["paste"].model_copy(update={"title": evil})}
    text = experiment_markdown(experiment(tiny.plan.model_copy(update={"arms": arms})))
    assert "<script" not in text
    assert "&lt;script&gt;x&lt;/script&gt; \\| \\`a\\` \\[b\\]\\(c\\)" in text


def test_the_headline_alone_has_a_line_for_each_claim(tiny):
    assert headline_markdown(tiny).count("\n- ") == 6


def test_results_replace_what_is_between_the_markers_and_nothing_else():
    document = f"# Title\n\nbefore\n\n{BEGIN}\nold\n{END}\n\nafter\n"
    once = with_results(document, "new | text\n")
    assert once == f"# Title\n\nbefore\n\n{BEGIN}\nnew | text\n{END}\n\nafter\n"
    assert with_results(once, "new | text\n") == once


@pytest.mark.parametrize("document", ["none", BEGIN, f"{END}\n{BEGIN}", f"{BEGIN}{BEGIN}{END}"])
def test_a_document_without_a_place_is_refused(document):
    with pytest.raises(ValueError, match="need one line"):
        with_results(document, "x")


def test_the_manual_has_its_place():
    assert "new" in with_results(MANUAL.read_text(encoding="utf-8"), "new")
