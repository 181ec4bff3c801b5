"""Look at generated pictures with SAM and the OOD detector: everything that a verdict needs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, UInt8

from models.filtering.detector import detect
from models.filtering.masks import mask_box
from models.filtering.sam.segmenter import SamSegmenter
from models.filtering.scores import SceneScores, layout_agreement, scene_scores
from models.segmentation.network import Segmenter


@dataclass(frozen=True, eq=False)
class Wanted:
    """What a picture was to show.

    Attributes:
        pasted_masks: where each object was to be drawn; none is empty.
        label_train_ids: of everything else, 0 to 18 or void.
    """

    pasted_masks: Bool[np.ndarray, "objects height width"]
    label_train_ids: UInt8[np.ndarray, "height width"]


class Examined(NamedTuple):
    """What SAM and the detector say of a picture.

    Attributes:
        scores: of the picture and each of its objects.
        sam_masks: one for each object.
    """

    scores: SceneScores
    sam_masks: Bool[np.ndarray, "objects height width"]


def examine(
    pictures: UInt8[np.ndarray, "batch height width 3"],
    wanted: Sequence[Wanted],
    *,
    sam: SamSegmenter,
    detector: Segmenter,
    batch_size: int,
) -> list[Examined]:
    """Scores and masks of each picture.

    The detector works at exactly ``batch_size`` pictures, the last one repeated, and SAM at one, so
    that what is said of a picture does not depend on how many there are.

    Args:
        pictures: RGB, ``batch_size`` at most.
        wanted: what each was to show.
        sam: prompted with the box of each pasted mask.
        detector: in evaluation mode.
        batch_size: of the detector.

    Raises:
        ValueError: if there are more pictures than a batch holds, a pasted mask is empty, or a
            network answers with numbers that are not finite.
    """
    if not 1 <= len(pictures) == len(wanted) <= batch_size:
        raise ValueError(
            f"need 1 to {batch_size} pictures and as many descriptions, got {len(pictures)} and "
            f"{len(wanted)}"
        )
    filled = np.concatenate([pictures, *[pictures[-1:]] * (batch_size - len(pictures))])
    maps = detect(detector, filled)
    found = []
    for index, expected in enumerate(wanted):
        boxes = [mask_box(mask) for mask in expected.pasted_masks]
        (answer,) = sam.masks_in_boxes(pictures[index : index + 1], [boxes])
        scores = scene_scores(
            expected.pasted_masks,
            answer.masks,
            answer.predicted_ious,
            maps.ood_score[index],
            agreement=layout_agreement(
                maps.classes[index], expected.label_train_ids, expected.pasted_masks
            ),
        )
        found.append(Examined(scores, answer.masks))
    return found
