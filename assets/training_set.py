"""Stage `training`: the pairs that a network is trained on, as a named selection takes them."""

import dagster as dg

from assets.engine.resource import Engine
from assets.execution import RESUMES
from assets.failures import bad_input_fails_once
from assets.importing.scenes import ASSET as IMPORTED
from assets.labelling.labels import ASSET as LABELLED
from assets.resources import DataRoot, ManifestStore
from assets.retracting.retractions import ASSET as RETRACTIONS
from assets.reviewing.reviews import ASSET as REVIEWS
from assets.schema_metadata import table_metadata
from assets.selecting.checks import CHECK_SPECS, answer_all, read_committed
from assets.selecting.config import TrainingSetConfig
from assets.selecting.files import Selections
from assets.selecting.names import selections
from assets.selecting.order import CODE_VERSION, plan_pairs
from assets.selecting.pairs import commit_pairs
from assets.selecting.report import describe_pairs
from assets.selecting.samples import ASSET, data_version_of
from storage.training_records import TrainingPair

# A selection may take any partition of either, and only its file says which: no narrower mapping
# is true. So a new round marks the training set as due for a look, which takes seconds; what is
# trained from it is due only if the chosen rows changed.
_ANY = dg.AllPartitionMapping()


@dg.asset(
    name=ASSET,
    deps=[
        dg.AssetDep(LABELLED, partition_mapping=_ANY),
        dg.AssetDep(IMPORTED, partition_mapping=_ANY),
        "cityscapes",
        REVIEWS,
        RETRACTIONS,
    ],
    partitions_def=selections,
    check_specs=CHECK_SPECS,
    group_name="training",
    kinds={"parquet"},
    owners=["team:data"],
    code_version=CODE_VERSION,
    metadata=table_metadata(ASSET, TrainingPair),
    retry_policy=RESUMES,
)
def training_set(
    context: dg.AssetExecutionContext,
    config: TrainingSetConfig,
    store: ManifestStore,
    data: DataRoot,
    engine: Engine,
    selection_files: Selections,
) -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster refuses [None] beside check_specs
    """Pairs of photograph and chosen scene, a partition a selection file.

    The data version is the digest of the chosen rows alone. A frame without a usable photograph is
    a row of `quarantine`. `multishift select` registers a selection and runs this.
    """
    with bad_input_fails_once():
        opened, name = store.open(), context.partition_key
        order = plan_pairs(
            name, selection_files.read(name), data, opened, max_bad_frac=config.max_bad_frac
        )
        context.log.info("%d scenes of %d frames", len(order.chosen), len(order.items))
        for note in order.notes:
            context.log.warning(note)
        version = commit_pairs(order, opened, engine, run_id=context.run.run_id, log=context.log)
        found = read_committed(version, opened, order)
        return dg.MaterializeResult(
            data_version=dg.DataVersion(data_version_of(version)),
            metadata=describe_pairs(version, found, order, opened),
            check_results=answer_all(found),
        )
