"""A histogram comes back from its rows, whatever their order."""

import numpy as np
import pytest

from models.filtering import ScoreHistogram, histogram_of, rows_of
from storage.scene_records import KnownScoreCount


def test_rows_give_the_histogram_back():
    scores = np.random.default_rng(0).normal(-3, 5, 4000).astype(np.float32)
    histogram = ScoreHistogram.of(scores)
    rows = rows_of(histogram)
    assert sum(row.n_pixels for row in rows) == 4000
    assert all(row.n_pixels > 0 for row in rows)
    assert np.array_equal(histogram_of(rows[::-1]).counts, histogram.counts)
    assert histogram_of(iter(rows)).quantile(0.9) == histogram.quantile(0.9)


def test_no_rows_are_an_empty_histogram():
    assert histogram_of([]).n_scores == 0
    assert rows_of(histogram_of([])) == []


@pytest.mark.parametrize("rows", [[(-1, 1)], [(1 << 20, 1)], [(5, -1)], [(5, 1), (5, 2)]])
def test_rows_that_are_no_histogram_are_refused(rows):
    with pytest.raises(ValueError, match="need bins from 0 to 1048575, each once"):
        histogram_of([KnownScoreCount(bin_index=index, n_pixels=count) for index, count in rows])
