"""Send items to the workers of a Dask client and take back one outcome each, whatever happens."""

import logging
import pickle
import queue
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from assets.engine.cluster import holder_of, n_places_of, restart_worker
from assets.engine.drain import Drain
from assets.engine.lanes import Lanes
from assets.engine.offers import Resources, as_options
from assets.engine.outcome import EngineAwayError, ItemError, Outcome
from assets.engine.worker import LOST_TOPIC, STARTED_TOPIC, describe, run_pickled

if TYPE_CHECKING:
    from distributed import Client, Future

Outcomes: TypeAlias = Iterator[Outcome[Any, Any]]

IN_FLIGHT_PER_PLACE = 2
"""One runs, one waits beside it: no pause between items, and few innocents when a worker dies."""

TICK_S = 0.5
"""Longest pause before deadlines are looked at."""

FETCH_TIMEOUT_S = 30.0
"""Time for a small finished answer to arrive; after that it counts as lost."""

POISONED = (
    "its worker process died every time, also with nothing else in flight; look for lack of "
    "memory or a crash in native code in the log of the worker"
)
"""Reason of a poisoned item. Reasons name no worker: a row must be the same in every run."""

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Limits:
    """Times after which waiting ends; ``item_s`` counts from when a worker begins the item.

    ``drain_s`` is what items under way get to end after an interrupt.
    """

    item_s: float
    start_s: float
    drain_s: float = 0.0

    @property
    def unbegun_s(self) -> float:
        """Time for some item in flight to begin or end: one may run, and a worker may restart."""
        return 2 * self.item_s + self.start_s


@dataclass
class _Flight:
    """An item in flight; ``worker`` is empty until one has begun it."""

    index: int
    future: "Future[bytes]"
    deadline: float
    worker: str = ""


@dataclass(frozen=True)
class _Started:
    task: str
    worker: str


@dataclass(frozen=True)
class _Lost:
    task: str
    worker: str
    reason: str


@dataclass(frozen=True)
class _Done:
    task: str


