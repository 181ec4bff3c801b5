"""`multishift evaluate`: numbers of a checkpoint, or of score files, without Dagster."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from assets.benchmarks.frames import BenchmarkFrames, frame_key, list_frames
from assets.benchmarks.measured import MeasuredBenchmark
from assets.benchmarks.measuring import measure_benchmark
from assets.benchmarks.names import (
    BENCHMARKS,
    CURVES,
    IMAGES,
    RESULTS,
    SHOWN,
    TABLES,
    benchmark_named,
)
from assets.benchmarks.order import (
    BenchmarkOrder,
    MeasuringRules,
    plan_checkpoint,
    plan_score_files,
)
from pipelines.commands.console import err, out
from pipelines.commands.evaluate_table import result_table
from pipelines.commands.named_inputs import named_checkpoint, refiner_file
from pipelines.engine import engine_of
from pipelines.settings import Settings, read_settings
from storage.evaluation_folder import refuse_foreign_folder, write_evaluation
from storage.score_folders import match_scores

PAGE, PLAIN = "report.html", "report.md"


@dataclass(frozen=True, kw_only=True)
class EvaluationWish:
    """What to measure; the names are those of the command's options."""

    checkpoint: str
    architecture: str
    scores_from: Path | None
    benchmarks: tuple[str, ...]
    scores: tuple[str, ...]
    estimators: tuple[str, ...]
    refinement: str
    sam: Path | None
    device: str | None


def run_evaluate(wish: EvaluationWish, target: Path, *, data_root: Path | None) -> int:
    """Measure, print a table, and write reports and rows; 1 if a benchmark failed.

    All is planned before anything is measured, so that a wrong name costs no time; what was
    measured is written even where a later benchmark fails.
    """
    settings = read_settings()
    root = data_root or Path(settings.data_root)
    _refuse_unclear(wish)
    refuse_foreign_folder(target, (PAGE, PLAIN), TABLES)
    orders = _plan(wish, root, settings)
    measured, failures = _measure(orders, wish, settings)
    if measured:
        _write(target, measured)
        out.print(result_table([row for one in measured for row in one.rows.results]))
        for name in (PAGE, PLAIN):
            out.print(f"{target / name}", markup=False, highlight=False, soft_wrap=True)
    for line in failures:
        err.print("[bold red]error[/] ", end="")
        err.print(line, markup=False, highlight=False, soft_wrap=True)
    return 1 if failures else 0


def _refuse_unclear(wish: EvaluationWish) -> None:
    if bool(wish.checkpoint) == (wish.scores_from is not None):
        raise ValueError("need either --checkpoint or --scores-from, to know what to measure")
    if wish.scores_from is not None and wish.scores:
        raise ValueError("need --checkpoint for --score: score files hold one score already")


def _plan(wish: EvaluationWish, root: Path, settings: Settings) -> list[BenchmarkOrder]:
    refiner = refiner_file(wish.refinement, wish.sam, settings, root)
    rules = MeasuringRules(
        scores=wish.scores,
        extras=wish.estimators,
        refinement=wish.refinement,
        refiner=str(refiner or ""),
    )
    names = wish.benchmarks or tuple(_benchmarks_below(root, wish.scores_from))
    if wish.scores_from is not None:
        return [_plan_files(name, root, wish.scores_from, rules) for name in names]
    found = named_checkpoint(wish.checkpoint, wish.architecture, settings)
    return [plan_checkpoint(name, root, found, rules) for name in names]


def _benchmarks_below(root: Path, scores_from: Path | None) -> Iterator[str]:
    """Benchmarks of a data root that have labels, and score files where they are asked for.

    Raises:
        ValueError: if there is none.
    """
    found = False
    for name in BENCHMARKS:
        is_there = benchmark_named(name).locate(root) is not None
        if not is_there or (scores_from is not None and not (scores_from / name).is_dir()):
            continue
        try:
            list_frames(name, root)
        except ValueError as error:
            err.print(f"left out: {error}", markup=False, highlight=False, soft_wrap=True)
            continue
        found = True
        yield name
    if not found:
        place = f"{root} and of {scores_from}" if scores_from else f"{root}"
        raise ValueError(
            f"need a benchmark in a folder of {place}, found none of {', '.join(BENCHMARKS)}; "
            "name one with --benchmark, and its data root with --data"
        )


def _plan_files(name: str, root: Path, scores_from: Path, rules: MeasuringRules) -> BenchmarkOrder:
    own = scores_from / name
    folder = own if own.is_dir() else scores_from
    files = _score_files(list_frames(name, root), folder)
    return plan_score_files(name, root, scores_from.absolute().name, files, rules)


def _score_files(frames: BenchmarkFrames, folder: Path) -> Mapping[str, Path]:
    """Score file of each labeled image by its key; files of hidden images may lie there, too."""
    found = match_scores(
        folder,
        [frame.frame_id for frame in frames.measured],
        known=[frame.frame_id for frame, _ in frames.skipped],
    )
    return {frame_key(frame): found[frame.frame_id] for frame in frames.measured}


def _measure(
    orders: Sequence[BenchmarkOrder], wish: EvaluationWish, settings: Settings
) -> tuple[list[MeasuredBenchmark], list[str]]:
    """What was measured, and a line for each benchmark that could not be."""
    engine = engine_of(settings)
    device = wish.device or settings.training_device
    measured, failures = [], []
    for order in orders:
        n_images = len(order.frames.measured)
        err.print(f"{order.benchmark}: {n_images} images", style="dim", markup=False)
        try:
            measured.append(
                measure_benchmark(order, engine, work_root=Path(settings.work_root), device=device)
            )
        except (ValueError, RuntimeError, OSError) as error:
            failures.append(f"{order.benchmark}: {error}")
    return measured, failures


def _write(target: Path, measured: Sequence[MeasuredBenchmark]) -> None:
    from assets.reporting.markdown import report_markdown
    from assets.reporting.page import report_page

    rows = [one.rows for one in measured]
    pictures = {name: content for one in measured for name, content in one.pictures.items()}
    write_evaluation(
        target,
        reports={PAGE: report_page(rows, pictures), PLAIN: report_markdown(rows)},
        tables={
            IMAGES: [row for one in rows for row in one.images],
            RESULTS: [row for one in rows for row in one.results],
            CURVES: [row for one in rows for row in one.curves],
            SHOWN: [row for one in rows for row in one.shown],
        },
        pictures=pictures,
    )
