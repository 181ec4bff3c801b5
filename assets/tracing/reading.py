"""Rows of all versions that a store still has: each table is read once, damage is noted.

A walk goes as far as the store goes. What vacuum removed, or a disk damaged, is told and skipped.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from assets.lineage import named_version
from storage.manifests.history import NoVersionError
from storage.manifests.parts import DamagedPartError
from storage.manifests.pointers import DamagedPointerError, ManifestVersion
from storage.manifests.schemas import to_records
from storage.store import Store

Record = TypeVar("Record")


@dataclass(frozen=True, kw_only=True)
class Lookup(Generic[Record]):
    """Rows that a walk looked for.

    Attributes:
        rows: none where they are not in the store any more.
        version: that holds them.
        note: what is not as it was, in words; None where the very version is there.
    """

    rows: tuple[Record, ...] = ()
    version: ManifestVersion | None = None
    note: str | None = None

    @property
    def row(self) -> Record | None:
        """The first row, if there is one."""
        return self.rows[0] if self.rows else None


@dataclass(frozen=True)
class Reader:
    """Reads the versions of a store; ``damage`` tells of those that cannot be read."""

    store: Store
    damage: list[str] = field(default_factory=list)
    _tables: dict[tuple[str, str, int, str], pa.Table | None] = field(default_factory=dict)
    _kept: dict[tuple[str, str], tuple[ManifestVersion, ...]] = field(default_factory=dict)

    def partitions(self, asset: str) -> list[str]:
        """Partitions of an asset, sorted."""
        return self.store.manifests.partitions(asset)

    def kept(self, asset: str, partition: str) -> tuple[ManifestVersion, ...]:
        """Versions of a partition that can be read, newest first."""
        place = (asset, partition)
        if place not in self._kept:
            numbers = reversed(self.store.manifests.version_numbers(asset, partition))
            found = (self._version(asset, number, partition) for number in numbers)
            self._kept[place] = tuple(version for version in found if version is not None)
        return self._kept[place]

    def all_kept(self, asset: str) -> list[ManifestVersion]:
        """Versions of all partitions of an asset, newest first within each."""
        return [version for key in self.partitions(asset) for version in self.kept(asset, key)]

    def table(self, version: ManifestVersion, table: str) -> pa.Table | None:
        """Rows of a table, None where they are missing or damaged."""
        place = (version.asset, version.partition, version.version, table)
        if place not in self._tables:
            self._tables[place] = self._read(version, table)
        return self._tables[place]

    def records(
        self, version: ManifestVersion, table: str, record_type: type[Record], **equal: object
    ) -> list[Record]:
        """Rows of a table as records, of which columns have the given values."""
        rows = self.table(version, table)
        for name, value in equal.items():
            rows = rows if rows is None else rows.filter(pc.field(name) == pc.scalar(value))
        return [] if rows is None else to_records(rows, record_type)

    def named(self, asset: str, partition: str, named: str) -> ManifestVersion | None:
        """The version that a child names, or one with the same rows; None if there is none."""
        try:
            return named_version(asset, partition, named, self.store)
        except DamagedPointerError as error:
            self._note(error)
            return None

    def look_up(
        self,
        place: tuple[str, str, str],
        record_type: type[Record],
        *,
        named: str | None,
        equal: dict[str, object],
        agrees: Callable[[Sequence[Record]], bool] = bool,
    ) -> Lookup[Record]:
        """Rows of a version that is named, or of the newest other one that agrees.

        Args:
            place: asset, partition and table.
            record_type: of the table.
            named: ``<version>:<fingerprint>`` as children name it; None where no child is there.
            equal: columns and the values that rows must have.
            agrees: whether the rows are those that were meant.
        """
        asset, partition, table = place
        meant = self.named(asset, partition, named) if named else None
        for version in [*([meant] if meant else []), *self.kept(asset, partition)]:
            rows = self.records(version, table, record_type, **equal)
            if agrees(rows):
                is_meant = named is None or version is meant
                other = f"{_told(asset, partition, named)}; version {version.version} agrees"
                return Lookup(rows=tuple(rows), version=version, note=None if is_meant else other)
        if meant is not None:
            return Lookup(note=f"{asset} {partition}, version {meant.version}: has no such row")
        return Lookup(note=_told(asset, partition, named))

    def _version(self, asset: str, number: int, partition: str) -> ManifestVersion | None:
        try:
            return self.store.manifests.version(asset, number, partition)
        except (NoVersionError, DamagedPointerError) as error:
            self._note(error)
            return None

    def _read(self, version: ManifestVersion, table: str) -> pa.Table | None:
        try:
            return self.store.manifests.rows(version, table)
        except (NoVersionError, DamagedPartError) as error:
            self._note(error)
            return None

    def _note(self, error: Exception) -> None:
        if str(error) not in self.damage:
            self.damage.append(str(error))


def parent_name(child: ManifestVersion | None, asset: str, partition: str) -> str | None:
    """How a version names its parent, "" where it names none, None where there is no version."""
    return None if child is None else child.parents.get(f"{asset}/{partition}", "")


def names_in(rows: pa.Table, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    """Values of some columns, row by row."""
    return list(zip(*(rows[name].to_pylist() for name in columns), strict=True))


def _told(asset: str, partition: str, named: str | None) -> str:
    if named == "":
        return f"{asset} {partition}: no version of it is named by what was made from it"
    number = (named or "").partition(":")[0]
    version = f"version {number} " if number else ""
    return f"{asset} {partition}: {version}is not in the store any more"
