import numpy as np
import pytest

from models.plots import class_histogram, step_curves


def colored(plot, color):
    return (np.abs(plot.astype(int) - color).max(axis=2) < 12).sum()


def test_bars_are_as_long_as_their_counts():
    plot = class_histogram({"chair": (30, 10), "sofa": (20, 0), "bed": (0, 0)}, title="Objects")
    kept, rejected = colored(plot, (0x3B, 0x6E, 0xA5)), colored(plot, (0xE3, 0xA8, 0x57))
    assert kept / rejected == pytest.approx(5, rel=0.15)


def test_nothing_to_plot_is_refused():
    with pytest.raises(ValueError, match="at least one class"):
        class_histogram({}, title="none")
    with pytest.raises(ValueError, match="at least one curve"):
        step_curves({}, title="none")


def test_each_curve_has_a_panel_and_falls_as_it_does():
    steps = list(range(100))
    plot = step_curves({"loss": (steps, steps[::-1]), "AP": (steps, [0.5] * 100)}, title="x")
    assert plot.shape == (360, 700, 3)
    is_line = np.abs(plot.astype(int) - (0x3B, 0x6E, 0xA5)).max(axis=2) < 12
    upper, lower = is_line[:180], is_line[180:]
    rows = upper.argmax(axis=0)[upper.any(axis=0)]
    assert (np.diff(rows.astype(int)) >= 0).all()
    assert np.ptp(rows) > 80
    assert lower.any(axis=1).sum() < 6
