"""Keywords of the losses of pairs, their defaults, and the published choices."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, Literal, NotRequired, TypedDict, get_args

import torch

Pairing = Literal["random", "all"]
ThirdSign = Literal["published", "paper"]
Reference = Literal["relative", "absolute", "outlier_exposure"]
"""What a score is compared with: another score, or fixed targets in either of two ways."""


class LossSettings(TypedDict):
    """What a run chooses of the loss: plain values, to be given as ``**settings``.

    ``margins`` are those of the three hinges; ``ce_weights`` weigh the cross-entropy of the
    original and of the generated half. ``selection_ratio`` is the share of generated pixels of
    known classes that is kept, those of lowest cross-entropy; None or 1 selects nothing.
    ``sample_ratio`` caps the random pairs at this share of all pixels of the batch; 1 is the
    published default and no cap. ``pairing`` is "random", or "all" for the expectation over all
    pairs. ``third_sign`` is "published" where the third margin is a tolerance, "paper" where it is
    added as eq. 4 prints it.

    ``reference`` is "relative", or one of two losses for comparison that read neither margins,
    ``sample_ratio``, ``pairing`` nor ``third_sign``, but ``score_targets``: (t_in, t_ood), what
    known scores shall not exceed and unknown ones reach. "absolute" is the same but for its hinges.
    "outlier_exposure" takes both halves as one set: it wants equal ``ce_weights`` and selects
    nothing, and ``exposure_weight`` is that of its two bounds beside the cross-entropy.
    """

    margins: Sequence[float]
    ce_weights: Sequence[float]
    selection_ratio: float | None
    sample_ratio: NotRequired[float]
    pairing: NotRequired[Pairing]
    third_sign: NotRequired[ThirdSign]
    reference: NotRequired[Reference]
    score_targets: NotRequired[Sequence[float] | None]
    exposure_weight: NotRequired[float]


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
    reference: Reference = "relative"
    score_targets: tuple[float, float] | None = None
    exposure_weight: float = 0.1

    def __post_init__(self) -> None:
        """Refuse a share that is none, and settings that the reference has no use for.

        Raises:
            ValueError: if a ratio lies outside (0, 1], the targets are missing or no targets, or
                outlier exposure is to tell the halves apart.
        """
        for name in ("selection_ratio", "sample_ratio"):
            ratio = getattr(self, name)
            if ratio is not None and not 0 < ratio <= 1:
                raise ValueError(f"need {name} in (0, 1], got {ratio}")
        if self.reference != "relative":
            _check_targets(self.reference, self.score_targets)
        if self.reference == "outlier_exposure":
            self._check_exposure()

    @property
    def targets(self) -> tuple[float, float]:
        """The targets of a reference that has some.

        Raises:
            ValueError: if there are none.
        """
        return _check_targets(self.reference, self.score_targets)

    def _check_exposure(self) -> None:
        if self.ce_weights[0] != self.ce_weights[1]:
            raise ValueError(
                "need equal ce_weights for outlier_exposure, whose halves are one set, got "
                f"{self.ce_weights}"
            )
        if self.selection_ratio not in (None, 1):
            raise ValueError(
                "need no selection_ratio for outlier_exposure, which selects nothing, got "
                f"{self.selection_ratio}"
            )
        if not (isfinite(self.exposure_weight) and self.exposure_weight > 0):
            raise ValueError(f"need a positive exposure_weight, got {self.exposure_weight}")

    def keywords(self) -> LossSettings:
        """What the loss is called with, beside a generator."""
        return {
            "margins": self.margins,
            "ce_weights": self.ce_weights,
            "selection_ratio": self.selection_ratio,
            "sample_ratio": self.sample_ratio,
            "pairing": self.pairing,
            "third_sign": self.third_sign,
            "reference": self.reference,
            "score_targets": self.score_targets,
            "exposure_weight": self.exposure_weight,
        }


def _check_targets(reference: str, targets: tuple[float, float] | None) -> tuple[float, float]:
    if targets is None:
        raise ValueError(
            f"need score_targets (t_in, t_ood) with the reference {reference!r}, got none; they "
            "depend on the scale of the scores, so look at those of the untrained OOD layer"
        )
    if not (all(map(isfinite, targets)) and targets[0] <= targets[1]):
        raise ValueError(f"need finite score_targets with t_in <= t_ood, got {targets}")
    return targets


_CHOICES = {"pairing": Pairing, "third_sign": ThirdSign, "reference": Reference}


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
    targets = settings.get("score_targets")
    if targets is not None and len(targets) != 2:
        raise ValueError(f"need score_targets (t_in, t_ood), got {tuple(targets)}")
    for name, choices in _CHOICES.items():
        known = get_args(choices)
        chosen = settings.get(name, known[0])
        if chosen not in known:
            raise ValueError(f"need {name} {' or '.join(map(repr, known))}, got {chosen!r}")
    plain: dict[str, Any] = {**settings, "margins": margins, "ce_weights": ce_weights}
    if targets is not None:
        plain["score_targets"] = tuple(targets)
    plain.pop("generator", None)
    return ContrastiveConfig(**plain)
