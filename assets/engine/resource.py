"""The `Engine` resource: where the items of an asset run. Dask is imported when first needed."""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from weakref import WeakSet

import dagster as dg
from pydantic import Field, PrivateAttr

from assets.engine.drain import Drain
from assets.engine.gpus import mask_of, n_gpus, visible_gpus
from assets.engine.inline import map_inline
from assets.engine.offers import GPU, Resources, offers_of, refuse_unmet, share_of_machine
from assets.engine.outcome import Outcome, unique_keys
from assets.engine.progress import Log, with_progress
from assets.engine.security import Certificates

if TYPE_CHECKING:
    from distributed import Client

    from assets.engine.cluster import WorkerPlan

ItemT = TypeVar("ItemT")
ValueT = TypeVar("ValueT")


WORKERS_WITHOUT_GPUS = 2
"""Worker processes of a machine without GPUs, where none are asked for."""


class Engine(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Runs a pure function on many items inside one asset, in one of three places."""

    mode: Literal["inline", "processes", "cluster"] = Field(
        default="inline",
        description="inline: one item after the other in the step's own process; processes: local "
        "worker processes, started for the call; cluster: a running Dask cluster.",
    )
    n_workers: int = Field(
        default=0,
        ge=0,
        description="Worker processes to start (mode processes), which share the GPUs of this "
        "machine evenly; 0: one for each GPU, or 2 where there are none.",
    )
    address: str = Field(
        default="",
        description="Scheduler, such as tcp://127.0.0.1:8786, or tls://HOST:8786 with certificates "
        "(mode cluster).",
    )
    tls_ca: str = Field(
        default="", description="PEM file of what vouches for the cluster's certificates."
    )
    tls_cert: str = Field(default="", description="PEM file of this side's certificate.")
    tls_key: str = Field(default="", description="PEM file of its private key.")
    item_timeout_s: float = Field(
        default=600.0,
        gt=0,
        description="Longest time one item may run; then it counts as failed and its worker is "
        "restarted. An item that runs inline cannot be stopped.",
    )
    start_timeout_s: float = Field(
        default=60.0,
        gt=0,
        description="Longest wait for scheduler and workers to come up, or to come back.",
    )
    drain_s: float = Field(
        default=30.0,
        ge=0,
        description="Longest time that items under way get to end when the step is stopped; a "
        "second signal stops at once.",
    )

    # Calls still running, so that an asset that fails in its loop leaves no worker process behind.
    _running: WeakSet[Generator[Any, None, None]] = PrivateAttr(default_factory=WeakSet)

    def map(
        self,
        function: Callable[[ItemT], ValueT],
        items: Sequence[ItemT],
        *,
        key: Callable[[ItemT], str],
        log: Log | None = None,
        label: str = "",
        resources: Resources | None = None,
    ) -> Iterator[Outcome[ItemT, ValueT]]:
        """One outcome per item, as items finish: inline in their order, else in any order.

        An item that raises, hangs or kills its worker gives an outcome with an error and takes
        nothing else with it. An item may run more than once, so the function must be idempotent.
        Workers stop when the iterator ends, is closed, or is interrupted: then nothing more
        begins, what is under way gets ``drain_s`` to end and is given out, and the interrupt is
        raised. Models that a function takes from `assets.engine.warm` stay loaded.

        Args:
            function: at module level (or ``functools.partial`` of one), importable by workers. Its
                value travels back: write pixels to storage, return a small record.
            items: picklable where they leave this process.
            key: name of an item, unique among ``items``.
            log: logger or callable that gets a line now and then; Dagster's ``context.log``.
            label: what the progress is about.
            resources: that one item takes, such as ``{"GPU": 2}``; it runs on a worker that
                offers them, and waits while others have them. Workers that are started here share
                the GPUs of this machine evenly, and each sees no others.

        Raises:
            ValueError: if keys repeat, or the function is no module-level one.
            EngineError: if there are no workers, none offers what an item takes, they cannot
                import the function, or the cluster is open to other machines.
            DeviceLostError: inline, if an item lost the device: a new process is needed.
        """
        keys = unique_keys(items, key)
        asked = dict(resources or {})
        if items and asked and self.mode != "cluster":
            self._refuse_more_than_machine(asked)
        if self.mode == "inline" or not items:
            outcomes = map_inline(function, items, keys, Drain(self.drain_s))
        else:
            outcomes = self._map_on_workers(function, items, keys, asked)
        told = with_progress(outcomes, len(items), log=log, label=label)
        self._running.add(told)
        return told

    def most_offered(self, name: str) -> float:
        """The most of a resource that one of the workers has, which this process is when inline.

        Raises:
            EngineError: if there are no workers.
        """
        if self.mode != "cluster":
            return share_of_machine({name: 1.0}, self._n_local)[name]
        with self._client({}) as client:
            amounts = [offered.get(name, 0.0) for offered in offers_of(client).values()]
            return max(amounts, default=0.0)

    def gpus_for(self, device: str, amount: float = 1.0) -> dict[str, float]:
        """What an item takes that computes on ``amount`` GPUs if ``device`` is or becomes one.

        ``auto`` becomes one where a worker offers any.

        Raises:
            EngineError: if there are no workers.
        """
        kind = device.partition(":")[0]
        has_gpus = self.most_offered(GPU) > 0 if kind == "auto" else kind == "cuda"
        return {GPU: amount} if has_gpus else {}

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002
        """Stop the workers of every call that its asset did not read to the end."""
        for told in list(self._running):
            told.close()

    def _map_on_workers(
        self,
        function: Callable[[ItemT], ValueT],
        items: Sequence[ItemT],
        keys: Sequence[str],
        asked: Resources,
    ) -> Generator[Outcome[ItemT, ValueT], None, None]:
        from assets.engine.cluster import equip_workers, refuse_without
        from assets.engine.dispatch import Dispatch, Limits
        from assets.engine.probe import check_workers, module_of, pickled_function

        pickled = pickled_function(function)
        with self._client(asked) as client:
            refuse_without(client, asked)
            check_workers(client, pickled, module_of(function), timeout_s=self.start_timeout_s)
            equip_workers(client, are_ours=self.mode == "processes")
            limits = Limits(self.item_timeout_s, self.start_timeout_s, self.drain_s)
            yield from Dispatch(client, pickled, items, keys, limits, asked=asked).outcomes()

    @property
    def _n_local(self) -> int:
        if self.mode == "inline":
            return 1
        return self.n_workers or n_gpus() or WORKERS_WITHOUT_GPUS

    def _refuse_more_than_machine(self, asked: Resources) -> None:
        place = "this machine" if self._n_local == 1 else f"each of {self._n_local} workers here"
        cure = "ask for less, or send items to a machine that has more, by the engine's address"
        refuse_unmet(asked, {place: share_of_machine(asked, self._n_local)}, cure)

    def _client(self, asked: Resources) -> AbstractContextManager["Client"]:
        from assets.engine.cluster import existing_cluster, local_processes

        if self.mode == "processes":
            return local_processes(self._plans(asked), timeout_s=self.start_timeout_s)
        if not self.address:
            raise ValueError(
                "need the engine's address in mode 'cluster', got none; give the scheduler's, such "
                "as tcp://127.0.0.1:8786"
            )
        certificates = Certificates(self.tls_ca, self.tls_cert, self.tls_key)
        return existing_cluster(
            self.address, timeout_s=self.start_timeout_s, certificates=certificates
        )

    def _plans(self, asked: Resources) -> list["WorkerPlan"]:
        from assets.engine.cluster import WorkerPlan

        n_workers, gpus = self._n_local, visible_gpus()
        offered = share_of_machine({GPU: 1.0, **asked}, n_workers)
        return [
            WorkerPlan(offered, mask_of(number, n_workers, gpus)) for number in range(n_workers)
        ]
