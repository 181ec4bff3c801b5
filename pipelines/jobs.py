"""What people launch: verbs over selections of assets."""

import dagster as dg

from assets.rounds import register_round
from assets.sources import sources

observe_data = dg.define_asset_job(
    "observe_data",
    selection=dg.AssetSelection.assets(sources),
    description="Look at every data set below the data root: version, place, counts, gaps.",
)

demo = dg.define_asset_job(
    "demo",
    selection=dg.AssetSelection.assets("ood_objects"),
    description="The main job as far as it exists: from data sets to the bank of OOD objects.",
)

request_scenes = dg.define_asset_job(
    "request_scenes",
    selection=dg.AssetSelection.assets("scene_requests"),
    description="Decide what to generate from one city in one round; open the round first.",
)


@dg.job(description="Register a round and the cities of Cityscapes: the partitions of generation.")
def open_round() -> None:
    """One op: dynamic partitions must be there before they can be materialized."""
    register_round()
