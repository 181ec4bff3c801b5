"""Versions of the rows of an asset: the writing side, and the door for everybody.

Creating the pointer of version n+1 is the commit: before it nobody sees the new rows, after it
everybody does, and of two writers one creates it. Parts are never changed.
"""

import random
import time
from collections.abc import Iterator, Mapping
from typing import Unpack

import pyarrow as pa
from upath import UPath

from storage.atomic import chosen_create
from storage.listing import fresh_root
from storage.manifests.commits import (
    CommitConflictError,
    Rows,
    checked_rows,
    conflict,
    joined_rows,
    record_type_of,
    table_version,
    version_of,
    written,
)
from storage.manifests.history import History, NoVersionError
from storage.manifests.layout import UNPARTITIONED
from storage.manifests.parts import DamagedPartError
from storage.manifests.pointers import (
    DamagedPointerError,
    ManifestVersion,
    Origin,
    TableVersion,
    encode_pointer,
)
from storage.manifests.schemas import TABLES

__all__ = [
    "MAX_PARTS",
    "CommitConflictError",
    "DamagedPartError",
    "DamagedPointerError",
    "ManifestVersion",
    "Manifests",
    "NoVersionError",
    "Origin",
    "TableVersion",
]

MAX_PARTS = 16
"""An append that would make more parts of a table writes all its rows as one."""

MAX_TRIES = 1000
_PAUSE_S = 0.02


class Manifests(History):
    """The tables of all assets below ``<root>/manifests``, in versions.

    ``tables`` says which record each table holds (default: `storage.manifests.schemas.TABLES`).
    """

    def __init__(
        self,
        root: UPath | str,
        *,
        single_writer: bool = False,
        tables: Mapping[str, type] = TABLES,
    ) -> None:
        """Open a root; local folders are made by the first commit, other stores are tried at once.

        Raises:
            StoreRefusedError: if the store ignores conditional creation and ``single_writer`` is
                false.
        """
        super().__init__(fresh_root(root) / "manifests", tables)
        self._create = chosen_create(self.folder, single_writer=single_writer)

    def commit(
        self,
        asset: str,
        tables: Mapping[str, Rows],
        *,
        partition: str = UNPARTITIONED,
        base: int | None = None,
        **origin: Unpack[Origin],
    ) -> ManifestVersion:
        """Replace the content of a partition by these tables, all of them in one step.

        ``base`` is the version that the writer started from, 0 for none. Without it the commit
        follows whatever is latest.

        Raises:
            CommitConflictError: if ``base`` is no longer the latest version.
            ValueError: if a table is unknown, rows do not fit its schema, or two rows share a key.
            StoreFullError: if there is no room; the former version stays.
        """
        checked = self._checked(tables)
        folder = self.partition_folder(asset, partition)
        if base is not None:
            self._refuse_moved(asset, partition, base)
        content = {name: written(folder, table) for name, table in checked.items()}
        for _ in _tries(f"{asset}/{partition}"):
            number = 1 + (self.latest_number(asset, partition) if base is None else base)
            version = version_of(asset, partition, number, content, origin)
            if self._is_committed(version):
                break
            if base is not None:
                self._refuse_moved(asset, partition, base)
        return version

    def append(
        self,
        asset: str,
        tables: Mapping[str, Rows],
        *,
        partition: str = UNPARTITIONED,
        base: int | None = None,
        **origin: Unpack[Origin],
    ) -> ManifestVersion:
        """Add rows to the latest version of a partition; tables not named stay as they are.

        Other writers may append at the same time: all rows are kept. With ``base``, as in `commit`,
        the rows are added to that version or not at all.

        Raises:
            CommitConflictError: if ``base`` is no longer the latest version.
            ValueError: as in `commit`, also if a key is among the rows already there.
            DamagedPartError: if the rows already there cannot be read.
        """
        checked = self._checked(tables)
        folder = self.partition_folder(asset, partition)
        added = {name: written(folder, table) for name, table in checked.items()}
        for _ in _tries(f"{asset}/{partition}"):
            head = self.latest(asset, partition)
            if base not in (None, head.version if head else 0):
                raise CommitConflictError(conflict(asset, partition, base, head))
            content = dict(added)
            if head is not None:
                joined = {n: self._joined(head, n, checked[n], added[n]) for n in checked}
                content = {**head.tables, **joined}
            number = 1 + (head.version if head else 0)
            version = version_of(asset, partition, number, content, origin)
            if self._is_committed(version):
                break
        return version

    def _checked(self, tables: Mapping[str, Rows]) -> dict[str, pa.Table]:
        types = {name: record_type_of(self.record_types, name) for name in tables}
        return {name: checked_rows(name, rows, types[name]) for name, rows in tables.items()}

    def _joined(
        self, head: ManifestVersion, name: str, added: pa.Table, new: TableVersion
    ) -> TableVersion:
        if name not in head.tables:
            return new
        place = f"{head.asset}/{head.partition}, table {name}"
        rows = joined_rows(self.rows(head, name), added, place)
        parts = head.tables[name].parts + new.parts
        if len(parts) > MAX_PARTS:
            return written(self.partition_folder(head.asset, head.partition), rows)
        return table_version(rows, parts)

    def _is_committed(self, version: ManifestVersion) -> bool:
        """Try to create the pointer; false where another writer has that version."""
        path = self.pointer_path(version.asset, version.partition, version.version)
        content = encode_pointer(version)
        try:
            self._create(path, content)
        except FileExistsError:  # also after a lost answer, when the client itself tried twice
            return bool(path.fs.cat_file(path.path) == content)
        return True

    def _refuse_moved(self, asset: str, partition: str, base: int) -> None:
        latest = self.latest(asset, partition)
        if (latest.version if latest else 0) != base:
            raise CommitConflictError(conflict(asset, partition, base, latest))


def _tries(place: str) -> Iterator[int]:
    """Count tries with short random pauses, so that racing writers do not stay in step."""
    for number in range(MAX_TRIES):
        yield number
        time.sleep(random.uniform(0, _PAUSE_S))
    raise CommitConflictError(f"{place}: other writers were quicker {MAX_TRIES} times; run again")
