"""The scene filter: SAM's masks, scores, thresholds, verdicts and the labels that follow.

What needs torch is imported when it is asked for: judging stored scores needs none of it.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from models.filtering.calibration import (
    ScoreHistogram,
    calibrate_threshold,
    known_scores,
    resolve_ood_threshold,
)
from models.filtering.labels import SAM_COLOR, sam_layout, scene_label
from models.filtering.masks import Box, mask_box, mask_iou
from models.filtering.scores import (
    ObjectScores,
    SceneScores,
    layout_agreement,
    object_scores,
    scene_scores,
)
from models.filtering.stored_scores import histogram_of, rows_of
from models.filtering.verdicts import (
    PUBLISHED_MIN_IOU,
    PUBLISHED_MIN_OOD_SCORE,
    Reason,
    Thresholds,
    Verdict,
    judge,
)

if TYPE_CHECKING:
    from models.filtering.detector import DetectorMaps, detect
    from models.filtering.sam.door import load_sam
    from models.filtering.sam.segmenter import BoxMasks, SamSegmenter
    from models.filtering.sam.training import SamTrainingConfig, train_sam

_NEED_TORCH = {
    "DetectorMaps": "models.filtering.detector",
    "detect": "models.filtering.detector",
    "load_sam": "models.filtering.sam.door",
    "BoxMasks": "models.filtering.sam.segmenter",
    "SamSegmenter": "models.filtering.sam.segmenter",
    "SamTrainingConfig": "models.filtering.sam.training",
    "train_sam": "models.filtering.sam.training",
}

__all__ = [
    "PUBLISHED_MIN_IOU",
    "PUBLISHED_MIN_OOD_SCORE",
    "SAM_COLOR",
    "Box",
    "BoxMasks",
    "DetectorMaps",
    "ObjectScores",
    "Reason",
    "SamSegmenter",
    "SamTrainingConfig",
    "SceneScores",
    "ScoreHistogram",
    "Thresholds",
    "Verdict",
    "calibrate_threshold",
    "detect",
    "histogram_of",
    "judge",
    "known_scores",
    "layout_agreement",
    "load_sam",
    "mask_box",
    "mask_iou",
    "object_scores",
    "resolve_ood_threshold",
    "rows_of",
    "sam_layout",
    "scene_label",
    "scene_scores",
    "train_sam",
]


def __getattr__(name: str) -> Any:
    if name not in _NEED_TORCH:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_NEED_TORCH[name]), name)
