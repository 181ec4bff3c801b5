"""What Dagster shows of trials and of their results."""

from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean

import dagster as dg

from assets.experiment.results import ResultRows, measured_plans, n_measurements
from assets.metadata import integers, origin
from models.experiment.plan import Plan
from storage.experiment_records import ExperimentClaim, ExperimentTrial
from storage.manifests.pointers import ManifestVersion

_SECONDS_A_MINUTE = 60
_DIGITS = 4


def describe_trials(
    version: ManifestVersion, rows: Sequence[ExperimentTrial], plan: Plan
) -> dict[str, dg.MetadataValue]:
    """Metadata of trials: how many are there of how many, and what each arm took."""
    seconds = sum(row.seconds for row in rows)
    counts = {
        "dagster/partition_row_count": len(rows),
        "trials": len(rows),
        "trials_of_the_plan": len(plan.trials()),
    }
    return {
        **integers(counts),
        "plan": dg.MetadataValue.text(plan.digest),
        "training_minutes": dg.MetadataValue.float(seconds / _SECONDS_A_MINUTE),
        "arms": _arms(rows),
        **origin(version),
    }


def describe_results(
    version: ManifestVersion, rows: ResultRows, plan: Plan
) -> dict[str, dg.MetadataValue]:
    """Metadata of results: the headline, and how often its world was scored."""
    networks = {row.checkpoint_sha256 for row in rows.results}
    counts = {
        "dagster/partition_row_count": len(rows.results),
        "networks": len(networks),
        "claims": len(rows.claims),
        "plans_scored_on_this_world": len(measured_plans(version)),
        "measurements_on_this_world": n_measurements(version),
    }
    return {
        **integers(counts),
        "plan": dg.MetadataValue.text(plan.digest),
        "headline": _headline(rows.claims),
        **origin(version),
    }


def _arms(rows: Sequence[ExperimentTrial]) -> dg.MetadataValue:
    if not rows:
        return dg.MetadataValue.text("none yet")
    by_arm: dict[tuple[str, str], list[ExperimentTrial]] = defaultdict(list)
    for row in rows:
        by_arm[row.architecture, row.arm].append(row)
    return dg.MetadataValue.table(
        [
            dg.TableRecord(
                {
                    "architecture": architecture,
                    "arm": arm,
                    "seeds": len(of_arm),
                    "seconds": round(fmean(row.seconds for row in of_arm), 1),
                    "last loss": round(fmean(row.last_loss for row in of_arm), _DIGITS),
                }
            )
            for (architecture, arm), of_arm in by_arm.items()
        ]
    )


def _headline(claims: Sequence[ExperimentClaim]) -> dg.MetadataValue:
    shown = [claim for claim in claims if claim.is_headline]
    if not shown:
        return dg.MetadataValue.text("none yet: it needs two seeds of both arms")
    return dg.MetadataValue.table(
        [
            dg.TableRecord(
                {
                    "claim": f"{claim.arm} against {claim.against}, {claim.metric}",
                    "seeds": claim.n_pairs,
                    "difference": round(claim.difference, _DIGITS),
                    "interval": f"{claim.low:.4f} to {claim.high:.4f}",
                    "adjusted p": round(claim.p_holm, _DIGITS),
                    "holds": claim.holds,
                }
            )
            for claim in shown
        ]
    )
