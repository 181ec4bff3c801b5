"""Plots of a benchmark as Dagster shows them on the page of an asset."""

import io
import re
from functools import lru_cache

import dagster as dg
import numpy as np
from PIL import Image

from assets.object_bank.pictures import inline_picture
from assets.reporting.figures import benchmark_figures
from assets.reporting.rows import MeasuredRows


def inline_plots(rows: MeasuredRows) -> dict[str, dg.MetadataValue]:
    """Curves, reliability and bars by domain, each under the name of what it shows.

    They are small: metadata lives in Dagster's event database.
    """
    return dict(_drawn(rows))  # type: ignore[arg-type]  # a protocol; what is given is frozen


@lru_cache(maxsize=1)  # the measurement and its report show the same, one after the other
def _drawn(rows: MeasuredRows) -> tuple[tuple[str, dg.MetadataValue], ...]:
    return tuple(
        (f"plot_{_plain(figure.title)}", inline_picture(_pixels(figure.plot.png()), figure.title))
        for figure in benchmark_figures(rows)
        if not figure.is_histogram
    )


def _plain(title: str) -> str:
    """The title as the name of a piece of metadata: ``F1* by domain`` is ``f1_by_domain``."""
    return "_".join(re.findall("[a-z0-9]+", title.lower()))


def _pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))
