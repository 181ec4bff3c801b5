import numpy as np
import pytest

from models.plots import class_histogram


def colored(plot, color):
    return (np.abs(plot.astype(int) - color).max(axis=2) < 12).sum()


def test_bars_are_as_long_as_their_counts():
    plot = class_histogram({"chair": (30, 10), "sofa": (20, 0), "bed": (0, 0)}, title="Objects")
    kept, rejected = colored(plot, (0x3B, 0x6E, 0xA5)), colored(plot, (0xE3, 0xA8, 0x57))
    assert kept / rejected == pytest.approx(5, rel=0.15)


def test_nothing_to_plot_is_refused():
    with pytest.raises(ValueError, match="at least one class"):
        class_histogram({}, title="none")
