"""What a misfit says beyond the names and shapes that differ."""

import pytest

from models.segmentation.misfit import n_classes_found


@pytest.mark.parametrize(
    ("n_rows_needed", "found", "expected"),
    [
        (19, (14, 4), 14),
        (20, (81, 4), 80),  # one row is "no object"
        (19, (19, 4), None),
        (19, (14, 5), None),
        (19, (), None),
    ],
)
def test_classes_are_counted_where_only_they_differ(n_rows_needed, found, expected):
    needed = {"final.weight": (n_rows_needed, 4)}
    assert n_classes_found(needed, {"final.weight": found}, "final") == expected


def test_without_a_class_layer_no_classes_are_counted():
    assert n_classes_found({"stem.weight": (1, 3)}, {"stem.weight": (1, 3)}, "final") is None
