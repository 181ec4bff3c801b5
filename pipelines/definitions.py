"""Everything Dagster serves, put together in one place. Importing this imports no torch."""

from collections.abc import Mapping

import dagster as dg

from assets.engine.resource import Engine
from assets.object_bank.checks import bank_checks
from assets.ood_objects import ood_objects
from assets.resources import DataRoot, ManifestStore
from assets.scene_requests import scene_requests
from assets.sources import sources
from pipelines.jobs import demo, observe_data, open_round, request_scenes
from pipelines.settings import Settings, read_settings


def build_definitions(
    settings: Settings, *, resources: Mapping[str, object] | None = None
) -> dg.Definitions:
    """Definitions for the given settings; ``resources`` replaces some of them, as tests do."""
    defaults: dict[str, object] = {
        "store": ManifestStore(root=settings.store_root, single_writer=settings.single_writer),
        "data": DataRoot(path=settings.data_root),
        "engine": Engine(
            mode=settings.engine_mode,
            n_workers=settings.engine_workers,
            address=settings.engine_address,
        ),
    }
    return dg.Definitions(
        assets=[sources, ood_objects, scene_requests],
        asset_checks=[bank_checks],
        jobs=[observe_data, demo, open_round, request_scenes],
        resources={**defaults, **(resources or {})},
    )


defs = build_definitions(read_settings())
