"""Everything Dagster serves, put together in one place. Importing this imports no torch."""

from collections.abc import Mapping

import dagster as dg

from assets.benchmark_report import benchmark_report
from assets.benchmark_scores import benchmark_scores
from assets.benchmarks.config import MeasuringPlace
from assets.closed_set_checkpoint import closed_set_checkpoint
from assets.detector_calibration import detector_calibration
from assets.engine.resource import Engine
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
from assets.sources import sources
from assets.synthesis.networks import Networks
from assets.synthetic_scenes import synthetic_scenes
from assets.training_set import training_set
from pipelines.jobs import (
    calibrate_detector,
    demo,
    evaluate,
    generate_scenes,
    import_scenes,
    label_scenes,
    observe_data,
    open_round,
    request_scenes,
    select_training_set,
    train_closed_set,
    train_miniature_bundle,
    train_segmenter,
)
from pipelines.settings import Settings, read_settings


def build_definitions(
    settings: Settings, *, resources: Mapping[str, object] | None = None
) -> dg.Definitions:
    """Definitions for the given settings; ``resources`` replaces some of them, as tests do."""
    return dg.Definitions(
        assets=[
            sources,
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
        ],
        asset_checks=[bank_checks],
        jobs=[
            observe_data,
            demo,
            open_round,
            calibrate_detector,
            generate_scenes,
            request_scenes,
            label_scenes,
            import_scenes,
            select_training_set,
            train_miniature_bundle,
            train_closed_set,
            train_segmenter,
            evaluate,
        ],
        resources={**_resources(settings), **(resources or {})},
    )


def _resources(settings: Settings) -> dict[str, object]:
    return {
        "store": ManifestStore(root=settings.store_root, single_writer=settings.single_writer),
        "data": DataRoot(path=settings.data_root),
        "engine": Engine(
            mode=settings.engine_mode,
            n_workers=settings.engine_workers,
            address=settings.engine_address,
        ),
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
