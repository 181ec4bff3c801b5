"""What people launch: verbs over selections of assets. `demo` has a module of its own.

The order of the main job: build_bank, open_round, calibrate_detector, generate,
select_training_set, train, evaluate. The other jobs are parts of these, or lead into them.
"""

from typing import Any

import dagster as dg

from assets.decisions import decisions
from assets.miniature_set.ops import STAGE_OPS, publish_op, same_for_all
from assets.miniature_set.stages import STAGES
from assets.rounds import register_round
from assets.sources import sources

LOAD_TAG = {"multishift/load": "heavy"}
"""Tag of jobs that take hours; `dagster.yaml` keeps room in the queue beside them."""

observe_data = dg.define_asset_job(
    "observe_data",
    selection=dg.AssetSelection.assets(sources, decisions),
    description="Look at every data set below the data root, and at what people decided: version, "
    "place, counts, gaps.",
)

build_bank = dg.define_asset_job(
    "build_bank",
    selection=dg.AssetSelection.assets("ood_objects"),
    description="Cut the bank of OOD objects from the data sets.",
)

request_scenes = dg.define_asset_job(
    "request_scenes",
    selection=dg.AssetSelection.assets("scene_requests"),
    description="Decide what to generate from one city in one round; open the round first.",
)

calibrate_detector = dg.define_asset_job(
    "calibrate_detector",
    selection=dg.AssetSelection.assets("detector_calibration"),
    description="Score photographs of known classes, which a threshold as a quantile refers to.",
)

generate = dg.define_asset_job(
    "generate",
    selection=dg.AssetSelection.assets(
        "scene_requests", "synthetic_scenes", "filtered_scenes", "labelled_scenes"
    ),
    description="From requests to labelled scenes of one city in one round; open the round and "
    "calibrate the detector first.",
    tags=LOAD_TAG,
)

label_scenes = dg.define_asset_job(
    "label_scenes",
    selection=dg.AssetSelection.assets("filtered_scenes", "labelled_scenes"),
    description="Judge what was drawn of one city in one round, and label what is accepted.",
)

import_scenes = dg.define_asset_job(
    "import_scenes",
    selection=dg.AssetSelection.assets("imported_scenes"),
    description="Bring a set in the published layout into manifests; `multishift import` runs it.",
)

select_training_set = dg.define_asset_job(
    "select_training_set",
    selection=dg.AssetSelection.assets("training_set"),
    description="Choose the pairs that a selection file names; `multishift select` runs it.",
)

train_closed_set = dg.define_asset_job(
    "train_closed_set",
    selection=dg.AssetSelection.assets("closed_set_checkpoint"),
    description="Train a small segmenter on the known classes, for `train` to begin with.",
    tags=LOAD_TAG,
)

train = dg.define_asset_job(
    "train",
    selection=dg.AssetSelection.assets("segmenter_checkpoint"),
    description="Train a segmenter on the pairs of a selection; a run that was stopped goes on.",
    tags=LOAD_TAG,
)

evaluate = dg.define_asset_job(
    "evaluate",
    selection=dg.AssetSelection.assets("benchmark_scores", "benchmark_report"),
    description="Measure a checkpoint on a benchmark, and write the report of it.",
    tags=LOAD_TAG,
)


train_experiment = dg.define_asset_job(
    "train_experiment",
    selection=dg.AssetSelection.assets("experiment_trials"),
    description="Train what a plan lists and no version has; its training sets are made before: "
    "`multishift experiment` makes both.",
    tags=LOAD_TAG,
)

measure_experiment = dg.define_asset_job(
    "measure_experiment",
    selection=dg.AssetSelection.assets("experiment_results", "experiment_report"),
    description="Measure the trained networks of a plan on a world, and write the page of it.",
    tags=LOAD_TAG,
)


@dg.job(description="Register a round and the cities of Cityscapes: the partitions of generation.")
def open_round() -> None:
    """One op: dynamic partitions must be there before they can be materialized."""
    register_round()


@dg.job(
    config=same_for_all,
    executor_def=dg.in_process_executor,  # one stage after another: they share one accelerator
    description="Train the miniature set from scratch: generator, SAM, detector, and their card.",
    tags=LOAD_TAG,
)
def train_miniature_bundle() -> None:
    """One op a stage; a stage that is finished for the same numbers is kept."""
    done: dict[str, Any] = {}
    for name, stage in STAGES.items():
        done[name] = STAGE_OPS[name](**{needed: done[needed] for needed in stage.inputs})
    publish_op(finish=done["finish"])
