"""The report as a page: every number with its estimator, nothing that a name could break."""

import base64
import re
from dataclasses import replace

import pytest

from assets.benchmarks.measured import MeasuredRows
from assets.reporting.markdown import report_markdown
from assets.reporting.page import report_page
from models.plots import GRID, INK, SERIES
from storage.published_results import PublishedResult
from storage.store import open_store
from tests.assets.reporting.made_rows import (
    OTHER_SUBJECT,
    SUBJECT,
    curve,
    image,
    result,
    road_anomaly,
    shown,
    skipped_image,
)
from tests.outline import Outline

EVIL = "<script>window.evil = 1</script> & \"quoted\" 'words' $x$"


@pytest.fixture(scope="module")
def outline(page):
    return Outline(page)


def test_the_page_tells_what_was_measured_and_what_was_not(outline):
    for words in (
        "Fingerprint (SHA-256) " + SUBJECT,
        "Architecture mask2former_r50",
        "Training set default@3",
        "Estimators all pixels; mean over images; pooled, exact",
        "Date of the data 2026-01-31",
        "18 measured images 3 skipped images",
        "6 images measured of the split test.",
        "3 images skipped and never scored: its label is hidden (2); its image is missing (1).",
        "No image was skipped.",
        "Training showed 1 of the 3 object classes of this benchmark (animal)",
        "Training showed none of the 3 object classes listed for this benchmark.",
        "labeled ones under 100 px are void",
        "How these numbers were made",
        "Means over images are never marked as best",
        "Gao et al., Generalize or Detect?",
    ):
        assert words in outline.text, words


def test_measured_numbers_stand_beside_published_ones_in_percent(outline):
    assert "learned 1 pooled, exact 96.3 80.2 7.1 7.1 (best) 75.5 (best)" in outline.text
    assert (
        "MultiShiftSeg 2, 3 published · mask2former resnet50 · gao2024:table1 pooled, exact "
        "97.9 (best) 90.2 (best) 7.5 – " in outline.text
    )
    assert "RbA 4, 5 published · mask2former swin-b · gao2024:table1 not stated – 85.4" in (
        outline.text
    )
    assert "99.0 (best)" not in outline.text


def test_other_images_are_not_beside_but_apart(measured, blobs):
    rows = [replace(row, split="val") for row in measured[0].images]
    moved = replace(measured[0], images=tuple(rows))
    text = Outline(report_page([moved], blobs)).text
    before, after = text.split("Published on the split test", 1)
    assert "RbA" not in before
    assert "Other images than those measured here" in after


def test_pictures_and_plots_are_inline_and_described(page, outline):
    pictures = outline.all("img")
    assert len(pictures) == 2 * 4 * 3
    assert all(a["src"].startswith("data:image/webp;base64,") and a["alt"] for a in pictures)
    plots = outline.all("svg")
    assert len(plots) == 2 * 3 + 3 + 2 * 3
    assert all(a["role"] == "img" and a["aria-label"] and a["viewbox"] for a in plots)
    assert "http://" not in page
    assert "https://" not in page
    assert not outline.all("script")
    assert not outline.all("link")


def test_plots_take_the_colors_of_the_page(page):
    drawn = "".join(re.findall(r"<svg.*?</svg>", page, re.DOTALL)).lower()
    assert not any(color in drawn for color in (INK, GRID, *SERIES))
    assert "var(--series-2)" in drawn


def test_no_two_elements_share_an_id(outline):
    ids = [attrs["id"] for _, attrs in outline.tags if "id" in attrs]
    assert len(set(ids)) == len(ids)
    linked = re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', "".join(map(str, outline.tags)))
    assert {name for pair in linked for name in pair if name} <= set(ids)


def without_plots(rows):
    """The rows without what takes longest to draw."""
    return replace(rows, curves=())


def test_equal_rows_give_equal_bytes(measured, blobs, page):
    assert report_page(measured, blobs, date="2026-01-31") == page
    assert "Date of the data" not in report_page([without_plots(measured[0])], blobs)


