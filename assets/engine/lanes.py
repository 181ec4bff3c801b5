"""Which item is submitted next, and when a lost one is poisoned. Plain bookkeeping, knows no Dask.

The main lane keeps a small window in flight. When a worker dies, Dask suspects every item that the
worker held, guilty or not (its issue 5234). Suspects therefore wait until the main lane is empty
and then run one at a time with nothing else in flight: who loses a worker there did it alone.
"""

from collections import Counter, deque

DEATHS_TO_POISON = 2
"""Worker deaths of an item running alone that make it poisoned."""


class Lanes:
    """Main lane with a window, then a quarantine lane with a window of one; items are indices."""

    def __init__(self, n_items: int, window: int) -> None:
        """Put all items in the main lane; ``window`` is how many may be in flight at once."""
        self.window = window
        self._waiting = deque(range(n_items))
        self._suspects: deque[int] = deque()
        self._in_flight: set[int] = set()
        self._deaths_alone: Counter[int] = Counter()
        self._alone: int | None = None

    @property
    def is_open(self) -> bool:
        """Whether any item is still without an outcome."""
        return bool(self._waiting or self._suspects or self._in_flight)

    def take(self) -> int | None:
        """Next item to submit, now in flight; None while the window is full or nothing waits."""
        if self._waiting and len(self._in_flight) < self.window:
            return self._fly(self._waiting.popleft())
        if self._suspects and not self._waiting and not self._in_flight:
            self._alone = self._suspects.popleft()
            return self._fly(self._alone)
        return None

    def settle(self, item: int) -> None:
        """Take an item with an outcome out of flight."""
        self._in_flight.discard(item)

    def lose(self, item: int, deaths: int) -> bool:
        """Whether an item is poisoned after ``deaths`` more worker deaths; else it is suspected."""
        self._in_flight.discard(item)
        if item == self._alone:
            self._deaths_alone[item] += deaths
        if self._deaths_alone[item] >= DEATHS_TO_POISON:
            return True
        self._suspects.append(item)
        return False

    def _fly(self, item: int) -> int:
        self._in_flight.add(item)
        return item
