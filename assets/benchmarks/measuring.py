"""Measure a subject on a benchmark: image by image, then score by score; no Dagster is needed."""

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import TypeVar

from assets.benchmarks.frames import frame_key
from assets.benchmarks.image import ImageFacts, ImageItem, Measurement, image_key, measure_image
from assets.benchmarks.measured import MeasuredBenchmark, MeasuredRows
from assets.benchmarks.names import ASSET
from assets.benchmarks.order import GIBIBYTE, BenchmarkOrder
from assets.benchmarks.pooling import PooledScore, ScoreItem, pool_score, score_key
from assets.benchmarks.results import result_rows
from assets.benchmarks.rows import curve_rows, image_rows
from assets.benchmarks.showing import show_extremes
from assets.engine.outcome import Outcome
from assets.engine.progress import Log
from assets.engine.resource import Engine
from storage.folders import held_folder

ItemT = TypeVar("ItemT")
ValueT = TypeVar("ValueT")


def measure_benchmark(
    order: BenchmarkOrder,
    engine: Engine,
    *,
    work_root: Path,
    device: str = "auto",
    log: Log | None = None,
) -> MeasuredBenchmark:
    """Every number of an order, and the pictures that its rows name.

    Each image goes through the network once, alone and at its full size. Its score maps lie below
    ``work_root`` until all numbers are there, 4 bytes a pixel and score; then they are removed, and
    those of measurements that were killed are removed when the next one begins.

    Args:
        order: what is measured on what.
        engine: that runs the images.
        work_root: folder that this process and the engine's workers share.
        device: that torch computes on; auto: an accelerator where there is one.
        log: gets a line now and then.

    Raises:
        ValueError: if a file is bad (the first is named), a score is not finite, or the maps take
            more room than allowed.
        RuntimeError: if an image failed for another reason.
    """
    with held_folder(work_root / ASSET) as work:
        plan = order.measurement(work, device)
        facts = _measure_images(order, plan, engine, log)
        pooled = _pool(order, plan, facts, engine, log)
        spans = {one.score: one.span for one in pooled}
        shown, pictures = show_extremes(order, facts, work, spans)
    rows = MeasuredRows(
        benchmark=order.benchmark,
        images=image_rows(order, facts),
        results=result_rows(order, facts, pooled),
        curves=curve_rows(order, pooled),
        shown=shown,
    )
    return MeasuredBenchmark(rows=rows, pictures=pictures)


def _measure_images(
    order: BenchmarkOrder, plan: Measurement, engine: Engine, log: Log | None
) -> list[ImageFacts]:
    """What every image gave, in the order of the reader."""
    items = [
        ImageItem(
            measurement=plan,
            number=number,
            frame=frame,
            score_file=str(order.score_files.get(frame_key(frame), "")),
        )
        for number, frame in enumerate(order.frames.measured)
    ]
    found: list[ImageFacts] = []
    n_bytes = 0
    gpus = _gpus(plan, engine)
    outcomes = engine.map(
        measure_image, items, key=image_key, log=log, label=order.benchmark, resources=gpus
    )
    with closing(outcomes):  # type: ignore[type-var]  # a generator
        for outcome in outcomes:
            found.append(_value(outcome, f"image {outcome.key} of {order.benchmark}"))
            n_bytes += found[-1].n_bytes
            _refuse_much(plan, n_bytes, order.rules.max_work_bytes, f"{len(found)} of {len(items)}")
    return sorted(found, key=lambda one: one.number)


def _refuse_much(plan: Measurement, n_bytes: int, most: int, images: str) -> None:
    if n_bytes > most:
        raise ValueError(
            f"{plan.work}: the score maps of {images} images take {n_bytes / GIBIBYTE:.3g} GiB, "
            f"more than the {most / GIBIBYTE:.3g} allowed; ask for fewer scores at once, or allow "
            "more"
        )


def _pool(
    order: BenchmarkOrder,
    plan: Measurement,
    facts: Sequence[ImageFacts],
    engine: Engine,
    log: Log | None,
) -> list[PooledScore]:
    frames = tuple((one.number, one.frame) for one in facts)
    items = [
        ScoreItem(
            measurement=plan,
            score=score,
            frames=frames,
            sizes=order.sizes,
            extras=tuple(order.rules.extras),
        )
        for score in order.scores
    ]
    patient = engine.model_copy(update={"item_timeout_s": engine.item_timeout_s * len(frames)})
    outcomes = patient.map(
        pool_score, items, key=score_key, log=log, label=f"{order.benchmark}, all pixels"
    )
    with closing(outcomes):  # type: ignore[type-var]  # a generator
        by_name = {
            outcome.key: _value(outcome, f"score {outcome.key} on {order.benchmark}")
            for outcome in outcomes
        }
    return [by_name[score] for score in order.scores]


def _value(outcome: Outcome[ItemT, ValueT], what: str) -> ValueT:
    """The value of an item.

    Raises:
        ValueError: if one of its files is bad.
        RuntimeError: if it failed.
    """
    if outcome.value is not None:
        return outcome.value
    error = outcome.error
    kind: Callable[[str], Exception] = RuntimeError
    if error is not None and (error.kind == "bad_input" or error.reason.startswith("ValueError")):
        kind = ValueError
    raise kind(f"{what} cannot be measured, so nothing is: {error.reason if error else 'no value'}")


def _gpus(plan: Measurement, engine: Engine) -> dict[str, float]:
    """A GPU for each image where a network computes on one."""
    if plan.subject.kind != "checkpoint":
        return {}
    return engine.gpus_for(plan.device)
