"""What becomes of an item: a value, or a reason for none. Imported by workers: stays light."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Literal, TypeVar

from storage.records import Finding, Quarantined

ItemT = TypeVar("ItemT")
ValueT = TypeVar("ValueT")


class EngineError(RuntimeError):
    """The engine cannot work (no workers, no scheduler, no code there); no item is at fault."""


class EngineAwayError(EngineError):
    """Scheduler or workers are not there now, and may be at the next try."""


@dataclass(frozen=True)
class ItemError:
    """Why an item has no value.

    ``bad_input``: a file is at fault. ``failed``: the function raised, or exceeded its time.
    ``poisoned``: its worker died, or lost its device, again and again, with no other item near.
    ``reason`` is one line.
    """

    kind: Literal["bad_input", "failed", "poisoned"]
    reason: str


@dataclass(frozen=True, kw_only=True)
class Outcome(Generic[ItemT, ValueT]):
    """One finished item; ``value`` is what the function gave, or None where ``error`` says why."""

    key: str
    item: ItemT
    value: ValueT | None
    error: ItemError | None


def quarantined(outcome: Outcome[ItemT, ValueT]) -> Quarantined:
    """Row that keeps an item with an error in the manifest.

    Raises:
        ValueError: if the item has no error.
    """
    if outcome.error is None:
        raise ValueError(f"need an outcome with an error, got the value of {outcome.key!r}")
    return Quarantined(item=outcome.key, status=outcome.error.kind, reason=outcome.error.reason)


def quarantined_finding(finding: Finding) -> Quarantined:
    """Row that keeps a gap of a data set in the manifest."""
    return Quarantined(
        item=f"{finding.dataset}/{finding.path}",
        status="bad_input",
        reason=f"{finding.fact}; {finding.cure}",
    )


def unique_keys(items: Sequence[ItemT], key: Callable[[ItemT], str]) -> list[str]:
    """Key of every item, in order.

    Raises:
        ValueError: if two items share a key, naming the first few that do.
    """
    keys = [key(item) for item in items]
    repeated = [name for name, count in Counter(keys).items() if count > 1]
    if repeated:
        raise ValueError(
            f"need one key per item, got {len(repeated)} keys more than once: {repeated[:3]}"
        )
    return keys
