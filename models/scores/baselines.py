"""The baselines of the literature; each gives a map that is higher further out of distribution."""

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

import torch
from jaxtyping import Float
from torch import Tensor

Logits = Float[Tensor, "batch classes height width"]
ScoreMaps = Float[Tensor, "batch height width"]


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """One way to read unknown objects from class logits.

    Attributes:
        score: from logits (B, C, H, W) to scores (B, H, W), in float32 or wider.
        needs_masks: whether the logits must be sums over queries of class probability times mask
            probability, as Mask2Former's are; any other network's have no such score.
        source: where it was published.
    """

    score: Callable[[Logits], ScoreMaps]
    needs_masks: bool
    source: str


def _max_softmax(logits: Logits) -> ScoreMaps:
    """One less the largest class probability, in [0, 1)."""
    return 1 - torch.exp(logits.amax(1) - logits.logsumexp(1))


def _max_logit(logits: Logits) -> ScoreMaps:
    return -logits.amax(1)


def _energy(logits: Logits) -> ScoreMaps:
    """Free energy at temperature 1."""
    return -logits.logsumexp(1)


def _entropy(logits: Logits) -> ScoreMaps:
    """Entropy of the class probabilities in nats, in [0, log C]."""
    log_probability = logits.log_softmax(1)
    return -(log_probability.exp() * log_probability).sum(1)


def _rejected_by_all(logits: Logits) -> ScoreMaps:
    """Minus the sum of the classes' hyperbolic tangents, in (-C, C)."""
    return -logits.tanh().sum(1)


BASELINES = MappingProxyType(
    {
        "max_softmax": Baseline(
            score=_max_softmax, needs_masks=False, source="Hendrycks and Gimpel 2017"
        ),
        "max_logit": Baseline(score=_max_logit, needs_masks=False, source="Hendrycks et al. 2022"),
        "energy": Baseline(score=_energy, needs_masks=False, source="Liu et al. 2020"),
        "entropy": Baseline(score=_entropy, needs_masks=False, source="Chan et al. 2021"),
        "rba": Baseline(score=_rejected_by_all, needs_masks=True, source="Nayal et al. 2023"),
    }
)
"""The baselines by the names that tables give them."""


def baseline_score(name: str, logits: Float[Tensor, "..."], *, has_masks: bool) -> ScoreMaps:
    """The score of one of `BASELINES`, computed in float32 at least.

    Args:
        name: of the baseline.
        logits: (B, C, H, W), where the largest one is the predicted class.
        has_masks: whether they come from a mask network such as Mask2Former.

    Raises:
        ValueError: if there is no such baseline, the logits have another number of axes, or the
            baseline is only defined for mask networks.
    """
    if name not in BASELINES:
        raise ValueError(f"need one of {', '.join(BASELINES)}, got {name!r}")
    if logits.ndim != 4:
        raise ValueError(f"need logits (B, C, H, W), got the shape {tuple(logits.shape)}")
    baseline = BASELINES[name]
    if baseline.needs_masks and not has_masks:
        raise ValueError(
            f"{name} is defined for mask networks alone: their class sums start at 0, while other "
            "logits have no such zero; choose another baseline"
        )
    return baseline.score(logits.to(torch.promote_types(logits.dtype, torch.float32)))
