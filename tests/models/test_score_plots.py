"""Plots of scores: what is drawn lies where its values are, and any name may be given."""

import io
import re

import numpy as np
import pytest
from PIL import Image

from models.plots import GRID, INK, SERIES, Plot, drawable, series_color
from models.score_plots import (
    Histogram,
    calibration_plot,
    domain_bars,
    histogram_plot,
    precision_recall_plot,
    roc_plot,
)

EVIL = "<script>alert(1)</script>$x_1$ & 猫"
RISING = np.linspace(0, 1, 9)
HALF = np.full(9, 0.5)


def pixels(plot):
    return np.asarray(Image.open(io.BytesIO(plot.png())).convert("RGB")).astype(int)


def colored(picture, color):
    wanted = [int(color[place : place + 2], 16) for place in (1, 3, 5)]
    return np.abs(picture - wanted).max(axis=2) < 12


def histogram():
    edges = np.linspace(0, 1, 5)
    return Histogram(edges=edges, n_in=np.array([8, 0, 0, 0]), n_ood=np.array([0, 0, 0, 2]))


PLOTS = {
    "pr": precision_recall_plot({EVIL: (RISING, HALF), "energy": (RISING, RISING)}, ood_frac=0.1),
    "roc": roc_plot({EVIL: (RISING, RISING)}),
    "histogram": histogram_plot(histogram(), threshold=0.7),
    "calibration": calibration_plot({EVIL: (RISING, RISING)}),
    "domains": domain_bars({EVIL: {"fog": 0.9, EVIL: 0.3}}, quantity="AP"),
}


@pytest.mark.parametrize("name", PLOTS)
def test_forms_are_sound_and_the_same_each_time(name):
    plot = PLOTS[name]
    svg = plot.svg()
    assert svg.startswith("<svg")
    assert svg == plot.svg()
    assert "<script" not in svg
    assert not re.search(r"<dc:date>|20\d\d-", svg)
    assert plot.png() == plot.png()
    assert plot.png().startswith(b"\x89PNG")
    height, width = (round(150 * side) for side in plot.size[::-1])
    assert pixels(plot).shape == (height, width, 3)


@pytest.mark.parametrize("name", PLOTS)
def test_colors_are_those_that_a_page_can_replace(name):
    found = set(re.findall(r"#[0-9a-f]{6}", PLOTS[name].svg().lower()))
    assert found <= {INK, GRID, "#000000", *SERIES}


def test_a_curve_is_as_high_as_its_values():
    low, high = (pixels(roc_plot({"x": (RISING, np.full(9, value))})) for value in (0.2, 0.8))
    color = series_color(0)

    def height(picture):
        rows = np.flatnonzero(colored(picture, color)[70:, 300:600].any(axis=1))
        return rows.mean()

    assert height(high) < height(low)


def test_bars_are_as_long_as_their_values():
    picture = pixels(domain_bars({"a": {"fog": 0.8}, "b": {"fog": 0.2}}, quantity="AP"))
    tall, short = (colored(picture[60:], series_color(n)).sum() for n in (0, 1))
    assert tall / short == pytest.approx(4, rel=0.1)


def test_nothing_to_plot_is_refused():
    for plot in (precision_recall_plot, roc_plot, calibration_plot):
        with pytest.raises(ValueError, match="at least one curve"):
            plot({})
    with pytest.raises(ValueError, match="at least one value"):
        domain_bars({"a": {}}, quantity="AP")


def test_names_are_shortened_and_keep_to_the_letters_of_the_font():
    assert drawable("größe") == "größe"
    assert drawable("猫\n") == "??"
    assert len(drawable("x" * 99)) == 30
    assert series_color(len(SERIES)) == SERIES[0]


def test_a_plot_may_have_another_size():
    plot = Plot(lambda figure: figure.subplots().plot([0, 1]), size=(2, 1))
    assert Image.open(io.BytesIO(plot.png())).size == (300, 150)
