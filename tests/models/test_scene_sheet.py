from dataclasses import replace

import numpy as np
import pytest
from PIL import ImageFont

from models.label_colors import OOD_COLOR, label_colors
from models.scene_sheet import HEADS, SceneSheetStyle, SceneTiles, fit, fold, scene_sheet

STYLE = SceneSheetStyle(tile_width_px=100, caption_px=200, gap_px=4)
GREEN, RED = (26, 127, 90), (200, 68, 38)


def picture(color, height=64, width=128):
    return np.full((height, width, 3), color, np.uint8)


def tiles(**changes):
    ids = np.zeros((64, 128), np.uint8)
    ids[20:40, 50:70] = 254
    row = SceneTiles(
        title="lisbon_000001_000019\nscene 0, attempt 1",
        condition="rainy night, Lisbon: bathtub",
        verdict="accepted",
        reason="",
        scores="IoU 0.91",
        photograph=picture((250, 0, 0), 512, 1024),
        layout=picture((140, 140, 140)),
        picture=picture((0, 0, 250)),
        found=picture((0, 250, 0)),
        label=label_colors(ids),
    )
    return replace(row, **changes)


def tile_of(sheet, row, column):
    height = (sheet.shape[0] - STYLE.header_px) // n_rows(sheet) - STYLE.gap_px
    top = STYLE.header_px + row * (height + STYLE.gap_px)
    left = STYLE.caption_px + column * (STYLE.tile_width_px + STYLE.gap_px)
    return sheet[top : top + height, left : left + STYLE.tile_width_px]


def n_rows(sheet):
    return (sheet.shape[0] - STYLE.header_px) // (50 + STYLE.gap_px)


def test_pictures_of_any_size_stand_in_their_columns():
    sheet = scene_sheet([tiles(), tiles(verdict=None)], title="Scenes", style=STYLE)
    assert sheet.shape == (62 + 2 * 54, 200 + len(HEADS) * 104, 3)
    for row in (0, 1):
        for column, color in enumerate([(250, 0, 0), (140, 140, 140), (0, 0, 250), (0, 250, 0)]):
            assert (tile_of(sheet, row, column) == color).all()


def test_unknown_objects_keep_their_color_exactly():
    sheet = scene_sheet([tiles()], title="Scenes", style=STYLE)
    label = tile_of(sheet, 0, 4).reshape(-1, 3)
    found = {tuple(map(int, color)) for color in np.unique(label, axis=0)}
    assert found == {OOD_COLOR, (128, 64, 128)}
    share = (label == OOD_COLOR).all(axis=1).mean()
    assert share == pytest.approx(400 / (64 * 128), rel=0.15)


def test_verdicts_are_told_apart_by_the_bar():
    rows = [tiles(), tiles(verdict="rejected", reason="not out of distribution"), tiles()]
    bar = scene_sheet(rows, title="Scenes", style=STYLE)[:, 2]
    assert [tuple(bar[62 + 54 * row + 20]) for row in range(3)] == [GREEN, RED, GREEN]


def test_an_unjudged_attempt_is_neither():
    bar = scene_sheet([tiles(verdict=None)], title="Scenes", style=STYLE)[:, 2]
    assert len(set(map(int, bar[80]))) <= 2


def test_a_missing_picture_is_an_empty_tile_with_its_reason():
    sheet = scene_sheet([tiles(label="no label: rejected")], title="Scenes", style=STYLE)
    tile = tile_of(sheet, 0, 4)
    assert tuple(tile[2, 2]) == (236, 234, 228)
    assert tile.min() < 180


def test_a_square_picture_is_not_distorted():
    disk = np.hypot(*(np.mgrid[:60, :60] - 29.5)) < 25
    row = tiles(found=np.where(disk[..., None], 255, 0).astype(np.uint8).repeat(3, axis=2))
    sheet = scene_sheet([row], title="Scenes", style=STYLE)
    height = sheet.shape[0] - STYLE.header_px - STYLE.gap_px
    left = STYLE.caption_px + 3 * 104
    is_white = (sheet[62 : 62 + height, left : left + 100] == 255).all(axis=2)
    tall, wide = (np.ptp(np.flatnonzero(is_white.any(axis=axis))) for axis in (1, 0))
    assert abs(int(tall) - int(wide)) <= 1


def test_without_attempts_the_sheet_says_so():
    sheet = scene_sheet([], title="Scenes", style=STYLE)
    assert sheet[STYLE.header_px :].min() < 200


def test_equal_rows_give_equal_sheets():
    assert (scene_sheet([tiles()], title="a") == scene_sheet([tiles()], title="a")).all()


@pytest.mark.parametrize(("height", "width"), [(64, 128), (512, 1024), (300, 100)])
def test_fitting_keeps_the_shape(height, width):
    fitted = fit(picture((1, 2, 3), height, width), width_px=90, height_px=50)
    scale = min(90 / width, 50 / height)
    assert fitted.shape == (round(height * scale), round(width * scale), 3)


def test_lines_are_no_wider_than_the_room():
    font = ImageFont.load_default(12)
    lines = fold("a long caption of many words " * 9, 120, font, max_lines=3)
    assert len(lines) == 3
    assert lines[-1].endswith(" ...")
    assert all(font.getlength(line) <= 120 for line in lines)
    assert fold("one\ntwo words", 120, font, max_lines=2) == ["one", "two words"]
    assert fold("", 120, font, max_lines=2) == []
    (cut,) = fold("x" * 99, 120, font, max_lines=2)
    assert font.getlength(cut) <= 120
