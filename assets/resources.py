"""What an asset may ask for: the store that it commits to and the data that it reads."""

from pathlib import Path

import dagster as dg
from pydantic import Field

from storage.folders import kept_folder
from storage.store import Store, open_store
from storage.world import World, read_world


def _make_folder(root: Path) -> None:
    try:
        kept_folder(root)
    except OSError as error:
        raise ValueError(
            f"{root}: need a folder for the store that can be written, got {error.strerror}; set "
            "MULTISHIFT_STORE_ROOT to another"
        ) from error


class ManifestStore(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Where manifests and blobs live: a folder, or any location that fsspec can write."""

    root: str = Field(
        description="Folder or URL of the store, such as /data/store or s3://lab/store."
    )
    single_writer: bool = Field(
        False,
        description="Accept a store without conditional create, because one process alone writes.",
    )

    def open(self) -> Store:
        """Manifests and blobs at the root.

        Raises:
            StoreRefusedError: if the location ignores conditional creation (see `storage.atomic`).
            ValueError: if a local root cannot be a folder.
        """
        if "://" not in self.root:
            _make_folder(Path(self.root))
        return open_store(self.root, single_writer=self.single_writer)


class DataRoot(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Where the data sets lie, each in its official layout (`docs/data.md`)."""

    path: str = Field(description="Folder that holds the data sets.")

    @property
    def folder(self) -> Path:
        """The folder as a path.

        Raises:
            FileNotFoundError: if it does not exist; the message tells how to make a small one.
            ValueError: if it is an address: data sets are read by their paths.
        """
        if "://" in self.path:
            raise ValueError(
                f"{self.path}: need a folder with data sets, got an address; mount the bucket and "
                "set MULTISHIFT_DATA_ROOT to the mount point (docs/storage.md)"
            )
        folder = Path(self.path)
        if not folder.is_dir():
            raise FileNotFoundError(
                f"{folder}: need a folder with data sets, got none; write the miniature world with "
                f"`multishift miniature {folder}` or set MULTISHIFT_DATA_ROOT to yours"
            )
        return folder

    @property
    def world(self) -> World:
        """Which world the folder holds: the miniature, or real data sets."""
        return read_world(self.folder)
