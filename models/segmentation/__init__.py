"""Segmenters: networks that name the known classes and score the unknown, and their one door."""

from models.checkpoint.reading import CheckpointError
from models.segmentation.architectures import ARCHITECTURES
from models.segmentation.door import load_segmenter
from models.segmentation.network import Segmenter, SegmenterOutput, normalize

__all__ = [
    "ARCHITECTURES",
    "CheckpointError",
    "Segmenter",
    "SegmenterOutput",
    "load_segmenter",
    "normalize",
]
