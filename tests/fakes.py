"""Stand-ins for what a test cannot have: stores that break their promises."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

import fsspec
import upath.registry
from fsspec.implementations.memory import MemoryFileSystem
from upath.implementations.memory import MemoryPath


class _Fake(MemoryFileSystem):
    """Memory under another name; every class has its own content."""

    @classmethod
    def _strip_protocol(cls, path: Any) -> str:
        return str(super()._strip_protocol(str(path).replace(f"{cls.protocol}://", "memory://")))


class HonestStore(_Fake):
    """An object store whose conditional create is atomic, as S3 promises it."""

    protocol = "honest"
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]
    _lock = threading.Lock()

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **kwargs: Any) -> None:
        with self._lock:
            super().pipe_file(path, value, mode=mode, **kwargs)


class CarelessStore(_Fake):
    """An object store that ignores the condition: every create succeeds."""

    protocol = "careless"
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **kwargs: Any) -> None:
        super().pipe_file(path, value, **kwargs)


class RacyStore(_Fake):
    """An object store that refuses a second create, but not one at the same time."""

    protocol = "racy"
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]
    _together = threading.Barrier(2)

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **kwargs: Any) -> None:
        if mode == "create" and self.exists(path):
            raise FileExistsError(path)
        if mode == "create":
            try:
                self._together.wait(timeout=0.2)  # both have looked, neither has written
            except threading.BrokenBarrierError:
                self._together.reset()
        super().pipe_file(path, value, **kwargs)


class LookingStore(_Fake):
    """A file system with nothing but fsspec's own look-then-write."""

    protocol = "looking"
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]
    pipe_file = fsspec.AbstractFileSystem.pipe_file


class _FakePath(MemoryPath):
    """Path in one of the stores below."""


STORES = (HonestStore, CarelessStore, RacyStore, LookingStore)


@contextmanager
def fake_stores() -> Iterator[None]:
    """Make ``honest://``, ``careless://``, ``racy://`` and ``looking://`` known, and empty."""
    for store in STORES:
        fsspec.register_implementation(store.protocol, store, clobber=True)
        upath.registry.register_implementation(store.protocol, _FakePath, clobber=True)
        store.store.clear()
        store.pseudo_dirs[:] = [""]
    yield
