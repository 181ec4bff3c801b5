"""Which columns of its parents each column of an asset's main table is made from.

Data beside the records: a column is written ``asset.column``, several are separated by blanks. A
column that is measured, counted or set by the configuration has no line. Tables that are not an
asset's main one are not shown by Dagster; `multishift lineage` follows them for one sample.
"""

from collections.abc import Mapping
from types import MappingProxyType

import dagster as dg

_BANK_SOURCES = ("ade20k", "ade20k_challenge", "coco")


def _of_all(column: str) -> str:
    """The column in each of the data sets that objects are cut from."""
    return " ".join(f"{source}.{column}" for source in _BANK_SOURCES)


def _same(asset: str, *columns: str) -> dict[str, str]:
    """Columns that are copied under their own names."""
    return {column: f"{asset}.{column}" for column in columns}


_SCENE_KEY = ("round", "frame_id", "variant")
_ATTEMPT_KEY = (*_SCENE_KEY, "attempt")

_BANK = {
    "object_id": _of_all("dataset") + " " + _of_all("split") + " " + _of_all("frame_id"),
    "dataset": _of_all("dataset"),
    "split": _of_all("split"),
    "source_image": _of_all("image"),
    "source_sha256": _of_all("image"),
    "source_class": _of_all("label"),
    "class_id": _of_all("label"),
    "class_name": _of_all("label"),
    "image_height_px": _of_all("image"),
    "image_width_px": _of_all("image"),
    "mask_rle": _of_all("label"),
    "crop_sha256": _of_all("image") + " " + _of_all("label"),
    "appearance_hash": _of_all("image") + " " + _of_all("label"),
}

_REQUESTS = {
    "frame_id": "cityscapes_cities.frame_id",
    "city": "cityscapes_cities.group",
    "seed": "cityscapes_cities.frame_id",
    "object_ids": "ood_objects.object_id",
    "object_class_ids": "ood_objects.class_id",
    "object_class_names": "ood_objects.class_name",
    "object_licenses": "ood_objects.license",
    "object_mask_rles": "ood_objects.mask_rle",
    "object_width_px": "ood_objects.box_width_px ood_objects.box_height_px cityscapes_cities.label",
    "object_height_px": "ood_objects.box_width_px ood_objects.box_height_px "
    "cityscapes_cities.label",
    "object_x_px": "cityscapes_cities.label",
    "object_y_px": "cityscapes_cities.label",
    "object_not_ground_fracs": "ood_objects.mask_rle cityscapes_cities.label",
    "prompt": "ood_objects.class_name",
    "height_px": "cityscapes_cities.label",
    "width_px": "cityscapes_cities.label",
    "image": "cityscapes_cities.image",
    "label": "cityscapes_cities.label",
    "label_coding": "cityscapes_cities.coding",
    "image_sha256": "cityscapes_cities.image",
    "label_sha256": "cityscapes_cities.label",
    "reason": "cityscapes_cities.label",
}

_DRAWN = "scene_requests.seed scene_requests.prompt scene_requests.negative_prompt "
_LAYOUT = "scene_requests.label_sha256 scene_requests.object_ids scene_requests.object_mask_rles"
_SYNTHETIC = {
    **_same("scene_requests", *_ATTEMPT_KEY, "city", "seed"),
    "pixels_sha256": _DRAWN + _LAYOUT,
    "image_sha256": _DRAWN + _LAYOUT,
    "thumbnail_sha256": _DRAWN + _LAYOUT,
    "layout_sha256": _LAYOUT,
    "layout_agreement": "scene_requests.label_sha256",
    "is_kept": "scene_requests.object_mask_rles detector_calibration.n_pixels",
}

_FILTERED = {
    **_same("synthetic_scenes", *_ATTEMPT_KEY),
    "verdict": "synthetic_scenes.pixels_sha256 synthetic_scenes.layout_agreement "
    "detector_calibration.n_pixels",
    "reason": "synthetic_scenes.pixels_sha256 synthetic_scenes.layout_agreement "
    "detector_calibration.n_pixels",
    "is_chosen": "synthetic_scenes.attempt synthetic_scenes.layout_agreement",
}

_LABELLED = {
    **_same("filtered_scenes", *_SCENE_KEY),
    "attempt": "filtered_scenes.attempt filtered_scenes.is_chosen",
    **_same("synthetic_scenes", "image_sha256", "layout_sha256", "profile_id"),
    "label_sha256": "synthetic_scenes.pixels_sha256 scene_requests.label_sha256 "
    "scene_requests.object_mask_rles",
    "sam_layout_sha256": "synthetic_scenes.pixels_sha256 scene_requests.label_sha256",
    "height_px": "synthetic_scenes.height_px",
    "width_px": "synthetic_scenes.width_px",
    **_same(
        "scene_requests",
        *("city", "object_ids", "object_class_ids", "object_class_names"),
        *("prompt", "place", "weather", "time", "seed"),
    ),
    "object_mask_rles": "synthetic_scenes.pixels_sha256 scene_requests.object_mask_rles",
    "object_ious": "synthetic_scenes.pixels_sha256 scene_requests.object_mask_rles",
    "source_image": "scene_requests.image",
    "source_label": "scene_requests.label",
    "licenses": "scene_requests.license scene_requests.object_licenses",
    "n_ood_px": "synthetic_scenes.pixels_sha256 scene_requests.object_mask_rles",
    "n_void_px": "synthetic_scenes.pixels_sha256 scene_requests.label_sha256",
}

