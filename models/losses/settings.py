"""Keywords of the relative contrastive loss, their defaults, and the published choices."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NotRequired, TypedDict, get_args

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
class ContrastiveConfig:
    """`LossSettings` with their defaults, as a value that JSON can hold.

    The generator is not among them: it belongs to a step.
    """

    margins: tuple[float, float, float]
    ce_weights: tuple[float, float]
    selection_ratio: float | None
    sample_ratio: float = 1.0
    pairing: Pairing = "random"
    third_sign: ThirdSign = "published"

    def __post_init__(self) -> None:
        """Refuse a share that is none.

        Raises:
            ValueError: if a ratio lies outside (0, 1].
        """
        for name in ("selection_ratio", "sample_ratio"):
            ratio = getattr(self, name)
            if ratio is not None and not 0 < ratio <= 1:
                raise ValueError(f"need {name} in (0, 1], got {ratio}")

    def keywords(self) -> LossSettings:
        """What the loss is called with, beside a generator."""
        return {
            "margins": self.margins,
            "ce_weights": self.ce_weights,
            "selection_ratio": self.selection_ratio,
            "sample_ratio": self.sample_ratio,
            "pairing": self.pairing,
            "third_sign": self.third_sign,
        }


def contrastive_config(settings: LossSettings) -> ContrastiveConfig:
    """The settings as a configuration; a generator beside them is left out.

    Raises:
        ValueError: if a setting has a value that the loss does not know.
    """
    margins, ce_weights = tuple(settings["margins"]), tuple(settings["ce_weights"])
    if len(margins) != 3:
        raise ValueError(f"need margins of three hinges, got {margins}")
    if len(ce_weights) != 2:
        raise ValueError(f"need ce_weights of two halves, got {ce_weights}")
    for name, known in (("pairing", get_args(Pairing)), ("third_sign", get_args(ThirdSign))):
        chosen = settings.get(name, known[0])
        if chosen not in known:
            raise ValueError(f"need {name} {' or '.join(map(repr, known))}, got {chosen!r}")
    plain: dict[str, Any] = {**settings, "margins": margins, "ce_weights": ce_weights}
    plain.pop("generator", None)
    return ContrastiveConfig(**plain)
