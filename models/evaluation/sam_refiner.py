"""Segment Anything as the refinement of score maps asks it."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
from jaxtyping import Bool, UInt8

from models.evaluation.refinement import FindMasks
from models.filtering.masks import Box
from models.filtering.sam.door import load_sam
from models.filtering.sam.segmenter import SamSegmenter


@lru_cache(maxsize=1)
def load_refiner(checkpoint: Path | str, *, device: str = "cpu") -> FindMasks:
    """What finds a mask in each box; the network of the last call stays in memory.

    Raises:
        CheckpointError: if the file is no SAM.
    """
    return masks_by(load_sam(checkpoint).to(device))


def masks_by(sam: SamSegmenter) -> FindMasks:
    """What finds a mask in each box with a network that is loaded."""

    def find_masks(
        photograph: UInt8[np.ndarray, "_ _ 3"], boxes: Sequence[Box]
    ) -> Bool[np.ndarray, "boxes _ _"]:
        return sam.masks_in_boxes(photograph[None], [boxes])[0].masks

    return find_masks
