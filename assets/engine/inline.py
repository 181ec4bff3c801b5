"""Items one after the other in this process: the default, for one machine and tests. No Dask."""

from collections.abc import Callable, Generator, Sequence
from typing import TypeVar

from assets.engine.drain import Drain
from assets.engine.outcome import Outcome
from assets.engine.worker import attempt

ItemT = TypeVar("ItemT")
ValueT = TypeVar("ValueT")


def map_inline(
    function: Callable[[ItemT], ValueT], items: Sequence[ItemT], keys: Sequence[str], drain: Drain
) -> Generator[Outcome[ItemT, ValueT], None, None]:
    """Outcome of every item, in order; a hanging or crashing item takes this process with it.

    Raises:
        DeviceLostError: if an item lost the device; it needs a new process.
    """
    with drain:
        for item, key in zip(items, keys, strict=True):
            if drain.is_asked:
                return
            value, error = attempt(function, item)
            yield Outcome(key=key, item=item, value=value, error=error)
