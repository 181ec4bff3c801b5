import numpy as np
import pytest

from models.contact_sheet import SheetStyle, contact_sheet


def crop(color, height=20, width=30):
    picture = np.zeros((height, width, 4), np.uint8)
    picture[..., :3] = color
    picture[..., 3] = 255
    return picture


def test_every_crop_is_drawn_in_its_row():
    style = SheetStyle(tile_px=40)
    rows = {"chair": [crop((255, 0, 0))] * 5, "sofa": [crop((0, 0, 255), 60, 10)], "lamp": []}
    sheet = contact_sheet(rows, title="Objects", style=style)
    is_red = (sheet[..., 0] > 200) & (sheet[..., 1] < 60) & (sheet[..., 2] < 60)
    is_blue = (sheet[..., 2] > 200) & (sheet[..., 0] < 60) & (sheet[..., 1] < 60)
    assert np.nonzero(is_red.any(axis=1))[0].max() < np.nonzero(is_blue.any(axis=1))[0].min()
    runs = np.diff(np.concatenate([[0], is_red.any(axis=0).astype(int)])) == 1
    assert runs.sum() == 5
    height, width = np.ptp(np.argwhere(is_blue), axis=0) + 1
    assert height > 4 * width


def test_an_empty_sheet_is_refused():
    with pytest.raises(ValueError, match="at least one row"):
        contact_sheet({}, title="nothing")
