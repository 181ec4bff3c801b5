"""Stage `synthesis`: pictures of the requested scenes, drawn again until one is good."""

import dagster as dg

from assets.engine.resource import Engine
from assets.execution import GPU_POOL, RESUMES
from assets.failures import bad_input_fails_once
from assets.partitions import scene_partition_of, scene_partitions
from assets.resources import DataRoot, ManifestStore
from assets.schema_metadata import table_metadata
from assets.synthesis.calibration import ASSET as CALIBRATION
from assets.synthesis.checks import CHECK_SPECS, Limits, answer_all
from assets.synthesis.config import SynthesisConfig
from assets.synthesis.networks import Networks
from assets.synthesis.order import CODE_VERSION, plan_synthesis
from assets.synthesis.report import describe_synthesis
from assets.synthesis.synthesis import ASSET, synthesize
from storage.scene_records import SceneAttempt


@dg.asset(
    name=ASSET,
    deps=["scene_requests", CALIBRATION],
    partitions_def=scene_partitions,
    check_specs=CHECK_SPECS,
    group_name="scenes",
    kinds={"parquet", "pytorch"},
    owners=["team:data"],
    code_version=CODE_VERSION,
    metadata=table_metadata(ASSET, SceneAttempt),
    retry_policy=RESUMES,
    pool=GPU_POOL,
)
def synthetic_scenes(
    context: dg.AssetExecutionContext,
    config: SynthesisConfig,
    store: ManifestStore,
    data: DataRoot,
    engine: Engine,
    networks: Networks,
) -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster refuses [None] beside check_specs
    """Every attempt at every scene of a round of a city, with its scores and SAM's masks.

    The attempts of a scene are drawn in order until one passes the thresholds; pictures of the
    others are not kept, and can be drawn again from their seeds. Same requests, same networks and
    same execution profile give the same bytes. A run that was stopped continues with the scenes
    that are missing.
    """
    with bad_input_fails_once():
        opened = store.open()
        order = plan_synthesis(scene_partition_of(context), config, data, store, networks)
        context.log.info("%d scenes to draw with %s", len(order.scenes), order.shared.generator)
        version = synthesize(order, opened, engine, run_id=context.run.run_id, log=context.log)
        limits = Limits(max_bad_frac=config.max_bad_frac, min_kept_frac=config.min_kept_frac)
        return dg.MaterializeResult(
            data_version=dg.DataVersion(version.fingerprint),
            metadata=describe_synthesis(version, opened),
            check_results=answer_all(version, opened, limits),
        )
