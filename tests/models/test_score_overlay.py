"""Score maps over photographs: bright where the score is high, by one scale."""

import numpy as np
import pytest

from models.label_colors import OOD_COLOR
from models.score_overlay import (
    heat_color_table,
    heat_colors,
    score_legend,
    score_overlay,
    score_span,
)

PHOTO = np.full((20, 30, 3), (200, 40, 40), np.uint8)
SCORE = np.tile(np.linspace(-2, 8, 30, dtype=np.float32), (20, 1))


def brightness(picture):
    return picture.astype(int) @ np.array([0.299, 0.587, 0.114])


def test_colors_rise_in_brightness_from_low_to_high():
    steps = np.diff(brightness(heat_color_table()))
    assert (steps > -1.5).all()
    ends = heat_colors(np.array([[-5, 50]], np.float32), (0, 10))
    assert (ends[0, 0] == heat_color_table()[0]).all()
    assert (ends[0, 1] == heat_color_table()[255]).all()


def test_the_photo_is_seen_where_the_score_is_low():
    drawn = score_overlay(PHOTO, SCORE, span=(-2, 8))
    rows = brightness(drawn)[10]
    assert rows[-1] - rows[0] > 100
    striped = PHOTO.copy()
    striped[::2] = 30
    difference = np.abs(
        score_overlay(striped, SCORE, span=(-2, 8)).astype(int) - drawn.astype(int)
    ).max(axis=2)
    assert difference[0, 0] > 3 * difference[0, -1]


def test_one_span_gives_two_maps_one_scale():
    low = score_overlay(PHOTO, SCORE * 0, span=(0, 10))
    assert (low == score_overlay(PHOTO, SCORE * 0 - 3, span=(0, 10))).all()
    assert (low != score_overlay(PHOTO, SCORE * 0 + 9, span=(0, 10))).any()


def test_labeled_objects_are_outlined():
    is_ood = np.zeros((20, 30), bool)
    is_ood[5:15, 5:15] = True
    drawn = score_overlay(PHOTO, SCORE, is_ood=is_ood)
    assert (drawn[5, 5:15] == OOD_COLOR).all()
    assert (drawn[10, 10] != OOD_COLOR).any()


def test_wild_pixels_move_no_span_and_scores_that_are_no_numbers_are_low():
    score = SCORE.copy()
    score[0, 0], score[0, 1] = np.inf, np.nan
    assert score_span(score) == pytest.approx(score_span(SCORE), abs=0.2)
    colors = heat_colors(score, (-2, 8))
    assert (colors[0, 0] == heat_color_table()[255]).all()
    assert (colors[0, 1] == heat_color_table()[0]).all()
    with pytest.raises(ValueError, match="need at least one finite score"):
        score_span(np.full((2, 2), np.nan, np.float32))


def test_the_legend_goes_from_low_to_high():
    legend = score_legend((-0.5, 12.25), width_px=120)
    assert legend.shape == (40, 120, 3)
    assert (legend[10, 6] == heat_color_table()[0]).all()
    assert (legend[10, -7] == heat_color_table()[255]).all()
    assert (legend[24:36] < 100).any()
    with pytest.raises(ValueError, match="64 pixels or more"):
        score_legend((0, 1), width_px=20)
