"""Where a number of the page comes from: checkpoints, training sets, world, manifest versions."""

from assets.experiment_page.contents import ExperimentRows
from assets.experiment_page.spreads import Spread
from assets.reporting.rows import short
from storage.experiment_records import ExperimentTrial
from storage.published_results import PublishedResult


class Origins:
    """Tells of the trials and results behind a number."""

    def __init__(self, rows: ExperimentRows) -> None:
        """Keep the trials by what they are of."""
        self._trials = {(t.architecture, t.arm, t.seed): t for t in rows.trials}
        self._versions = versions_words(rows)

    def trial(self, architecture: str, arm: str, seed: int) -> ExperimentTrial | None:
        """A trial of the plan, if it was trained."""
        return self._trials.get((architecture, arm, seed))

    def of(self, spread: Spread | None) -> str:
        """Lines on one number: its value by seed, then what it was measured with and on."""
        if spread is None:
            return ""
        first = spread.results[0]
        checkpoints = {row.seed: short(row.checkpoint_sha256) for row in spread.results}
        worlds = dict.fromkeys(
            f"{row.world}, seed {row.world_seed}, version {row.world_version}"
            for row in spread.results
        )
        lines = (
            "by seed: " + ", ".join(f"{s}: {value:.4g}" for s, value in spread.values.items()),
            "checkpoints: " + ", ".join(f"{s}: {name}" for s, name in checkpoints.items()),
            "training sets: " + self._sets(spread),
            "world: " + "; ".join(worlds),
            f"score {first.score}; {self._versions}",
        )
        return "\n".join(lines)

    def _sets(self, spread: Spread) -> str:
        keys = dict.fromkeys((row.architecture, row.arm, row.seed) for row in spread.results)
        trials = [self._trials[key] for key in keys if key in self._trials]
        if not trials:
            return "not in the rows of trials"
        return ", ".join(dict.fromkeys(set_words(trial) for trial in trials))


def set_words(trial: ExperimentTrial) -> str:
    """What a trial learned from."""
    if trial.training_set is not None:
        return trial.training_set
    return trial.data or "photographs, known classes only"


def versions_words(rows: ExperimentRows) -> str:
    """Versions of the manifests that the rows were read from."""
    found = ", ".join(f"{asset}@{version}" for asset, version in sorted(rows.versions.items()))
    return f"manifests {found}" if found else "manifests not named"


def printed_origin(row: PublishedResult) -> str:
    """Where a published number was printed, and what must be known of it."""
    network = row.architecture or "network not named"
    told = [f"{row.value_pct:g} %: {row.source}, split {row.split}, {network}", row.note]
    return "\n".join(filter(None, told))
