"""One store: manifests and blobs below one root."""

from dataclasses import dataclass
from pathlib import Path

from upath import UPath

from storage.atomic import write_atomically
from storage.blobs import BlobStore
from storage.listing import fresh_root
from storage.manifests.manifest import Manifests


@dataclass(frozen=True)
class Store:
    """Manifests, blobs and reports of one root; rows name blobs by hash, so it can be moved."""

    root: UPath
    manifests: Manifests
    blobs: BlobStore

    def write_report(self, name: str, content: bytes) -> UPath:
        """Put a file for people below ``reports`` and tell where; a former one is replaced.

        Raises:
            ValueError: if ``name`` is no relative path that stays below ``reports``.
        """
        steps = name.split("/")
        if not all(steps) or any(step in (".", "..") or "\\" in step for step in steps):
            raise ValueError(
                f"need a relative path below reports, such as bank/a.png, got {name!r}"
            )
        path = self.root / "reports" / name
        write_atomically(path, content)
        return path


def open_store(root: str | Path | UPath, *, single_writer: bool = False) -> Store:
    """The store at a folder or any location of fsspec (``memory://``, ``s3://``, ...).

    A local folder is made by the first write. Other stores are tried at once: one small file is
    created there and removed again.

    Raises:
        StoreRefusedError: if the store ignores conditional creation and ``single_writer`` is false.
    """
    place = fresh_root(UPath(root))
    return Store(place, Manifests(place, single_writer=single_writer), BlobStore(place))
