"""The report as Markdown: the same numbers, and names that stay names."""

from dataclasses import replace

import pytest

from assets.reporting.markdown import plain, report_markdown


@pytest.fixture(scope="module")
def text(measured):
    return report_markdown(measured, date="2026-01-31")


def test_it_holds_the_numbers_of_the_page(text):
    for words in (
        "# Benchmark report",
        "- Architecture: mask2former\\_r50",
        "- Date of the data: 2026-01-31",
        "## RoadAnomaly",
        "| **learned** (note 1) | pooled, exact | 96.3 | 80.2 | 7.1 | **7.1** | **75.5** |",
        "| MultiShiftSeg (published, mask2former resnet50 · gao2024:table1, note 2, 3) |",
        "3 images skipped and never scored",
        "**Note:** Training showed 1 of the 3 object classes of this benchmark \\(animal\\)",
        "| road | **91.0** | 77.6 | 85.8 |",
        "- best: street\\_0, AP 97.0 %",
        "## How these numbers were made",
        "- mIoU: Mean IoU over the known classes",
    ):
        assert words in text, words


def test_rows_of_a_table_are_equally_long(text):
    widths = []
    for block in text.split("\n\n"):
        rows = [line for line in block.splitlines() if line.startswith("|")]
        widths += [{row.count("|") - row.count("\\|") for row in rows}] if rows else []
    assert len(widths) > 8
    assert all(len(found) == 1 for found in widths)


def test_no_name_can_become_markup(measured):
    evil = "<script>x</script> | `a` [b](c)\n# d"
    results = [replace(row, architecture=evil) for row in measured[0].results]
    text = report_markdown([replace(measured[0], results=tuple(results))])
    assert "<script" not in text
    assert "\n# d" not in text
    assert "&lt;script&gt;x&lt;/script&gt; \\| \\`a\\` \\[b\\]\\(c\\) \\# d" in text


def test_equal_rows_give_equal_text(measured, text):
    assert report_markdown(measured, date="2026-01-31") == text
    with pytest.raises(ValueError, match="one or more benchmarks"):
        report_markdown([])


def test_plain_text_stays_as_it_is():
    assert plain("AP 12.5 %, pooled - exact") == "AP 12.5 %, pooled - exact"
