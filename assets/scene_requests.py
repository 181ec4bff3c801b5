"""Stage `scenes`: what to generate, decided before any pixel is drawn."""

import dagster as dg

from assets.engine.resource import Engine
from assets.execution import RESUMES
from assets.failures import bad_input_fails_once
from assets.partitions import scene_partition_of, scene_partitions
from assets.resources import DataRoot, ManifestStore
from assets.retracting.retractions import ASSET as RETRACTIONS
from assets.scenes.checks import CHECK_SPECS, Limits, answer_all
from assets.scenes.config import SceneRequestsConfig
from assets.scenes.order import CODE_VERSION, plan_scenes
from assets.scenes.report import describe_requests
from assets.scenes.requests import ASSET, commit_requests
from assets.schema_metadata import table_metadata
from assets.sources import CITIES
from storage.scene_records import SceneRequest


@dg.asset(
    name=ASSET,
    deps=[CITIES, "ood_objects", RETRACTIONS],
    partitions_def=scene_partitions,
    check_specs=CHECK_SPECS,
    group_name="scenes",
    kinds={"parquet", "numpy"},
    owners=["team:data"],
    code_version=CODE_VERSION,
    metadata=table_metadata(ASSET, SceneRequest),
    retry_policy=RESUMES,
)
def scene_requests(
    context: dg.AssetExecutionContext,
    config: SceneRequestsConfig,
    store: ManifestStore,
    data: DataRoot,
    engine: Engine,
) -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster refuses [None] beside check_specs
    """Prompt, objects, places and seed of every attempt at every scene of a round of a city.

    Nothing is generated here. A frame that can have no scene is one row with its reason, a frame
    that cannot be read a row of `quarantine`. Equal inputs give equal rows, in whatever order and
    with however many workers.
    """
    with bad_input_fails_once():
        opened = store.open()
        order = plan_scenes(scene_partition_of(context), config, data, opened)
        context.log.info("%d frames to request scenes for", len(order.items))
        version = commit_requests(order, opened, engine, run_id=context.run.run_id, log=context.log)
        limits = Limits(max_bad_frac=config.max_bad_frac, max_empty_frac=config.max_empty_frac)
        return dg.MaterializeResult(
            data_version=dg.DataVersion(version.fingerprint),
            metadata=describe_requests(version, opened, order),
            check_results=answer_all(version, opened, limits),
        )
