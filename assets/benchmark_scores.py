"""Stage `evaluation`: a checkpoint on a benchmark, every score by every estimator."""

import dagster as dg

from assets.benchmarks.checkpoints import find_checkpoint
from assets.benchmarks.checks import CHECK_SPECS, answer_all
from assets.benchmarks.committing import commit_scores, rows_of
from assets.benchmarks.config import BenchmarkConfig, MeasuringPlace
from assets.benchmarks.names import ASSET, CODE_VERSION, benchmarks
from assets.benchmarks.order import plan_checkpoint
from assets.benchmarks.report import describe_scores
from assets.closed_set.names import ASSET as CLOSED_SET
from assets.engine.resource import Engine
from assets.execution import GPU_POOL, RESUMES
from assets.failures import bad_input_fails_once
from assets.resources import DataRoot, ManifestStore
from assets.schema_metadata import table_metadata
from assets.segmenters.names import ASSET as SEGMENTER
from assets.sources import BENCHMARK_IMAGES
from storage.benchmark_records import BenchmarkResult

_ANY = dg.AllPartitionMapping()


@dg.asset(
    name=ASSET,
    deps=[
        BENCHMARK_IMAGES,
        dg.AssetDep(SEGMENTER, partition_mapping=_ANY),
        dg.AssetDep(CLOSED_SET, partition_mapping=_ANY),
    ],
    partitions_def=benchmarks,
    check_specs=CHECK_SPECS,
    group_name="evaluation",
    kinds={"pytorch"},
    owners=["team:data"],
    code_version=CODE_VERSION,
    metadata=table_metadata(ASSET, BenchmarkResult),
    retry_policy=RESUMES,
    pool=GPU_POOL,
)
def benchmark_scores(
    context: dg.AssetExecutionContext,
    config: BenchmarkConfig,
    store: ManifestStore,
    data: DataRoot,
    engine: Engine,
    measuring_place: MeasuringPlace,
) -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster refuses [None] beside check_specs
    """How well a checkpoint finds unknown objects and names known classes on a benchmark.

    A version holds one checkpoint's rows: each image, each result, curves, pictures to look at.
    Images without a label are counted and never scored.
    """
    with bad_input_fails_once():
        opened, place = store.open(), measuring_place
        found = find_checkpoint(config.named, opened, place.folder / ASSET)
        rules = config.rules(place.refiner(data.world))
        order = plan_checkpoint(context.partition_key, data.folder, found, rules)
        version = commit_scores(
            order,
            opened,
            engine,
            place=place,
            run_id=context.run.run_id,
            log=context.log,
        )
        rows = rows_of(version, opened)
        return dg.MaterializeResult(
            data_version=dg.DataVersion(version.fingerprint),
            metadata=describe_scores(version, rows, order),
            check_results=answer_all(rows, order.frames),
        )
