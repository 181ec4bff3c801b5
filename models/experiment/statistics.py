"""Paired comparisons over seeds, and what a family of them leaves of each claim."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev

ALPHA = 0.05
"""Chance that any claim of a family holds by accident."""


@dataclass(frozen=True, kw_only=True)
class PairedComparison:
    """Mean of paired differences, with what the whole family of comparisons leaves of it.

    Attributes:
        n_pairs: seeds that both arms have.
        mean: of the differences.
        low: lower end of the interval of the mean.
        high: upper end.
        level: of the interval: 1 - alpha / (number of claims from this one's rank on).
        p_value: of the two-sided paired t test.
        p_holm: the same, adjusted for the family.
    """

    n_pairs: int
    mean: float
    low: float
    high: float
    level: float
    p_value: float
    p_holm: float

    def holds(self, *, is_higher_better: bool, alpha: float = ALPHA) -> bool:
        """Whether the difference is one for the better, and not by accident."""
        return self.p_holm < alpha and (self.mean > 0) == is_higher_better and self.mean != 0


def compare_family(
    differences: Mapping[str, Sequence[float]], *, alpha: float = ALPHA
) -> dict[str, PairedComparison]:
    """Paired t tests of a family of claims, by name in the order given, after Holm.

    Claims are ranked by their p values; the k-th of m is tested at alpha / (m - k + 1), and its
    interval has that level. Adjusted p values never fall along the ranks.

    Reference: Holm 1979, A simple sequentially rejective multiple test procedure.

    Args:
        differences: of each claim, one number a seed.
        alpha: of the family.

    Raises:
        ValueError: naming the claim, if it has less than two differences or one is not finite.
    """
    for name, values in differences.items():
        _check(name, values)
    p_values = {name: _p_value(values) for name, values in differences.items()}
    ranked = sorted(p_values, key=lambda name: p_values[name])
    found, highest = {}, 0.0
    for rank, name in enumerate(ranked):
        n_left = len(ranked) - rank
        highest = max(highest, min(1.0, n_left * p_values[name]))
        found[name] = _compared(
            differences[name], 1 - alpha / n_left, p_value=p_values[name], p_holm=highest
        )
    return {name: found[name] for name in differences}


def _compared(
    values: Sequence[float], level: float, *, p_value: float, p_holm: float
) -> PairedComparison:
    from scipy import stats

    mean = fmean(values)
    half = float(stats.t.ppf(0.5 + level / 2, len(values) - 1)) * stdev(values) / sqrt(len(values))
    return PairedComparison(
        n_pairs=len(values),
        mean=mean,
        low=mean - half,
        high=mean + half,
        level=level,
        p_value=p_value,
        p_holm=p_holm,
    )


def _p_value(values: Sequence[float]) -> float:
    from scipy import stats

    spread = stdev(values)
    if not spread:  # the test is not defined: all seeds agree to the last bit
        return 0.0 if fmean(values) else 1.0
    t = fmean(values) / (spread / sqrt(len(values)))
    return float(2 * stats.t.sf(abs(t), len(values) - 1))


def _check(name: str, values: Sequence[float]) -> None:
    is_finite = all(abs(value) < float("inf") for value in values)
    if len(values) < 2 or not is_finite:
        raise ValueError(f"{name}: need finite differences of two seeds or more, got {values}")
