"""What Dagster shows of a measurement: numbers to plot over runs, tables, curves, overlaps."""

from collections import Counter

import dagster as dg

from assets.benchmarks.measured import MeasuredRows
from assets.benchmarks.order import BenchmarkOrder
from assets.metadata import integers, origin
from storage.benchmark_records import (
    ALL_DOMAINS,
    KNOWN_CLASSES,
    POOLED_EXACT,
    BenchmarkResult,
)
from storage.manifests.pointers import ManifestVersion

_SHOWN = ("auroc", "ap", "fpr95", "fpr95_nearest", "siou", "ppv", "f1_star", "mean_iou")
_DIGITS = 4


def describe_scores(
    version: ManifestVersion, rows: MeasuredRows, order: BenchmarkOrder
) -> dict[str, dg.MetadataValue]:
    """Metadata of the materialization; shares are in [0, 1]."""
    # Imported here: loading the definitions must not take the time of drawing.
    from assets.reporting.inline import inline_plots

    first = rows.results[0]
    return {
        **integers(_counts(rows)),
        **_plotted(rows),
        "results": results_table(rows),
        **inline_plots(rows),
        "skipped": _skipped(rows),
        "subject": dg.MetadataValue.text(f"{first.subject_kind} {first.subject}"),
        "architecture": dg.MetadataValue.text(first.architecture or "unknown"),
        "training_set": dg.MetadataValue.text(first.training_set or "unknown"),
        "overlapping_objects": _overlap(first, order),
        **origin(version),
    }


def _counts(rows: MeasuredRows) -> dict[str, int]:
    measured = {(r.split, r.frame_id) for r in rows.images if r.skipped is None}
    skipped = {(r.split, r.frame_id) for r in rows.images if r.skipped is not None}
    return {
        "dagster/partition_row_count": len(rows.results),
        "images": len(measured),
        "skipped_images": len(skipped),
    }


def _plotted(rows: MeasuredRows) -> dict[str, dg.MetadataValue]:
    """Numbers of all images, a plot each over the runs."""
    found: dict[str, dg.MetadataValue] = {}
    for row in rows.results:
        if row.domain != ALL_DOMAINS:
            continue
        if row.estimator == POOLED_EXACT:
            for name in ("ap", "fpr95", "auroc"):
                value = getattr(row, name)
                found[f"{row.score}_{name}".replace(":", "_")] = dg.MetadataValue.float(value)
        if row.score == KNOWN_CLASSES and row.mean_iou is not None:
            found["mean_iou"] = dg.MetadataValue.float(row.mean_iou)
    return found


def results_table(rows: MeasuredRows) -> dg.MetadataValue:
    """Every result by score, domain and estimator; shares are in [0, 1]."""
    return dg.MetadataValue.table([dg.TableRecord(_cells(row)) for row in rows.results])


def _cells(row: BenchmarkResult) -> dict[str, str | int | float | bool]:
    numbers = {name: getattr(row, name) for name in _SHOWN}
    plain = {
        name: "" if value is None else str(round(value, _DIGITS)) for name, value in numbers.items()
    }
    return {
        "score": row.score,
        "domain": row.domain,
        "estimator": row.estimator,
        "images": row.n_images,
        **plain,
    }


def _skipped(rows: MeasuredRows) -> dg.MetadataValue:
    reasons = Counter(row.skipped for row in rows.images if row.skipped is not None)
    told = [f"- {count}: {reason}" for reason, count in sorted(reasons.items(), key=str)]
    return dg.MetadataValue.md("\n".join(told) or "none")


def _overlap(first: BenchmarkResult, order: BenchmarkOrder) -> dg.MetadataValue:
    """Objects of the benchmark that the training showed; they are no unknown objects to it."""
    lines = [f"- {name}" for name in first.overlapping_classes] or ["none that is known of"]
    if order.lineage.note:
        lines.append(f"\nNot known in full: {order.lineage.note}.")
    if not first.benchmark_object_classes:
        lines.append("\nThe objects of this benchmark are not listed.")
    return dg.MetadataValue.md("\n".join(lines))
