"""What segmenters are measured by: pixels, components and known classes; arrays in, records out.

Every record of pixel scores names its estimator, since the same maps give other numbers by another.
"""

from models.metrics.binned import BinnedPixelMetrics, BinnedScores
from models.metrics.class_scores import ClassScores, class_scores, scores_by_domain
from models.metrics.classes import Classes, class_iou, confusion_matrix, mean_iou
from models.metrics.component_scores import ComponentMetrics, ComponentResult
from models.metrics.components import (
    ANOMALY_TRACK,
    OBSTACLE_TRACK,
    ComponentSizes,
    Overlaps,
    component_overlaps,
)
from models.metrics.pixel import ImageMeans, PixelMetrics
from models.metrics.precision import average_precision
from models.metrics.smiyc import SmiycPixelMetrics
from models.metrics.sweep import PixelScores

__all__ = [
    "ANOMALY_TRACK",
    "OBSTACLE_TRACK",
    "BinnedPixelMetrics",
    "BinnedScores",
    "ClassScores",
    "Classes",
    "ComponentMetrics",
    "ComponentResult",
    "ComponentSizes",
    "ImageMeans",
    "Overlaps",
    "PixelMetrics",
    "PixelScores",
    "SmiycPixelMetrics",
    "average_precision",
    "class_iou",
    "class_scores",
    "component_overlaps",
    "confusion_matrix",
    "mean_iou",
    "scores_by_domain",
]
