"""`docs/miniature.md` tells the code and the numbers as they are; its pictures are small."""

import ast
import importlib
import json
import re
import sys
from pathlib import Path

import pytest

from models.miniature import WORLD_VERSION

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
MAX_PICTURE_BYTES = 350_000


@pytest.fixture(scope="module")
def page():
    """The script of the page; it finds its neighbors as a script does, in its own folder."""
    sys.path.insert(0, str(DOCS))
    yield importlib.import_module("draw_page")
    sys.path.remove(str(DOCS))


@pytest.fixture(scope="module")
def difficulty(page):
    return importlib.import_module("draw_difficulty")


def run(miou, *, version=WORLD_VERSION, n_train=300):
    return {
        "miou": miou,
        "shifted_miou": miou - 0.3,
        "loss_points": 30.0,
        "max_logit_ap": 0.2,
        "ood_frac": 0.03,
        "miou_by_condition": {"training conditions": miou, "fog": miou - 0.25},
        "class_iou": {"road": 0.97, "rider": 0.4, "train": float("nan")},
        "machine": "a machine",
        "world": {"version": version, "train": n_train, "training conditions": 40, "fog": 8},
    }


def write(folder, *runs):
    paths = [folder / f"{number}.json" for number in range(len(runs))]
    for path, numbers in zip(paths, runs, strict=True):
        path.write_text(json.dumps(numbers))
    return paths


def test_the_page_is_up_to_date(page, difficulty):
    text = page.PAGE.read_text(encoding="utf-8")
    runs = difficulty.read_runs(page.measured())
    assert page.with_parts(text, runs) == text, "run: python docs/draw_page.py"


def test_the_table_has_a_row_for_each_data_set_of_the_world(page):
    table = page.recipes_table()
    assert "| `cityscapes` | train 300, val 40 | day: clear, cloudy |" in table
    assert "val 32 (fog, rain, snow, night)" in table
    assert table.count("\n| `") == 12


def test_a_missing_marker_is_named(page):
    with pytest.raises(ValueError, match="<!-- places -->"):
        page.with_parts("prose", [])


def test_several_runs_give_mean_and_range(difficulty, tmp_path):
    runs = difficulty.read_runs(write(tmp_path, run(0.70), run(0.74), run(0.75)))
    table = difficulty.difficulty_table(runs)
    assert "| mIoU, training conditions | 0.730 | 0.700 to 0.750 | 0.65 or more |" in table
    assert "| mIoU, fog | 0.480 | 0.450 to 0.500 |  |" in table
    assert "| loss, points of mIoU | 30.0 | 30.0 to 30.0 | 15 or more |" in table
    assert "Of 3 trainings on 300 frames each." in table
    assert "road 0.97, rider 0.40." in table
    assert difficulty.draw_chart(runs).size == (1350, 510)


def test_one_run_has_no_range(difficulty, tmp_path):
    table = difficulty.difficulty_table(difficulty.read_runs(write(tmp_path, run(0.7))))
    assert "| mIoU, training conditions | 0.700 |  | 0.65 or more |" in table


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"version": "0"}, "1.json: need numbers of world"),
        ({"n_train": 3}, "1.json: need the frames"),
    ],
)
def test_runs_that_do_not_belong_together_are_refused(difficulty, tmp_path, other, message):
    with pytest.raises(ValueError, match=message):
        difficulty.read_runs(write(tmp_path, run(0.7), run(0.7, **other)))


def test_the_bars_are_those_of_the_benchmark(difficulty):
    text = (ROOT / "benchmarks" / "miniature_difficulty.py").read_text(encoding="utf-8")
    (bars,) = (
        ast.literal_eval(node.value)
        for node in ast.parse(text).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "BARS"
    )
    assert bars == difficulty.BARS


def test_pictures_are_there_small_and_in_use():
    shown = {
        (document.parent / link).resolve()
        for document in (ROOT / "README.md", *DOCS.glob("*.md"))
        for link in re.findall(r"!\[[^]]+\]\(([^)]+)\)", document.read_text(encoding="utf-8"))
    }
    assert shown == set((DOCS / "pictures").iterdir())
    for picture in shown:
        assert picture.stat().st_size < MAX_PICTURE_BYTES, picture