class Dispatch:
    """One pass over items: submits within a window, watches deadlines, tries lost items alone."""

    def __init__(
        self,
        client: "Client",
        function: bytes,
        items: Sequence[object],
        keys: Sequence[str],
        limits: Limits,
        *,
        asked: Resources | None = None,
    ) -> None:
        """Prepare to run a pickled function on items; nothing is sent before `outcomes`.

        Only workers that offer what is asked for run an item.
        """
        self._drain = Drain(limits.drain_s)
        self._client, self._function, self._limits = client, function, limits
        self._items, self._keys, self._asked = items, keys, dict(asked or {})
        n_places = max(1, n_places_of(client, self._asked))
        self._lanes = Lanes(len(items), IN_FLIGHT_PER_PLACE * n_places)
        self._flights: dict[str, _Flight] = {}
        self._inbox: queue.SimpleQueue[_Started | _Lost | _Done] = queue.SimpleQueue()
        self._reasons: dict[int, str] = {}
        self._pass_id = uuid.uuid4().hex
        self._n_sent = 0
        self._workers_seen_at = self._moved_at = time.monotonic()

    def outcomes(self) -> Outcomes:
        """One outcome per item, as they come.

        Raises:
            EngineError: if all workers, or the scheduler, stay away for ``limits.start_s``, or no
                worker begins an item for ``limits.unbegun_s``.
            BaseException: what an interrupt raises, once what workers have begun has ended.
        """
        self._client.subscribe_topic(STARTED_TOPIC, lambda event: self._hear(_Started(**event[1])))
        self._client.subscribe_topic(LOST_TOPIC, lambda event: self._hear(_Lost(**event[1])))
        with self._drain:
            while self._lanes.is_open and not self._drain.is_asked:
                yield from self._submit()
                yield from self._listen()
                yield from self._end_overdue()
            while self._flights and not self._inbox.empty():
                yield from self._listen()
            self._give_up_unbegun()
            while self._flights:
                yield from self._listen()
                yield from self._end_overdue()

    def _hear(self, message: "_Started | _Lost") -> None:
        self._inbox.put(message)

    def _give_up_unbegun(self) -> None:
        unbegun = [task for task, flight in self._flights.items() if not flight.worker]
        for task in unbegun:
            self._flights.pop(task).future.cancel()
        if self._flights:
            _LOGGER.warning("stopping: %d items under way may end", len(self._flights))

    def _submit(self) -> Outcomes:
        while (index := self._lanes.take()) is not None:
            try:
                item = pickle.dumps(self._items[index])
            except Exception as error:
                yield self._fail(index, f"cannot be pickled: {describe(error)}")
            else:
                self._send(index, item)

    def _send(self, index: int, item: bytes) -> None:
        self._n_sent += 1  # a name is never used twice: Dask would answer from memory
        task = f"multishift-{self._pass_id}-{self._n_sent}"
        future = self._client.submit(
            run_pickled, self._function, item, key=task, pure=False, resources=self._asked
        )
        self._flights[task] = _Flight(index, future, time.monotonic() + self._limits.unbegun_s)
        future.add_done_callback(lambda _: self._inbox.put(_Done(task)))

    def _listen(self) -> Outcomes:
        if not self._flights:
            return
        try:
            message = self._inbox.get(timeout=TICK_S)
        except queue.Empty:
            self._demand_workers()
            return
        self._workers_seen_at = time.monotonic()
        flight = self._flights.get(message.task)
        if flight is None:  # of another pass, or already ended
            return
        self._moved_at = time.monotonic()
        if isinstance(message, _Started):
            flight.worker, flight.deadline = message.worker, time.monotonic() + self._limits.item_s
        elif isinstance(message, _Lost):
            self._reasons[flight.index] = message.reason
        else:
            yield from self._land(self._flights.pop(message.task))

    def _land(self, flight: _Flight) -> Outcomes:
        from distributed import CancelledError, KilledWorker

        try:
            value, error = pickle.loads(flight.future.result(timeout=FETCH_TIMEOUT_S))
        except KilledWorker as death:
            yield from self._lose(flight, death.allowed_failures + 1)
        except (CancelledError, TimeoutError):  # finished, then lost with its worker
            self._demand_scheduler()
            yield from self._lose(flight, 1)
        except Exception as failure:
            yield self._fail(flight.index, describe(failure))
        else:
            yield self._settle(flight.index, value, error)
        flight.future.release()

    def _lose(self, flight: _Flight, deaths: int) -> Outcomes:
        if self._lanes.lose(flight.index, deaths):
            key, worker = self._keys[flight.index], flight.worker or "its worker"
            _LOGGER.warning("item %s killed %s", key, worker)
            reason = self._reasons.get(flight.index, POISONED)
            yield self._settle(flight.index, None, ItemError("poisoned", reason))

    def _end_overdue(self) -> Outcomes:
        if not self._inbox.empty():  # whoever reads the outcomes was away: hear the news first
            return
        now = time.monotonic()
        for task, flight in list(self._flights.items()):
            if now > flight.deadline and not flight.future.done():
                yield from self._end(task, flight)

    def _end(self, task: str, flight: _Flight) -> Outcomes:
        self._demand_scheduler()
        if not flight.worker or holder_of(self._client, task) != flight.worker:
            # No fault of the item: others go before it, or its worker died and it begins elsewhere.
            self._demand_motion()
            flight.worker, flight.deadline = "", time.monotonic() + self._limits.unbegun_s
            return
        del self._flights[task]
        flight.future.cancel()
        restart_worker(self._client, flight.worker, timeout_s=self._limits.start_s)
        _LOGGER.warning("item %s stopped on %s", self._keys[flight.index], flight.worker)
        yield self._fail(
            flight.index,
            f"did not finish within {self._limits.item_s:g} s; raise item_timeout_s if the item is "
            "sound",
        )

    def _fail(self, index: int, reason: str) -> Outcome[Any, Any]:
        return self._settle(index, None, ItemError("failed", reason))

    def _settle(self, index: int, value: object, error: ItemError | None) -> Outcome[Any, Any]:
        self._lanes.settle(index)
        return Outcome(key=self._keys[index], item=self._items[index], value=value, error=error)

    def _demand_scheduler(self) -> None:
        if self._client.status != "running":
            raise EngineAwayError(
                "lost the connection to the Dask scheduler; look at its log, then run again: "
                "finished items are kept by their stage"
            )

    def _demand_workers(self) -> None:
        now = time.monotonic()
        if n_places_of(self._client, self._asked):
            self._workers_seen_at = now
        elif now - self._workers_seen_at > self._limits.start_s:
            raise EngineAwayError(
                f"no worker{self._with_offer()} for {self._limits.start_s:g} s with "
                f"{len(self._flights)} items in flight; look at the logs of scheduler and workers, "
                "then run again: finished items are kept by their stage"
            )

    def _demand_motion(self) -> None:
        limit = self._limits.unbegun_s
        if time.monotonic() - self._moved_at > limit:
            raise EngineAwayError(
                f"no worker{self._with_offer()} has begun one of {len(self._flights)} items for "
                f"{limit:g} s; they are busy with other work, or hang: look at their logs, then "
                "run again: finished items are kept by their stage"
            )

    def _with_offer(self) -> str:
        return f" with {as_options(self._asked)}" if self._asked else ""
