"""What people launch: verbs over selections of assets."""

import dagster as dg

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
