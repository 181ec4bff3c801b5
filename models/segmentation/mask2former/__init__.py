"""Mask2Former with global masked attention and the second class layer, in both sizes."""

from models.segmentation.mask2former.config import MINIATURE, Mask2FormerConfig
from models.segmentation.mask2former.decoder import MaskPrediction
from models.segmentation.mask2former.model import (
    Mask2Former,
    mask2former_miniature,
    mask2former_r50,
    pad_to_multiple,
)

__all__ = [
    "MINIATURE",
    "Mask2Former",
    "Mask2FormerConfig",
    "MaskPrediction",
    "mask2former_miniature",
    "mask2former_r50",
    "pad_to_multiple",
]
