"""What Dagster shows of a training while it runs: observations of the checkpoint to come.

An observation is no version: none carries a data version, so nothing becomes stale by one.
"""

from collections.abc import Callable
from datetime import timedelta

import dagster as dg

from assets.segmenters.curve import Facts
from assets.segmenters.item import TrainingItem
from assets.segmenters.names import ASSET


class Observer:
    """Turns logged steps into observations of the asset; it remembers when it saw the first."""

    def __init__(
        self, log_event: Callable[[dg.AssetObservation], object], item: TrainingItem
    ) -> None:
        """Observe the training of an item by what takes events, Dagster's ``context.log_event``."""
        self._log_event, self._item = log_event, item
        self._first: Facts | None = None

    def __call__(self, facts: Facts) -> None:
        """Observe a step."""
        first = self._first = self._first or facts
        self._log_event(
            dg.AssetObservation(
                asset_key=ASSET,
                partition=self._item.wish.selection,
                description=f"step {facts['step']} of {facts['n_all_steps']}",
                metadata=_metadata(facts, left_s(facts, first), self._item),
            )
        )


def left_s(facts: Facts, first: Facts) -> float:
    """Seconds that are left, at the pace since the first step seen; its scoring counts too."""
    n_left, n_seen = facts["n_all_steps"] - facts["step"], facts["step"] - first["step"]
    pace = (facts["unix_s"] - first["unix_s"]) / n_seen if n_seen > 0 else facts["seconds"]
    return float(n_left * pace)


def _metadata(facts: Facts, seconds_left: float, item: TrainingItem) -> dict[str, dg.MetadataValue]:
    numbers = {
        "loss": facts["loss"],
        "average_precision": facts["average_precision"],
        "mean_iou": facts["mean_iou"],
        "gradient_norm": facts["gradient_norm"],
        "rate": facts["rate"],
        "images_per_second": facts["n_images_a_step"] / facts["seconds"],
        "done_frac": facts["step"] / facts["n_all_steps"],
    }
    counts = {
        "step": facts["step"],
        "steps": facts["n_all_steps"],
        "stage": facts["stage"] + 1,
        "epoch": facts["epoch"] + 1,
    }
    return {
        **{name: dg.MetadataValue.int(count) for name, count in counts.items()},
        **{n: dg.MetadataValue.float(float(v)) for n, v in numbers.items() if v is not None},
        "time_left": dg.MetadataValue.text(str(timedelta(seconds=round(seconds_left)))),
        "training": dg.MetadataValue.text(item.wish.training),
        "architecture": dg.MetadataValue.text(item.wish.architecture),
        "tensorboard": dg.MetadataValue.path(item.tensorboard),
    }
