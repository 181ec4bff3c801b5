"""Sheets of OOD scores: image, label and score of an image side by side."""

import numpy as np
import pytest

from models.label_colors import OOD_COLOR
from models.score_sheet import ScoredImage, score_sheet


def scored(size=(20, 40), score=None, color=200):
    label = np.zeros(size, np.uint8)
    label[5:15, 10:20] = 254
    found = (label == 254).astype(np.float32) if score is None else score
    return ScoredImage(image=np.full((*size, 3), color, np.uint8), label=label, ood_score=found)


def test_a_line_shows_image_label_and_score():
    sheet = score_sheet([scored(), scored(color=90)], tile_width_px=40)
    assert sheet.shape == (2 * 24, 3 * 44, 3)
    assert (sheet[:20, :40] == 200).all()
    assert (sheet[24:44, :40] == 90).all()
    label, score = sheet[:20, 44:84], sheet[:20, 88:128]
    assert (label[5:15, 10:20] == OOD_COLOR).all()
    high, low = score[10, 15].astype(int), score[0, 0].astype(int)
    assert high.sum() > 500 > 50 > low.sum()


def test_sizes_differ_and_equal_scores_are_dark():
    flat = np.full((30, 40), 3.5, np.float32)
    sheet = score_sheet(
        [scored((30, 40), flat), scored((10, 80), np.full((10, 80), 3.5, np.float32))]
    )
    assert sheet.shape == (240 + 4 + 40 + 4, 3 * 324, 3)
    assert sheet[10, 2 * 324 + 10].sum() < 50


def test_nothing_to_show_is_refused():
    with pytest.raises(ValueError, match="need one image or more"):
        score_sheet([])
