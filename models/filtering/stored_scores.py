"""The calibration histogram as rows, so that a threshold can be chosen again later."""

from collections.abc import Iterable

import numpy as np

from models.filtering.calibration import N_BINS, ScoreHistogram
from storage.scene_records import KnownScoreCount


def rows_of(histogram: ScoreHistogram) -> list[KnownScoreCount]:
    """One row for each bin that holds a score, in the order of the bins."""
    return [
        KnownScoreCount(bin_index=int(index), n_pixels=int(histogram.counts[index]))
        for index in np.flatnonzero(histogram.counts)
    ]


def histogram_of(rows: Iterable[KnownScoreCount]) -> ScoreHistogram:
    """Histogram of the rows of `rows_of`, in whatever order; bins without a row are empty.

    Raises:
        ValueError: if a bin does not exist or has two rows, or a count is negative.
    """
    counts = np.zeros(N_BINS, np.int64)
    seen: set[int] = set()
    for row in rows:
        if not 0 <= row.bin_index < N_BINS or row.n_pixels < 0 or row.bin_index in seen:
            raise ValueError(
                f"need bins from 0 to {N_BINS - 1}, each once, with counts of 0 or more, got "
                f"{row.n_pixels} in bin {row.bin_index}; calibrate the detector again"
            )
        seen.add(row.bin_index)
        counts[row.bin_index] = row.n_pixels
    return ScoreHistogram(counts)
