"""Stage `training`: a segmenter of the known classes, which the two-stage training begins with."""

import dagster as dg

from assets.closed_set.checks import CHECK_SPECS, check_loads
from assets.closed_set.committing import commit_closed_set, rows_of
from assets.closed_set.config import ClosedSetTrainingConfig
from assets.closed_set.names import ASSET, CODE_VERSION, architectures
from assets.closed_set.order import plan_closed_set
from assets.closed_set.report import describe_closed_set
from assets.execution import GPU_POOL, RESUMES
from assets.failures import bad_input_fails_once
from assets.resources import DataRoot, ManifestStore
from assets.schema_metadata import table_metadata
from assets.segmenters.config import TrainingPlace
from storage.training_records import ClosedSetCheckpoint


@dg.asset(
    name=ASSET,
    deps=["cityscapes"],
    partitions_def=architectures,
    check_specs=CHECK_SPECS,
    group_name="training",
    kinds={"pytorch"},
    owners=["team:data"],
    code_version=CODE_VERSION,
    metadata=table_metadata(ASSET, ClosedSetCheckpoint),
    retry_policy=RESUMES,
    pool=GPU_POOL,
)
def closed_set_checkpoint(
    context: dg.AssetExecutionContext,
    config: ClosedSetTrainingConfig,
    store: ManifestStore,
    data: DataRoot,
    training_place: TrainingPlace,
) -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster refuses [None] beside check_specs
    """A segmenter of the known classes, trained on frames of Cityscapes from random weights.

    It stands for the Cityscapes-trained network that the method begins with, in the small world.
    """
    with bad_input_fails_once():
        opened, place = store.open(), training_place
        order = plan_closed_set(context.partition_key, config, data.folder, device=place.device)
        context.log.info("%d frames, %d held out", len(order.learned), len(order.scored))
        version = commit_closed_set(order, opened, run_id=context.run.run_id, log=context.log)
        rows = rows_of(version, opened)
        return dg.MaterializeResult(
            data_version=dg.DataVersion(version.fingerprint),
            metadata=describe_closed_set(version, rows, opened),
            check_results=[check_loads(rows, opened.blobs)],
        )
