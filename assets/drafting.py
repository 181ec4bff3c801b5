"""What becomes of the outcome of an item: drafted where it is final, else given back."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from assets.engine.outcome import Outcome, quarantined
from storage.manifests.drafts import Draft
from storage.records import Quarantined

ItemT = TypeVar("ItemT")
ValueT = TypeVar("ValueT")


def keep(
    outcome: Outcome[ItemT, ValueT],
    draft: Draft,
    tables: Callable[[ValueT], Mapping[str, Sequence[Any]]],
) -> list[Quarantined]:
    """Draft a value or a bad file; what failed for other reasons may pass by itself: its row.

    Args:
        outcome: of one item.
        draft: that the item belongs to.
        tables: rows by table, of a value.
    """
    if outcome.value is not None:
        draft.add(outcome.key, tables(outcome.value))
        return []
    row = quarantined(outcome)
    if row.status == "bad_input":
        draft.add(outcome.key, {"quarantine": [row]})
        return []
    return [row]


def refuse_many(failed: Sequence[Quarantined], *, n_items: int, max_frac: float, noun: str) -> None:
    """Let pass a share of failed items up to ``max_frac``; ``noun`` names the items.

    Raises:
        RuntimeError: if there are more, naming the first.
    """
    if len(failed) > max_frac * n_items:
        raise RuntimeError(
            f"{len(failed)} of {n_items} {noun} failed, so nothing was committed; the first: "
            f"{failed[0].item}: {failed[0].reason}; mend the cause and run again, what is "
            "finished is kept"
        )
