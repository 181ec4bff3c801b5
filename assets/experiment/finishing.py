"""Items of the experiment: finished ones are drafted, failed ones are told after the commit."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any, TypeVar

from assets.engine.outcome import Outcome
from storage.manifests.drafts import Draft

ItemT = TypeVar("ItemT")
ValueT = TypeVar("ValueT")


class ItemsFailedError(RuntimeError):
    """Some items failed; all others are committed."""


def draft_all(
    outcomes: Iterator[Outcome[ItemT, ValueT]],
    draft: Draft,
    tables: Callable[[ValueT], Mapping[str, Sequence[Any]]],
) -> list[str]:
    """Draft every value as it comes; key and reason of each item that has none."""
    failed: list[str] = []
    with closing(outcomes):  # type: ignore[type-var]  # a generator
        for outcome in outcomes:
            if outcome.value is None:
                reason = outcome.error.reason if outcome.error else "no value"
                failed.append(f"{outcome.key}: {reason}")
            else:
                draft.add(outcome.key, tables(outcome.value))
    return failed


def refuse_failed(failed: Sequence[str], *, noun: str) -> None:
    """Nothing, if none failed.

    Raises:
        ItemsFailedError: naming the first.
    """
    if failed:
        raise ItemsFailedError(
            f"{noun} that failed: {len(failed)}, all others are committed; the first: {failed[0]}; "
            "mend the cause and run again"
        )
