"""Keywords of the relative contrastive loss, their defaults, and the published choices."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NotRequired, TypedDict

import torch

Pairing = Literal["random", "all"]
ThirdSign = Literal["published", "paper"]


class LossSettings(TypedDict):
    """What a run chooses of the loss: plain values, to be given as ``**settings``.

    ``margins`` are those of the three hinges; ``ce_weights`` weigh the cross-entropy of the
    original and of the generated half. ``selection_ratio`` is the share of generated pixels of
    known classes that is kept, those of lowest cross-entropy; None or 1 selects nothing.
    ``sample_ratio`` caps the random pairs at this share of all pixels of the batch; 1 is the
    published default and no cap. ``pairing`` is "random", or "all" for the expectation over all
    pairs. ``third_sign`` is "published" where the third margin is a tolerance, "paper" where it is
    added as eq. 4 prints it.
    """

    margins: Sequence[float]
    ce_weights: Sequence[float]
    selection_ratio: float | None
    sample_ratio: NotRequired[float]
    pairing: NotRequired[Pairing]
    third_sign: NotRequired[ThirdSign]


class LossKeywords(LossSettings):
    """The settings, and the generator that draws the pairs.

    It lives on the device of the scores; None is that device's own generator.
    """

    generator: NotRequired[torch.Generator | None]


DEEPLAB_LOSS: LossSettings = {
    "margins": (10.0, 5.0, 5.0),
    "ce_weights": (50.0, 10.0),
    "selection_ratio": 0.8,
    "sample_ratio": 1.0,
}
"""Published settings of DeepLabv3+ (Gao et al. 2024, code: lib/loss.py)."""

MASK2FORMER_LOSS: LossSettings = {
    "margins": (0.7, 0.5, 0.2),
    "ce_weights": (0.0, 0.0),
    "selection_ratio": None,
    "sample_ratio": 1.0,
}
"""Published settings of Mask2Former, whose own criterion trains the known classes."""


@dataclass(frozen=True, kw_only=True)
class CheckedSettings:
    """The keywords with their defaults.

    Raises:
        ValueError: if a keyword has a value that the loss does not know.
    """

    margins: Sequence[float]
    ce_weights: Sequence[float]
    selection_ratio: float | None
    sample_ratio: float = 1.0
    generator: torch.Generator | None = None
    pairing: str = "random"
    third_sign: str = "published"

    def __post_init__(self) -> None:
        if len(self.margins) != 3:
            raise ValueError(f"need margins of three hinges, got {self.margins}")
        if len(self.ce_weights) != 2:
            raise ValueError(f"need ce_weights of two halves, got {self.ce_weights}")
        for name in ("selection_ratio", "sample_ratio"):
            ratio = getattr(self, name)
            if ratio is not None and not 0 < ratio <= 1:
                raise ValueError(f"need {name} in (0, 1], got {ratio}")
        if self.pairing not in ("random", "all"):
            raise ValueError(f"need pairing 'random' or 'all', got {self.pairing!r}")
        if self.third_sign not in ("published", "paper"):
            raise ValueError(f"need third_sign 'published' or 'paper', got {self.third_sign!r}")
