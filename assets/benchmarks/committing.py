"""Commit a measurement; one that is done is not done again."""

from assets.benchmarks.config import MeasuringPlace
from assets.benchmarks.measured import MeasuredRows
from assets.benchmarks.measuring import measure_benchmark
from assets.benchmarks.names import (
    ASSET,
    CODE_VERSION,
    CURVES,
    IMAGES,
    RESULTS,
    SHOWN,
)
from assets.benchmarks.order import BenchmarkOrder
from assets.engine.progress import Log
from assets.engine.resource import Engine
from storage.benchmark_records import BenchmarkResult, MeasuredImage, ScoreCurve, ShownImage
from storage.manifests.parts import DamagedPartError
from storage.manifests.pointers import ManifestVersion
from storage.manifests.schemas import to_records
from storage.store import Store


def commit_scores(
    order: BenchmarkOrder,
    store: Store,
    engine: Engine,
    *,
    place: MeasuringPlace,
    run_id: str,
    log: Log | None = None,
) -> ManifestVersion:
    """The version that holds the rows of an order, measured if the latest one is of another.

    Raises:
        ValueError: if a file of the benchmark or the checkpoint is bad.
        RuntimeError: if an image failed for another reason.
        CommitConflictError: if another run committed this benchmark meanwhile.
    """
    done = store.manifests.latest(ASSET, order.benchmark)
    if done is not None and done.recipe == order.recipe and _is_sound(done, store):
        return done
    measured = measure_benchmark(
        order, engine, work_root=place.folder, device=place.device, log=log
    )
    for content in measured.pictures.values():
        store.blobs.put(content, ".webp")
    rows = measured.rows
    return store.manifests.commit(
        ASSET,
        {IMAGES: rows.images, RESULTS: rows.results, CURVES: rows.curves, SHOWN: rows.shown},
        partition=order.benchmark,
        base=done.version if done else 0,
        recipe=order.recipe,
        code_version=CODE_VERSION,
        run_id=run_id,
        provenance=provenance_of(order),
        parents=order.parents,
    )


def rows_of(version: ManifestVersion, store: Store) -> MeasuredRows:
    """The rows of a version.

    Raises:
        DamagedPartError: if they cannot be read.
    """
    rows = store.manifests.rows
    return MeasuredRows(
        benchmark=version.partition,
        images=tuple(to_records(rows(version, IMAGES), MeasuredImage)),
        results=tuple(to_records(rows(version, RESULTS), BenchmarkResult)),
        curves=tuple(to_records(rows(version, CURVES), ScoreCurve)),
        shown=tuple(to_records(rows(version, SHOWN), ShownImage)),
    )


def provenance_of(order: BenchmarkOrder) -> dict[str, str]:
    """What the numbers are made from, in words."""
    return {
        f"source/{order.benchmark}": order.source_version,
        "subject": f"{order.subject.kind} {order.subject.sha256}",
        "architecture": order.subject.architecture or "",
        "training": order.lineage.training or "unknown",
        "training_set": order.lineage.training_set or "unknown",
        "scores": ", ".join(order.scores),
        "refinement": order.rules.refinement,
    }


def _is_sound(version: ManifestVersion, store: Store) -> bool:
    try:
        shown = rows_of(version, store).shown
    except DamagedPartError:
        return False
    names = {n for r in shown for n in (r.photo_sha256, r.label_sha256, r.overlay_sha256)}
    return all(store.blobs.exists(name) for name in names)
