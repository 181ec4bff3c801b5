"""Stage `filtering`: which of the drawn scenes are good enough, by stored scores alone."""

import dagster as dg

from assets.execution import RESUMES
from assets.failures import bad_input_fails_once
from assets.filtering.checks import CHECK_SPECS, answer_all
from assets.filtering.config import FilterConfig
from assets.filtering.drawn import read_drawn
from assets.filtering.judged import Judged, former_verdicts, read_verdicts
from assets.filtering.judging import ASSET, commit_verdicts
from assets.filtering.order import CODE_VERSION, plan_filter
from assets.filtering.report import describe_verdicts
from assets.partitions import rounds, scene_partition_of, scene_partitions
from assets.resources import ManifestStore
from assets.schema_metadata import table_metadata
from assets.synthesis.calibration import ASSET as CALIBRATION
from assets.synthesis.synthesis import ASSET as SCENES
from storage.scene_records import SceneVerdict


@dg.asset(
    name=ASSET,
    deps=[SCENES, CALIBRATION],
    partitions_def=scene_partitions,
    check_specs=CHECK_SPECS,
    group_name="scenes",
    kinds={"parquet"},
    owners=["team:data"],
    code_version=CODE_VERSION,
    metadata=table_metadata(ASSET, SceneVerdict),
    retry_policy=RESUMES,
)
def filtered_scenes(
    context: dg.AssetExecutionContext, config: FilterConfig, store: ManifestStore
) -> dg.MaterializeResult:  # type: ignore[type-arg]  # Dagster refuses [None] beside check_specs
    """A verdict on every attempt that was drawn, with the rule that rejected it.

    Only stored scores are read, so that thresholds can be changed at any time. Of each scene the
    first accepted attempt is chosen. Rejected attempts stay as rows.
    """
    with bad_input_fails_once():
        opened = store.open()
        order = plan_filter(scene_partition_of(context), config, opened)
        version = commit_verdicts(order, opened, run_id=context.run.run_id)
        judged = Judged(
            version=version,
            drawn=read_drawn(order.scenes, opened),
            verdicts=read_verdicts(version, opened),
        )
        names = context.instance.get_dynamic_partitions(str(rounds.name))
        return dg.MaterializeResult(
            data_version=dg.DataVersion(version.fingerprint),
            metadata=describe_verdicts(
                judged, opened, former_verdicts(order.partition, names, opened)
            ),
            check_results=answer_all(judged, config.min_acceptance),
        )
