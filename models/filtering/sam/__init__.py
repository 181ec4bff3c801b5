"""Segment Anything of controlnet-aux: checkpoints in, masks in boxes out, and training of our own.

Reference: Kirillov et al. 2023 (arXiv 2304.02643); Zhang et al. 2023 (arXiv 2306.14289) for
MobileSAM.
"""

from models.filtering.sam.architectures import ARCHITECTURES
from models.filtering.sam.door import load_sam
from models.filtering.sam.segmenter import BoxMasks, SamSegmenter
from models.filtering.sam.training import SamTrainingConfig, train_sam

__all__ = [
    "ARCHITECTURES",
    "BoxMasks",
    "SamSegmenter",
    "SamTrainingConfig",
    "load_sam",
    "train_sam",
]
