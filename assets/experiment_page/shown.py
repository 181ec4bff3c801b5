"""The headline as Dagster shows it on the page of an asset."""

import dagster as dg

from assets.experiment_page.claims import level_words, p_words, verdict
from assets.experiment_page.contents import ExperimentRows
from assets.experiment_page.spreads import METRICS, interval, points
from assets.reporting.numbers import percent
from storage.experiment_records import ExperimentClaim


def claims_table(rows: ExperimentRows) -> dg.MetadataValue:
    """A record for each headline claim, with its verdict in words."""
    return dg.MetadataValue.table([_record(claim) for claim in rows.headline_claims])


def _record(claim: ExperimentClaim) -> dg.TableRecord:
    return dg.TableRecord(
        {
            "claim": f"{claim.arm} against {claim.against}, {METRICS[claim.metric].title}",
            "arm": percent(100 * claim.mean_arm),
            "against": percent(100 * claim.mean_against),
            "points": points(100 * claim.difference),
            "interval": interval(100 * claim.low, 100 * claim.high),
            "level": level_words(claim.level),
            "adjusted p": p_words(claim.p_holm),
            "seeds": claim.n_pairs,
            "verdict": verdict(claim),
        }
    )
