"""Sorted parts cut at the same values, into stretches that fit in memory."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from models.metrics.sorted_scores import SortedScores

MOST_AT_ONCE = 1 << 21
"""Scores that a stretch of more than one value may hold: 8 MB, and some times that to count."""

Scores = Float32[np.ndarray, " _"]
Places = tuple[int, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Span:
    """The scores of one value, or all strictly between two values.

    Attributes:
        value: where all scores are that one; None between two.
        n_in: in-distribution scores.
        n_ood: OOD scores.
        in_slices: the former, part by part; empty where there is one value or no OOD score.
        ood_slices: the latter, likewise.
    """

    value: float | None
    n_in: int
    n_ood: int
    in_slices: tuple[Scores, ...] = ()
    ood_slices: tuple[Scores, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Gap:
    """The open interval between two values, and where it starts and ends in each part."""

    low: float
    high: float
    starts: Places
    stops: Places


def spans(
    in_parts: list[SortedScores],
    ood_parts: list[SortedScores],
) -> Iterator[Span]:
    """All scores of finite parts in ascending order, each in one span.

    A gap with too many scores is cut at the middle one of the parts' indexes, and the scores at the
    cut are counted by their places alone; so a value that fills most of the parts is never read.
    """
    parts = [*in_parts, *ood_parts]
    whole = _Gap(
        low=-np.inf,
        high=np.inf,
        starts=(0,) * len(parts),
        stops=tuple(len(part) for part in parts),
    )
    waiting: list[_Gap | Span] = [whole]
    while waiting:
        gap = waiting.pop()
        if isinstance(gap, Span):
            yield gap
        elif sum(gap.stops) - sum(gap.starts) <= MOST_AT_ONCE or not _n_ood(gap, len(in_parts)):
            yield _read(gap, parts, len(in_parts))
        else:
            waiting.extend(reversed(_cut(gap, parts, len(in_parts))))


def joined(slices: tuple[Scores, ...]) -> Scores:
    """The scores of sorted slices in one sorted array."""
    if len(slices) == 1:
        return slices[0]
    together = np.concatenate(slices) if slices else np.empty(0, np.float32)
    together.sort()
    return together


def _n_ood(gap: _Gap, n_in_parts: int) -> int:
    return sum(gap.stops[n_in_parts:]) - sum(gap.starts[n_in_parts:])


def _read(gap: _Gap, parts: list[SortedScores], n_in_parts: int) -> Span:
    places = list(zip(parts, gap.starts, gap.stops, strict=True))
    sizes = [stop - start for _, start, stop in places]
    n_in, n_ood = sum(sizes[:n_in_parts]), sum(sizes[n_in_parts:])
    if not n_ood:
        return Span(value=None, n_in=n_in, n_ood=0)
    slices = [part.read(start, stop) for part, start, stop in places]
    return Span(
        value=None,
        n_in=n_in,
        n_ood=n_ood,
        in_slices=tuple(found for found in slices[:n_in_parts] if len(found)),
        ood_slices=tuple(found for found in slices[n_in_parts:] if len(found)),
    )


def _cut(gap: _Gap, parts: list[SortedScores], n_in_parts: int) -> list[_Gap | Span]:
    """The gap below its middle value, that value, and the gap above."""
    value = _middle(gap, parts)
    places = [part.span(value) for part in parts]
    left, right = (tuple(place[side] for place in places) for side in (0, 1))
    sizes = [stop - start for start, stop in places]
    return [
        _Gap(low=gap.low, high=value, starts=gap.starts, stops=left),
        Span(value=value, n_in=sum(sizes[:n_in_parts]), n_ood=sum(sizes[n_in_parts:])),
        _Gap(low=value, high=gap.high, starts=right, stops=gap.stops),
    ]


def _middle(gap: _Gap, parts: list[SortedScores]) -> float:
    """A value strictly inside; there is one, since the gap holds scores."""
    known = [part.index[(part.index > gap.low) & (part.index < gap.high)] for part in parts]
    inside = np.concatenate(known)
    if len(inside):
        return float(np.partition(inside, len(inside) // 2)[len(inside) // 2])
    return _halfway(gap.low, gap.high)


def _halfway(low: float, high: float) -> float:
    """The float32 with as many others between it and each end, as nearly as there is one."""
    ranks = [_rank(value) for value in (low, high)]
    rank = sum(ranks) // 2
    bits = rank if rank >= 0 else (-rank) | 0x8000_0000
    return float(np.array(bits, np.uint32).view(np.float32))


def _rank(value: float) -> int:
    """Place of a float32 among all, 0 being that of zero."""
    bits = int(np.array(value, np.float32).view(np.uint32))
    return bits if bits < 0x8000_0000 else 0x8000_0000 - bits
