"""Loaded models that stay in memory from item to item, step to step and run to run.

A Dask worker has its own set (`assets.engine.plugins`), any other process one. Stays light: what
torch holds is given back only where torch is loaded.
"""

import gc
import sys
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import RLock
from typing import Any, TypeVar

ModelT = TypeVar("ModelT")

MODEL_SETS = 2
"""Sets that are kept: two that take turns, as a detector and a generator do."""

HELD = "multishift_models"
"""Attribute of a Dask worker that holds its models."""


class WarmModels:
    """The models used last, by a key that says what they are and where they compute."""

    def __init__(self, size: int = MODEL_SETS) -> None:
        """Hold at most ``size`` of them."""
        self._size = size
        self._held: OrderedDict[Hashable, Any] = OrderedDict()
        self._lock = RLock()  # a load may ask for a part that is kept by itself

    def __contains__(self, key: Hashable) -> bool:
        return key in self._held

    def get(self, key: Hashable, load: Callable[[], ModelT]) -> ModelT:
        """Models of a key, loaded where they are not held; older ones make room before.

        Args:
            key: digest or stamp of the content, numbers, device: all that makes models differ.
            load: gives the models; an error keeps nothing.
        """
        with self._lock:
            if key not in self._held:
                self._shrink(self._size - 1)
                self._held[key] = load()
                self._shrink(self._size)
            self._held.move_to_end(key)
            models: ModelT = self._held[key]
            return models

    def keep_only(self, *keys: Hashable) -> bool:
        """Whether any models of other keys were held; they are given back."""
        with self._lock:
            others = [key for key in self._held if key not in keys]
            for key in others:
                del self._held[key]
        if others:
            give_memory_back()
        return bool(others)

    def _shrink(self, size: int) -> None:
        if len(self._held) <= size:
            return
        while len(self._held) > size:
            self._held.popitem(last=False)
        give_memory_back()


def warm_models() -> WarmModels:
    """Models of the worker that runs this item, or of this process."""
    if "distributed" in sys.modules:
        from distributed import get_worker

        try:
            held: WarmModels = getattr(get_worker(), HELD, _OF_THIS_PROCESS)
        except ValueError:  # no item of a worker runs here
            return _OF_THIS_PROCESS
        return held
    return _OF_THIS_PROCESS


def give_memory_back() -> None:
    """Return memory that nothing uses any more to the device: models are full of cycles."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()


_OF_THIS_PROCESS = WarmModels()