_FROM_SCENES = (
    *(*_SCENE_KEY, "city", "image_sha256", "label_sha256", "height_px", "width_px"),
    *("source_image", "source_label", "place", "weather", "time", "object_ids"),
    *("object_class_names", "n_ood_px", "attempt", "prompt", "seed", "generator", "licenses"),
)
_PAIRS = {
    **{column: f"labelled_scenes.{column} imported_scenes.{column}" for column in _FROM_SCENES},
    "source_image_sha256": "cityscapes.image",
    "source_label_sha256": "cityscapes.label",
    "source_label_coding": "cityscapes.coding",
}

_LEARNED = (
    "training_set.image_sha256 training_set.label_sha256 training_set.source_image_sha256 "
    "training_set.source_label_sha256 ood_objects.crop_sha256 "
    "closed_set_checkpoint.checkpoint_sha256"
)
_SUBJECT = "segmenter_checkpoint.checkpoint_sha256 closed_set_checkpoint.checkpoint_sha256"
_MEASURED = f"{_SUBJECT} benchmark_images.image benchmark_images.label"

_COLUMNS: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "ood_objects": _BANK,
        "scene_requests": _REQUESTS,
        "detector_calibration": {"n_pixels": "cityscapes.image cityscapes.label"},
        "synthetic_scenes": _SYNTHETIC,
        "filtered_scenes": _FILTERED,
        "labelled_scenes": _LABELLED,
        "imported_scenes": {},
        "training_set": _PAIRS,
        "closed_set_checkpoint": {
            "checkpoint_sha256": "cityscapes.image cityscapes.label",
            "mean_iou": "cityscapes.image cityscapes.label",
            "class_ious": "cityscapes.image cityscapes.label",
            "held_out_frame_ids": "cityscapes.frame_id",
            "n_frames": "cityscapes.frame_id",
        },
        "segmenter_checkpoint": {
            "checkpoint_sha256": _LEARNED,
            "average_precision": _LEARNED,
            "mean_iou": _LEARNED,
            "held_out_frame_ids": "training_set.frame_id",
            "n_pairs": "training_set.frame_id",
            "rows_fingerprint": "training_set.image_sha256 training_set.label_sha256",
            "initial_sha256": "closed_set_checkpoint.checkpoint_sha256",
        },
        "benchmark_scores": {
            "benchmark": "benchmark_images.dataset",
            "domain": "benchmark_images.domain",
            "subject": _SUBJECT,
            "n_images": "benchmark_images.frame_id",
            "labels_sha256": "benchmark_images.frame_id benchmark_images.label",
            **dict.fromkeys(("n_in", "n_ood", "n_void"), "benchmark_images.label"),
            "architecture": "segmenter_checkpoint.architecture closed_set_checkpoint.architecture",
            **dict.fromkeys(
                ("auroc", "ap", "fpr95", "f1_star", "siou", "ppv", "mean_iou", "class_ious"),
                _MEASURED,
            ),
            "training": "segmenter_checkpoint.training closed_set_checkpoint.training",
            "training_set": "segmenter_checkpoint.selection segmenter_checkpoint.manifest_version",
        },
        "experiment_trials": {
            **dict.fromkeys(
                ("checkpoint_sha256", "last_loss"),
                "training_set.image_sha256 training_set.label_sha256 ood_objects.crop_sha256 "
                "cityscapes.image cityscapes.label",
            ),
            "training_set_fingerprint": "training_set.image_sha256 training_set.label_sha256",
            "n_pairs": "training_set.frame_id cityscapes.frame_id",
        },
        "experiment_results": {
            **_same(
                "experiment_trials",
                *("plan", "architecture", "arm", "seed", "checkpoint_sha256"),
            ),
            **dict.fromkeys(
                ("auroc", "ap", "fpr95", "f1_star", "mean_iou", "mean_class_accuracy"),
                "experiment_trials.checkpoint_sha256",
            ),
            **dict.fromkeys(
                ("pixel_accuracy", "class_ious"), "experiment_trials.checkpoint_sha256"
            ),
        },
    }
)
"""Sources of the columns by asset; sources of photographs have the columns of `Frame`."""


def column_lineage(asset: str) -> dg.TableColumnLineage:
    """Columns of an asset's main table with the columns that each is made from.

    Raises:
        KeyError: if nothing is said of the asset.
    """
    return dg.TableColumnLineage(
        {column: _parents(sources) for column, sources in _COLUMNS[asset].items()}
    )


def _parents(sources: str) -> list[dg.TableColumnDep]:
    named = (source.split(".") for source in sources.split())
    return [dg.TableColumnDep(asset_key=asset, column_name=column) for asset, column in named]
