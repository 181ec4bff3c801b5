import numpy as np
import pytest

from models.object_bank import measure_object


def brute_force_border(mask):
    """Outline and border pixels from the definition, pixel by pixel."""
    height, width = mask.shape
    outline = border = 0
    for y, x in np.argwhere(mask):
        beyond = y in (0, height - 1) or x in (0, width - 1)
        neighbors = [(y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)]
        inside = [0 <= a < height and 0 <= b < width and bool(mask[a, b]) for a, b in neighbors]
        if not all(inside):
            outline += 1
            border += beyond
    return border / outline


def brute_force_main_part(mask):
    todo = {tuple(point) for point in np.argwhere(mask).tolist()}
    total, largest = len(todo), 0
    while todo:
        front, size = [todo.pop()], 0
        while front:
            y, x = front.pop()
            size += 1
            near = {(y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)} & todo
            todo -= near
            front.extend(near)
        largest = max(largest, size)
    return largest / total


@pytest.mark.parametrize("seed", range(40))
def test_geometry_agrees_with_its_definition(seed):
    rng = np.random.default_rng(seed)
    mask = rng.random((rng.integers(1, 14), rng.integers(1, 14))) < rng.choice([0.1, 0.5, 0.9])
    if not mask.any():
        mask[0, 0] = True
    found = measure_object(mask)
    rows, columns = np.nonzero(mask)
    x, y, width, height = found.box
    assert (x, y) == (columns.min(), rows.min())
    assert (x + width, y + height) == (columns.max() + 1, rows.max() + 1)
    assert found.area_px == mask.sum()
    assert found.border_frac == pytest.approx(brute_force_border(mask))
    assert found.main_part_frac == pytest.approx(brute_force_main_part(mask))
    assert 0 < found.solidity <= 1


def test_a_full_rectangle_is_solid_and_a_cross_is_not():
    box = np.zeros((9, 9), bool)
    box[2:7, 3:8] = True
    assert measure_object(box).solidity == 1
    cross = np.zeros((9, 9), bool)
    cross[4, :] = cross[:, 4] = True
    assert measure_object(cross).solidity < 0.6


def test_an_object_without_a_visible_pixel_measures_zero():
    found = measure_object(np.zeros((4, 4), bool))
    assert (found.area_px, found.solidity, found.box) == (0, 0, (0, 0, 0, 0))
