"""What Dagster shows of the verdicts of a partition: shares, histograms, the former round."""

from collections.abc import Mapping

import dagster as dg

from assets.filtering.drawn import AttemptKey
from assets.filtering.judged import Judged, Tally, tally_verdicts
from assets.lineage import parent_version
from assets.metadata import integers, origin
from assets.scenes.requests import ASSET as REQUESTS
from assets.tables import histogram_table
from models.filtering import Reason
from storage.manifests.schemas import to_records
from storage.scene_records import LabelledScene, SceneRequest
from storage.store import Store

UNKNOWN = "unknown"


def describe_verdicts(
    judged: Judged, store: Store, former: tuple[str, Tally] | None
) -> dict[str, dg.MetadataValue]:
    """Metadata of the materialization; classes and conditions are those of chosen attempts."""
    tally = tally_verdicts(judged.verdicts)
    chosen = sorted(judged.chosen)
    conditions = _conditions(judged, store)
    classes = [row.class_name for key in chosen for row in judged.drawn.objects[key]]
    nothing = "none: no attempt is accepted"
    return {
        **_numbers(tally),
        "rejections": histogram_table(
            (row.reason for row in judged.verdicts if row.reason),
            empty="none: no attempt is rejected",
        ),
        "accepted_classes": histogram_table(classes, empty=nothing),
        "accepted_conditions": histogram_table(
            (conditions.get(key, UNKNOWN) for key in chosen), empty=nothing
        ),
        "former_round": _comparison(tally, former),
        **origin(judged.version),
    }


def condition_of(row: SceneRequest | LabelledScene) -> str:
    """Weather and time of a prompt in words."""
    return f"{row.weather} {row.time}" if row.time else "plain"


def _conditions(judged: Judged, store: Store) -> Mapping[AttemptKey, str]:
    """Condition of each attempt; none where the requests are no longer in the store."""
    try:
        requests = parent_version(judged.drawn.version, REQUESTS, store)
        rows = to_records(store.manifests.rows(requests, REQUESTS), SceneRequest)
    except ValueError:
        return {}
    return {(row.frame_id, row.variant, row.attempt): condition_of(row) for row in rows}


def _numbers(tally: Tally) -> dict[str, dg.MetadataValue]:
    counts = {
        "dagster/partition_row_count": tally.n_attempts,
        "attempts_accepted": tally.n_accepted,
        "scenes": tally.n_scenes,
        "scenes_accepted": tally.n_scenes_accepted,
    }
    shares = {"acceptance": tally.acceptance, "first_attempt_acceptance": tally.first_acceptance}
    return {
        **integers(counts),
        **{name: dg.MetadataValue.float(share) for name, share in shares.items()},
    }


def _comparison(tally: Tally, former: tuple[str, Tally] | None) -> dg.MetadataValue:
    """Shares of this round and the former one as a Markdown table."""
    if former is None:
        return dg.MetadataValue.text("none: no former round of this city has verdicts")
    name, earlier = former
    lines = [
        f"| share of | {name} | this round | difference |",
        "| --- | ---: | ---: | ---: |",
        *(
            f"| {title} | {before:.1%} | {now:.1%} | {100 * (now - before):+.1f} points |"
            for title, before, now in _side_by_side(earlier, tally)
        ),
    ]
    return dg.MetadataValue.md("\n".join(lines))


def _side_by_side(former: Tally, latter: Tally) -> list[tuple[str, float, float]]:
    reasons = [reason for reason in Reason if former.reasons[reason] + latter.reasons[reason]]
    return [
        ("scenes accepted", former.acceptance, latter.acceptance),
        ("first attempts accepted", former.first_acceptance, latter.first_acceptance),
        *(
            (f"attempts rejected as {reason}", _share(former, reason), _share(latter, reason))
            for reason in reasons
        ),
    ]


def _share(tally: Tally, reason: str) -> float:
    return tally.reasons[reason] / max(1, tally.n_attempts)
