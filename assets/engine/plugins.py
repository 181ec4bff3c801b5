"""What the engine adds to Dask workers. Dask sets it up again in each process that it restarts."""

import signal
import threading

from distributed import Worker, WorkerPlugin

from assets.engine.warm import HELD, WarmModels


class HoldsModels(WorkerPlugin):
    """Models stay loaded on a worker as long as its process lives, whoever sends items."""

    name = "multishift-models"
    idempotent = True  # set up anew, it would drop the models of the step before

    def setup(self, worker: Worker) -> None:
        """Give the worker its own place for models."""
        setattr(worker, HELD, WarmModels())

    def teardown(self, worker: Worker) -> None:
        """Give the memory back."""
        held: WarmModels = getattr(worker, HELD)
        held.keep_only()


class IgnoresInterrupts(WorkerPlugin):
    """A worker that was started by a step leaves Ctrl-C to it.

    A terminal sends it to every process, so items that the step waits for would be lost.
    """

    name = "multishift-interrupts"
    idempotent = True

    def setup(self, worker: Worker) -> None:  # noqa: ARG002
        """Ignore the signal; a worker in a thread has none."""
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGINT, signal.SIG_IGN)
