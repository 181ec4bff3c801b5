"""Stage `synthesis`: what the OOD detector says of known pixels, which its threshold refers to."""

import dagster as dg
from pydantic import Field

from assets.engine.resource import Engine
from assets.execution import GPU_POOL, RESUMES
from assets.failures import bad_input_fails_once
from assets.resources import DataRoot, ManifestStore
from assets.schema_metadata import table_metadata
from assets.synthesis.calibration import ASSET, CODE_VERSION, calibrate, plan_calibration
from assets.synthesis.networks import Networks
from assets.synthesis.report import describe_calibration
from storage.scene_records import KnownScoreCount


class CalibrationConfig(dg.Config):
    """Which photographs the detector is calibrated on."""

    n_frames: int = Field(
        default=60, ge=1, description="Training frames, spread evenly over the cities."
    )
    short_side_px: int | None = Field(
        default=None, ge=16, le=4096, description="Shorter side; empty for that of the pictures."
    )


@dg.asset(
    name=ASSET,
    deps=["cityscapes"],
    group_name="scenes",
    kinds={"parquet", "pytorch"},
    owners=["team:data"],
    code_version=CODE_VERSION,
    metadata=table_metadata(ASSET, KnownScoreCount),
    retry_policy=RESUMES,
    pool=GPU_POOL,
)
def detector_calibration(
    context: dg.AssetExecutionContext,
    config: CalibrationConfig,
    store: ManifestStore,
    data: DataRoot,
    engine: Engine,
    networks: Networks,
) -> dg.MaterializeResult[None]:
    """Histogram of the detector's scores on photographs of known classes.

    A threshold given as a quantile is looked up here; no pixel is looked at again for another one.
    """
    with bad_input_fails_once():
        opened, world = store.open(), data.world
        order = plan_calibration(
            data.folder,
            networks.sources_for(world),
            networks.compute,
            short_side_px=config.short_side_px or networks.preset_for(world).short_side_px,
            n_frames=config.n_frames,
        )
        context.log.info("%d photographs to score", len(order.items))
        version = calibrate(order, opened, engine, run_id=context.run.run_id, log=context.log)
        metadata = describe_calibration(version, opened)
    return dg.MaterializeResult(data_version=dg.DataVersion(version.fingerprint), metadata=metadata)