def test_no_name_can_become_markup():
    blobs = {}
    changes = {
        "architecture": EVIL,
        "refinement": EVIL,
        "training_set": EVIL,
        "estimator": EVIL,
        "overlapping_classes": (EVIL,),
        "trained_object_classes": (EVIL,),
    }
    rows = MeasuredRows(
        benchmark=EVIL,
        images=(image(EVIL, EVIL, EVIL, split=EVIL), skipped_image(EVIL, "x", EVIL)),
        results=(
            result(EVIL, EVIL, **changes),
            result(EVIL, EVIL, domain=EVIL, **changes),
        ),
        curves=(curve(EVIL, EVIL, refinement=EVIL),),
        shown=shown(EVIL, blobs, EVIL, refinement=EVIL, frame_id=EVIL, domain=EVIL, split=EVIL),
    )
    printed = PublishedResult(
        benchmark=EVIL,
        split=EVIL,
        domain="all",
        method=EVIL,
        architecture=EVIL,
        metric="ap",
        class_name="",
        value_pct=12.0,
        estimator=EVIL,
        kind="method",
        source="gao2024:table1",
        note=EVIL,
    )
    page = report_page([rows], blobs, [printed], date=EVIL)
    outline = Outline(page)
    assert "<script" not in page
    assert outline.text.count("window.evil = 1") > 12
    assert EVIL in outline.all("img")[0]["alt"]
    policy = outline.all("meta", **{"http-equiv": "Content-Security-Policy"})[0]["content"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy


def test_a_missing_or_damaged_picture_leaves_a_note(tmp_path, measured, blobs):
    rows = without_plots(measured[0])
    names = [row.photo_sha256 for row in rows.shown]
    store = open_store(tmp_path / "store")
    for content in blobs.values():
        store.blobs.put(content, ".webp")
    whole = report_page([rows], store.blobs)
    assert whole == report_page([rows], blobs)
    store.blobs.path(names[0]).unlink()
    store.blobs.path(names[1]).write_bytes(b"RIFF?")
    page = report_page([rows], store.blobs)
    assert page.count("picture is missing") == 2
    few = {name: content for name, content in blobs.items() if name != names[2]}
    few[names[3]] = b"no picture"
    page = report_page([rows], few)
    assert (page.count("picture is missing"), page.count("picture is damaged")) == (1, 1)


def test_two_subjects_are_told_apart(measured, blobs):
    first = measured[0]
    other = [replace(row, subject=OTHER_SUBJECT, ap=0.5) for row in first.results]
    both = replace(first, results=(*first.results, *other))
    outline = Outline(report_page([both], blobs))
    assert "2 subjects" in outline.text
    assert f"mask2former_r50 · {OTHER_SUBJECT[:12]}" in outline.text
    assert OTHER_SUBJECT in outline.text


def test_rows_without_curves_pictures_or_results_are_told_as_they_are():
    hidden = skipped_image("road_obstacle_21", "a", "its label is hidden")
    rows = MeasuredRows(
        benchmark="road_obstacle_21", images=(hidden,), results=(), curves=(), shown=()
    )
    outline = Outline(report_page([rows], {}))
    assert "0 images measured. 1 image skipped and never scored" in outline.text
    assert not outline.all("svg")


def test_nothing_published_stands_beside_the_miniature(measured, blobs):
    small = [
        replace(rows, results=tuple(replace(row, world="miniature") for row in rows.results))
        for rows in map(without_plots, measured)
    ]
    text = Outline(report_page(small, blobs)).text
    assert "The images are those of the miniature world" in text
    assert "MultiShiftSeg" not in text
    assert "Gao et al." not in text
    assert "**Note:** The images are those of the miniature" in report_markdown(small)


def test_a_note_comes_before_all_numbers(measured, blobs):
    page = report_page([without_plots(measured[0])], blobs, note="No <quality> here.")
    assert page.index("No &lt;quality&gt; here.") < page.index("<table")
    text = report_markdown([measured[0]], note="No <quality> here.")
    assert text.startswith("# Benchmark report\n\n**Note:** No &lt;quality&gt; here.")


def test_no_benchmark_is_refused():
    with pytest.raises(ValueError, match="one or more benchmarks"):
        report_page([], {})


def test_score_files_have_no_architecture():
    rows = road_anomaly({})
    results = [
        replace(
            row,
            subject_kind="score_files",
            architecture=None,
            training=None,
            training_set=None,
            trained_object_classes=(),
            overlapping_classes=(),
        )
        for row in rows.results
    ]
    text = Outline(report_page([replace(rows, results=tuple(results))], {})).text
    assert "Measured folder of score files" in text
    assert "Architecture" not in text
    assert "Whether training showed objects of this benchmark is not known" in text


def test_the_bytes_of_a_picture_are_those_of_the_store(page, measured, blobs):
    row = measured[0].shown[0]
    assert base64.b64encode(blobs[row.overlay_sha256]).decode() in page
