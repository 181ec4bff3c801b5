"""Stage `training`: a segmenter, trained on the pairs of a selection in two stages."""

from pathlib import Path

import dagster as dg

from assets.closed_set.names import ASSET as CLOSED_SET
from assets.engine.resource import Engine
from assets.execution import GPU_POOL, RESUMES
from assets.failures import bad_input_fails_once
from assets.resources import DataRoot, ManifestStore
from assets.schema_metadata import table_metadata
from assets.segmenters.checks import CHECK_SPECS, Found, answer_all
from assets.segmenters.committing import commit_training, rows_of
from assets.segmenters.config import SegmenterConfig, TrainingPlace
from assets.segmenters.crops import BANK
from assets.segmenters.names import ASSET, CODE_VERSION
from assets.segmenters.observing import Observer
from assets.segmenters.order import plan_training
from assets.segmenters.report import describe_training
from assets.selecting.names import selections
from assets.selecting.samples import ASSET as TRAINING_SET
from storage.training_records import SegmenterCheckpoint


@dg.asset(
    name=ASSET,
    deps=[
        TRAINING_SET,
        BANK,
        dg.AssetDep(CLOSED_SET, partition_mapping=dg.AllPartitionMapping()),
    ],
    partitions_def=selections,
    check_specs=CHECK_SPECS,
    group_name="training",
    kinds={"pytorch"},
    owners=["team:data"],
    code_version=CODE_VERSION,
    metadata=table_metadata(ASSET, SegmenterCheckpoint),
    retry_policy=RESUMES,
    pool=GPU_POOL,
)
def segmenter_checkpoint(
    context: dg.AssetExecutionContext,
    config: SegmenterConfig,
    store: ManifestStore,
    data: DataRoot,
    engine: Engine,
    training_place: TrainingPlace,
) -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster refuses [None] beside check_specs
    """The best and the last weights of a training, with every logged step.

    A run that was stopped goes on from its last state. A partition keeps the checkpoints of the
    last training of each architecture.
    """
    with bad_input_fails_once():
        opened = store.open()
        order = plan_training(context.partition_key, config, data, store, training_place)
        training = order.item.wish.training
        context.log.info("training %s in %s", training[:16], order.item.work)
        context.log.info("curves: tensorboard --logdir %s", Path(order.item.tensorboard).parent)
        version = commit_training(
            order,
            opened,
            engine,
            run_id=context.run.run_id,
            log=context.log,
            observe=Observer(context.log_event, order.item),
        )
        rows = rows_of(version, opened).of_training(training)
        return dg.MaterializeResult(
            data_version=dg.DataVersion(version.fingerprint),
            metadata={
                **describe_training(version, rows, opened),
                "tensorboard": dg.MetadataValue.path(order.item.tensorboard),
            },
            check_results=answer_all(Found(rows=rows, blobs=opened.blobs)),
        )
