"""Stage `objects`: the bank of out-of-distribution objects."""

import dagster as dg

from assets.engine.resource import Engine
from assets.execution import RESUMES
from assets.failures import bad_input_fails_once
from assets.object_bank.bank import ASSET, build_bank
from assets.object_bank.config import OodObjectsConfig
from assets.object_bank.order import CODE_VERSION, plan_bank
from assets.object_bank.report import describe_bank
from assets.resources import DataRoot, ManifestStore
from assets.retracting.retractions import ASSET as RETRACTIONS
from assets.schema_metadata import table_metadata
from storage.records import OodObject


@dg.asset(
    name=ASSET,
    deps=["ade20k", "ade20k_challenge", "coco", RETRACTIONS],
    group_name="objects",
    kinds={"parquet", "pillow", "numpy"},
    owners=["team:data"],
    code_version=CODE_VERSION,
    metadata=table_metadata(ASSET, OodObject),
    retry_policy=RESUMES,
)
def ood_objects(
    context: dg.AssetExecutionContext,
    config: OodObjectsConfig,
    store: ManifestStore,
    data: DataRoot,
    engine: Engine,
) -> dg.MaterializeResult[None]:
    """Crops of objects that street scenes do not know, each judged by named quality rules.

    Rejected objects stay as rows with their reason; a source image that cannot be used is a row of
    `quarantine`. A run that was stopped continues with the images that are missing.
    """
    with bad_input_fails_once():
        opened = store.open()
        order = plan_bank(config, data, store)
        context.log.info("%d source images to look at", len(order.items))
        version = build_bank(order, opened, engine, run_id=context.run.run_id, log=context.log)
        metadata = describe_bank(version, opened)
    return dg.MaterializeResult(data_version=dg.DataVersion(version.fingerprint), metadata=metadata)
