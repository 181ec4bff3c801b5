"""Everything Dagster serves, put together in one place. Importing this imports no torch."""

from collections.abc import Mapping

import dagster as dg

from assets.benchmark_report import benchmark_report
from assets.benchmark_scores import benchmark_scores
from assets.benchmarks.config import MeasuringPlace
from assets.closed_set_checkpoint import closed_set_checkpoint
from assets.decisions import decisions
from assets.detector_calibration import detector_calibration
from assets.experiment_report import experiment_report
from assets.experiment_results import experiment_results
from assets.experiment_trials import experiment_trials
from assets.filtered_scenes import filtered_scenes
from assets.imported_scenes import imported_scenes
from assets.labelled_scenes import labelled_scenes
from assets.object_bank.checks import bank_checks
from assets.ood_objects import ood_objects
from assets.resources import DataRoot, ManifestStore
from assets.scene_requests import scene_requests
from assets.segmenter_checkpoint import segmenter_checkpoint
from assets.segmenters.config import TrainingPlace
from assets.selecting.files import Selections
from assets.sources import benchmark_images, city_frames, sources
from assets.synthesis.networks import Networks
from assets.synthetic_scenes import synthetic_scenes
from assets.training_set import training_set
from pipelines.command_jobs import demo, experiment
from pipelines.engine import engine_of
from pipelines.failure_sensor import failure_sensor
from pipelines.jobs import (
    build_bank,
    calibrate_detector,
    evaluate,
    generate,
    import_scenes,
    label_scenes,
    measure_experiment,
    observe_data,
    open_round,
    request_scenes,
    select_training_set,
    train,
    train_closed_set,
    train_experiment,
    train_miniature_bundle,
)
from pipelines.lost_runs import lost_materializations, lost_runs
from pipelines.schedules import build_schedules
from pipelines.sensors import build_sensors
from pipelines.settings import Settings, read_settings


def build_definitions(
    settings: Settings, *, resources: Mapping[str, object] | None = None
) -> dg.Definitions:
    """Definitions for the given settings; ``resources`` replaces some of them, as tests do."""
    return dg.Definitions(
        assets=[
            sources,
            city_frames,
            benchmark_images,
            decisions,
            ood_objects,
            scene_requests,
            detector_calibration,
            synthetic_scenes,
            filtered_scenes,
            labelled_scenes,
            imported_scenes,
            training_set,
            closed_set_checkpoint,
            segmenter_checkpoint,
            benchmark_scores,
            benchmark_report,
            experiment_trials,
            experiment_results,
            experiment_report,
        ],
        asset_checks=[bank_checks],
        jobs=[
            demo,
            experiment,
            observe_data,
            build_bank,
            open_round,
            calibrate_detector,
            generate,
            request_scenes,
            label_scenes,
            import_scenes,
            select_training_set,
            train_closed_set,
            train,
            evaluate,
            train_experiment,
            measure_experiment,
            train_miniature_bundle,
        ],
        schedules=build_schedules(settings),
        sensors=[
            *build_sensors(settings),
            lost_runs,
            lost_materializations,
            failure_sensor(settings),
        ],
        resources={**_resources(settings), **(resources or {})},
    )


def _resources(settings: Settings) -> dict[str, object]:
    return {
        "store": ManifestStore(root=settings.store_root, single_writer=settings.single_writer),
        "data": DataRoot(path=settings.data_root),
        "engine": engine_of(settings),
        "networks": Networks(
            models_root=settings.models_root,
            miniature_set=settings.miniature_set,
            profile=settings.networks,
            n_threads=settings.threads,
        ),
        "selection_files": Selections(root=settings.selections_root),
        "training_place": TrainingPlace(
            work_root=settings.work_root,
            device=settings.training_device,
            n_loader_workers=settings.loader_workers,
        ),
        "measuring_place": MeasuringPlace(
            work_root=settings.work_root,
            device=settings.training_device,
            models_root=settings.models_root,
            miniature_set=settings.miniature_set,
        ),
    }


defs = build_definitions(read_settings())
