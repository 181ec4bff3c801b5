"""Rows of what people decide: which samples may be trained on, which sources may not be used.

The conventions are those of `storage.records`.
"""

from dataclasses import dataclass
from typing import Annotated

from storage.records import Key

ACCEPTED, VETOED = "accepted", "vetoed"
DECISIONS = (ACCEPTED, VETOED)


@dataclass(frozen=True, kw_only=True)
class Review:
    """One decision of a person on the picture of a sample; all are kept, the last one holds.

    An acceptance is of the picture and the label that were seen; a veto stays until somebody
    decides on what the sample is by then.
    """

    number: Annotated[int, "place among all decisions of the store, from 1", Key]
    asset: Annotated[str, "asset that holds the scene: labelled_scenes or imported_scenes"]
    round: Annotated[str, "regeneration round, or name of the imported set"]
    frame_id: Annotated[str, "Cityscapes frame whose layout the scene was drawn from"]
    variant: Annotated[int, "number of the scene of this frame, from 0"]
    image_sha256: Annotated[str, "blob of the picture that was seen; it need not be kept for this"]
    label_sha256: Annotated[
        str | None, "blob of the label that was seen with it; none if that is not known"
    ]
    decision: Annotated[str, "'accepted' or 'vetoed'"]
    reason: Annotated[str, "why, in the words of the reviewer; may be empty"]
    reviewer: Annotated[str, "who decided"]
    decided: Annotated[str, "when, UTC in ISO form"]


@dataclass(frozen=True, kw_only=True)
class Retraction:
    """One source that may no longer be used, nor anything that was made from it."""

    source: Annotated[
        str, "`<data set>/<image>[/<instance>]`, `cityscapes/<frame>` or `imported/<set>`", Key
    ]
    reason: Annotated[str, "why, in the words of who retracted it"]
    retracted_by: Annotated[str, "who retracted it"]
    retracted: Annotated[str, "when, UTC in ISO form"]
    checkpoints: Annotated[
        tuple[str, ...],
        "SHA-256 of the checkpoints that are known to have learned from it: they cannot forget it",
    ]
    doubles: Annotated[
        tuple[str, ...],
        "sources that show the same under another name, as some version of the bank told: they may "
        "not be used either",
    ]


@dataclass(frozen=True, kw_only=True)
class LearnedSources:
    """What a checkpoint was made from, noted before a purge removed what told so."""

    checkpoint_sha256: Annotated[str, "SHA-256 of the checkpoint", Key]
    asset: Annotated[str, "asset whose version went: 'training_set' or 'ood_objects'", Key]
    sources: Annotated[
        tuple[str, ...],
        "all that it learned from or may have pasted, named as in `retractions`, sorted",
    ]
