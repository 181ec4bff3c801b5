"""The blocking checks of the experiment, answered from committed rows."""

import math
from collections.abc import Sequence
from dataclasses import asdict

import dagster as dg

from assets.answers import answer, check_specs
from assets.experiment.names import RESULTS, TRIALS
from storage.blobs import BlobStore
from storage.experiment_records import ExperimentResult, ExperimentTrial

_SHARES = ("auroc", "ap", "fpr95", "f1_star", "mean_iou", "mean_class_accuracy", "pixel_accuracy")


def check_weights(rows: Sequence[ExperimentTrial], blobs: BlobStore) -> dg.AssetCheckResult:
    """The weights of every trial are in the store, and its loss is a number."""
    problems = []
    for row in rows:
        name = f"{row.architecture}, {row.arm}, seed {row.seed}"
        if not blobs.exists(row.checkpoint_sha256):
            problems.append(f"{name}: {row.checkpoint_sha256} is not in the store")
        if not math.isfinite(row.last_loss):
            problems.append(f"{name}: its loss ended as {row.last_loss}")
    return answer(TRIALS, "weights_are_there", problems, {"trials": len(rows)})


def check_shares(rows: Sequence[ExperimentResult]) -> dg.AssetCheckResult:
    """No number is NaN or infinite, and all lie in [0, 1]."""
    problems = []
    for row in rows:
        values = asdict(row)
        wrong = [name for name in _SHARES if not _is_share(values[name])]
        place = f"{row.architecture}, {row.arm}, seed {row.seed}, {row.benchmark}, {row.slice}"
        problems += [f"{place}: {name} is {values[name]}" for name in wrong]
    return answer(RESULTS, "numbers_are_sound", problems, {"results": len(rows)})


TRIAL_CHECKS = check_specs(TRIALS, {"weights_are_there": check_weights})
RESULT_CHECKS = check_specs(RESULTS, {"numbers_are_sound": check_shares})


def _is_share(value: float | None) -> bool:
    return value is None or (math.isfinite(value) and 0 <= value <= 1)
