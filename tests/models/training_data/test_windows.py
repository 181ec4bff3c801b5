import math

import numpy as np
import pytest

from models.training_data.windows import Window, before_rotation

FRAME = (60, 90)


def test_a_window_is_rows_and_columns():
    window = Window(2, 3, 7, 13)
    assert window.size == (5, 10)
    assert np.arange(600).reshape(20, 30)[window.slices].shape == (5, 10)
    assert Window(-2, 5, 70, 95).within(FRAME) == Window(0, 5, 60, 90)
    assert window.grown(2) == Window(0, 1, 9, 15)
    assert window.seen_from(Window(1, 1, 50, 50)) == Window(1, 2, 6, 12)


@pytest.mark.parametrize("left", [False, True])
@pytest.mark.parametrize("up", [False, True])
def test_a_mirrored_window_holds_the_same_pixels(left, up):
    frame = np.arange(FRAME[0] * FRAME[1]).reshape(FRAME)
    flipped = frame[:: -1 if up else 1, :: -1 if left else 1]
    window = Window(4, 7, 30, 71)
    same = frame[window.mirrored(FRAME, left=left, up=up).slices]
    np.testing.assert_array_equal(
        same[:: -1 if up else 1, :: -1 if left else 1], flipped[window.slices]
    )


@pytest.mark.parametrize("target", [(60, 90), (85, 128), (86, 129), (200, 300)])
def test_a_scaled_window_covers_the_same_place(target):
    draws = np.random.default_rng(0)
    for _ in range(100):
        top, bottom = sorted(draws.choice(FRAME[0] + 1, 2, replace=False).tolist())
        left, right = sorted(draws.choice(FRAME[1] + 1, 2, replace=False).tolist())
        found = Window(top, left, bottom, right).scaled(FRAME, target)
        assert found.top <= top * target[0] / FRAME[0] < found.top + 1
        assert found.right - 1 < right * target[1] / FRAME[1] <= found.right
        assert found == found.within(target)


@pytest.mark.parametrize("angle", [-170.0, -10.0, -3.0, 5.0, 10.0, 90.0])
def test_every_pixel_that_turns_into_the_window_is_needed(angle):
    window = Window(10, 20, 40, 60)
    needed = before_rotation(window, FRAME, angle)
    y, x = np.meshgrid(np.arange(10, 40) + 0.5, np.arange(20, 60) + 0.5, indexing="ij")
    turn = math.radians(angle)
    dy, dx = y - 30, x - 45
    from_y = 30 + dx * math.sin(turn) + dy * math.cos(turn)
    from_x = 45 + dx * math.cos(turn) - dy * math.sin(turn)
    inside = (from_y > 0) & (from_y < 60) & (from_x > 0) & (from_x < 90)
    covered = (
        (from_y >= needed.top)
        & (from_y <= needed.bottom)
        & (from_x >= needed.left)
        & (from_x <= needed.right)
    )
    assert covered[inside].all()
    assert needed.within(FRAME) == needed
    assert needed.top <= 10
    assert needed.right >= 60


def test_without_a_rotation_the_window_is_what_is_needed():
    assert before_rotation(Window(1, 2, 3, 4), FRAME, 0.0) == Window(1, 2, 3, 4)
