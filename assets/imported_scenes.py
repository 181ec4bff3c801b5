"""Stage `scenes`: labelled scenes that somebody else generated, or that we exported before."""

import dagster as dg

from assets.engine.resource import Engine
from assets.execution import RESUMES
from assets.failures import bad_input_fails_once
from assets.importing.checks import CHECK_SPECS, answer_all
from assets.importing.config import ImportConfig
from assets.importing.order import CODE_VERSION, plan_import
from assets.importing.report import describe_set
from assets.importing.scenes import ASSET, import_set
from assets.importing.sets import imported_sets
from assets.resources import DataRoot, ManifestStore
from assets.retracting.retractions import ASSET as RETRACTIONS
from assets.schema_metadata import table_metadata
from storage.scene_records import LabelledScene


@dg.asset(
    name=ASSET,
    deps=[RETRACTIONS],
    partitions_def=imported_sets,
    check_specs=CHECK_SPECS,
    group_name="scenes",
    kinds={"parquet", "pillow"},
    owners=["team:data"],
    code_version=CODE_VERSION,
    metadata=table_metadata(ASSET, LabelledScene),
    retry_policy=RESUMES,
)
def imported_scenes(
    context: dg.AssetExecutionContext,
    config: ImportConfig,
    store: ManifestStore,
    data: DataRoot,
    engine: Engine,
) -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster refuses [None] beside check_specs
    """Scenes of a set in the published layout, a partition a set, ready to be trained on.

    A scene that cannot be used is a row of `quarantine`. A run that was stopped continues with the
    scenes that are missing. `multishift import` registers a set and runs this.
    """
    with bad_input_fails_once():
        opened = store.open()
        order = plan_import(context.partition_key, config, data, store)
        context.log.info("%d scenes to read", len(order.items))
        version = import_set(order, opened, engine, run_id=context.run.run_id, log=context.log)
        return dg.MaterializeResult(
            data_version=dg.DataVersion(version.fingerprint),
            metadata=describe_set(version, opened),
            check_results=answer_all(version, opened, config.max_bad_frac),
        )
