"""Items one after the other in this process: the default, for one machine and tests. No Dask."""

from collections.abc import Callable, Generator, Sequence
from typing import TypeVar

from assets.engine.outcome import Outcome
from assets.engine.worker import attempt

ItemT = TypeVar("ItemT")
ValueT = TypeVar("ValueT")


def map_inline(
    function: Callable[[ItemT], ValueT], items: Sequence[ItemT], keys: Sequence[str]
) -> Generator[Outcome[ItemT, ValueT], None, None]:
    """Outcome of every item, in order; a hanging or crashing item takes this process with it."""
    for item, key in zip(items, keys, strict=True):
        value, error = attempt(function, item)
        yield Outcome(key=key, item=item, value=value, error=error)
