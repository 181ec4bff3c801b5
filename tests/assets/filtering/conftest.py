"""The drawn scenes of the labels serve the filter too."""

from tests.assets.labelling.conftest import (
    data_root,
    draw,
    instance,
    judge,
    resources,
    run_filter,
    store,
)

__all__ = ["data_root", "draw", "instance", "judge", "resources", "run_filter", "store"]
