"""Stage `labelling`: labels of the chosen pictures, ready to be trained on."""

from datetime import timedelta
from functools import partial

import dagster as dg

from assets.engine.resource import Engine
from assets.execution import RESUMES
from assets.failures import bad_input_fails_once
from assets.filtering.judging import ASSET as FILTERED
from assets.labelling.checks import CHECK_SPECS, answer_all, read_committed
from assets.labelling.config import LabelConfig
from assets.labelling.labels import ASSET, commit_labels
from assets.labelling.order import CODE_VERSION, plan_labels
from assets.labelling.report import describe_labels, show_scenes
from assets.partitions import scene_partition_of, scene_partitions
from assets.resources import DataRoot, ManifestStore
from assets.retracting.retractions import ASSET as RETRACTIONS
from assets.schema_metadata import table_metadata
from assets.sources import CITIES
from assets.synthesis.networks import Networks
from assets.synthesis.redrawing import redraw_attempts
from storage.scene_records import LabelledScene

# A round a week, with a day to generate it; two that are missed are a failure.
_WEEKLY = dg.FreshnessPolicy.time_window(
    fail_window=timedelta(days=15), warn_window=timedelta(days=8)
)


@dg.asset(
    name=ASSET,
    deps=[FILTERED, CITIES, RETRACTIONS],
    partitions_def=scene_partitions,
    check_specs=CHECK_SPECS,
    group_name="scenes",
    kinds={"parquet", "numpy"},
    owners=["team:data"],
    code_version=CODE_VERSION,
    metadata=table_metadata(ASSET, LabelledScene),
    retry_policy=RESUMES,
    freshness_policy=_WEEKLY,
)
def labelled_scenes(
    context: dg.AssetExecutionContext,
    config: LabelConfig,
    store: ManifestStore,
    data: DataRoot,
    engine: Engine,
    networks: Networks,
) -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster refuses [None] beside check_specs
    """The chosen picture of each scene with its label: known classes, unknown objects, void.

    A frame whose label was changed since is a row of `quarantine`. A picture that was not kept is
    drawn again from its seed. A run that was stopped continues with what is missing.
    """
    with bad_input_fails_once():
        opened = store.open()
        order = plan_labels(scene_partition_of(context), config, data, store)
        context.log.info("%d pictures to label", len(order.items))
        redraw = partial(
            redraw_attempts, order.scenes, data=data, store=store, networks=networks, engine=engine
        )
        version = commit_labels(
            order, opened, engine, redraw=redraw, run_id=context.run.run_id, log=context.log
        )
        found = read_committed(version, opened, order)
        return dg.MaterializeResult(
            data_version=dg.DataVersion(version.fingerprint),
            metadata={
                **show_scenes(opened, data.folder, order.partition),
                **describe_labels(version, found),
            },
            check_results=answer_all(found),
        )
