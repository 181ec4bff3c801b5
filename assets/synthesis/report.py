"""What Dagster shows of drawn scenes and of the detector's calibration."""

from collections import Counter
from collections.abc import Sequence

import dagster as dg

from assets.metadata import integers, origin
from assets.synthesis.calibration import calibrated_histogram
from assets.tables import histogram_table, quarantine_table
from storage.manifests.pointers import ManifestVersion
from storage.manifests.schemas import to_records
from storage.records import Quarantined
from storage.scene_records import ExecutionProfile, ObjectAttempt, SceneAttempt
from storage.store import Store

QUANTILES = (0.5, 0.9, 0.95, 0.99, 0.999)


def describe_synthesis(version: ManifestVersion, store: Store) -> dict[str, dg.MetadataValue]:
    """Metadata of a materialization: how many attempts it took, how they scored, on what."""
    rows = store.manifests.rows
    attempts = to_records(rows(version, "scene_attempts"), SceneAttempt)
    objects = to_records(rows(version, "object_attempts"), ObjectAttempt)
    profiles = to_records(rows(version, "execution_profiles"), ExecutionProfile)
    bad = to_records(rows(version, "quarantine"), Quarantined)
    tries = Counter((row.frame_id, row.variant) for row in attempts)
    return {
        **_counts(attempts, bad, tries),
        **_means(attempts, objects),
        "attempts_per_scene": histogram_table(
            map(str, tries.values()), empty="none: no scene was drawn"
        ),
        "object_classes": histogram_table(
            (row.class_name for row in objects), empty="none: no object was drawn"
        ),
        "execution_profiles": _profiles(profiles, attempts),
        "quarantine": quarantine_table(bad, empty="empty: every frame could be read"),
        **origin(version),
    }


def describe_calibration(version: ManifestVersion, store: Store) -> dict[str, dg.MetadataValue]:
    """Metadata of a calibration: its pixels, and the scores at some quantiles."""
    known = calibrated_histogram(store)
    scores = [(share, known.quantile(share)) for share in QUANTILES]
    table = [dg.TableRecord({"quantile": share, "score": score}) for share, score in scores]
    return {
        **integers({"pixels": known.n_scores, "frames": int(version.provenance["frames"])}),
        "quantiles": dg.MetadataValue.table(table),
        **origin(version),
    }


def _counts(
    attempts: Sequence[SceneAttempt],
    bad: Sequence[Quarantined],
    tries: Counter[tuple[str, int]],
) -> dict[str, dg.MetadataValue]:
    kept = [row for row in attempts if row.is_kept]
    # Not attempt 0: the first that is drawn has another number where that one found no place.
    at_first = [row for row in kept if tries[row.frame_id, row.variant] == 1]
    return integers(
        {
            "dagster/partition_row_count": len(attempts),
            "scenes": len(tries),
            "kept": len(kept),
            "kept_at_first_attempt": len(at_first),
            "quarantined": len(bad),
        }
    )


def _means(
    attempts: Sequence[SceneAttempt], objects: Sequence[ObjectAttempt]
) -> dict[str, dg.MetadataValue]:
    columns: dict[str, Sequence[float | None]] = {
        "mean_iou": [row.iou for row in objects],
        "mean_ood_score": [row.mean_ood_score for row in objects],
        "mean_layout_agreement": [row.layout_agreement for row in attempts],
    }
    found = {name: [v for v in values if v is not None] for name, values in columns.items()}
    return {
        name: dg.MetadataValue.float(sum(values) / len(values))
        for name, values in found.items()
        if values
    }


def _profiles(
    profiles: Sequence[ExecutionProfile], attempts: Sequence[SceneAttempt]
) -> dg.MetadataValue:
    """Rows of the profiles, with how many attempts each drew."""
    n_drawn = Counter(row.profile_id for row in attempts)
    return dg.MetadataValue.table(
        [
            dg.TableRecord(
                {
                    "profile": row.profile_id,
                    "attempts": n_drawn[row.profile_id],
                    "device": f"{row.device} ({row.device_name})",
                    "numbers": row.dtype,
                    "batch": row.batch_size,
                    "size": f"{row.height_px}x{row.width_px}",
                    "threads": row.n_threads,
                    "versions": row.versions,
                }
            )
            for row in profiles
        ]
        or [dg.TableRecord({"profile": "none: no scene was drawn"})]
    )
