"""The reading side of manifests: which versions there are, and the rows of one.

Readers open the parts that a pointer lists and nothing else, so that unfinished files, parts of a
commit that lost, and later versions never show.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

import pyarrow as pa
from upath import UPath

from storage.listing import names
from storage.manifests.columns import arrow_schema
from storage.manifests.commits import read_rows, record_type_of
from storage.manifests.layout import (
    UNPARTITIONED,
    key_of_folder,
    partition_folder,
    pointer_path,
    version_numbers,
)
from storage.manifests.pointers import ManifestVersion, decode_pointer
from storage.manifests.schemas import to_records

Record = TypeVar("Record")


class NoVersionError(LookupError):
    """The asset, partition, version or table was never committed, or vacuum removed it."""


class History:
    """All versions of all assets below a folder; reading needs no right to write."""

    def __init__(self, folder: UPath, record_types: Mapping[str, type]) -> None:
        """Look at ``folder``, which need not exist; ``record_types`` maps tables to records."""
        self.folder = folder
        self.record_types = MappingProxyType(dict(record_types))

    def latest(self, asset: str, partition: str = UNPARTITIONED) -> ManifestVersion | None:
        """The newest version of a partition; None before the first commit.

        Raises:
            DamagedPointerError: if its pointer was cut off or altered.
        """
        number = self.latest_number(asset, partition)
        return self.version(asset, number, partition) if number else None

    def version(self, asset: str, number: int, partition: str = UNPARTITIONED) -> ManifestVersion:
        """One version of a partition by its number.

        Raises:
            NoVersionError: if there is none, or vacuum removed it.
            DamagedPointerError: if its pointer was cut off or altered.
        """
        path = self.pointer_path(asset, partition, number)
        try:
            return decode_pointer(path.fs.cat_file(path.path), str(path))
        except FileNotFoundError as error:
            raise NoVersionError(
                f"{asset}/{partition}: has no version {number}; kept versions: "
                f"{self.version_numbers(asset, partition)}"
            ) from error

    def versions(self, asset: str, partition: str = UNPARTITIONED) -> list[ManifestVersion]:
        """All kept versions of a partition, oldest first."""
        numbers = self.version_numbers(asset, partition)
        return [self.version(asset, number, partition) for number in numbers]

    def latest_number(self, asset: str, partition: str = UNPARTITIONED) -> int:
        """Number of the newest version of a partition; 0 before the first commit."""
        return max(self.version_numbers(asset, partition), default=0)

    def version_numbers(self, asset: str, partition: str = UNPARTITIONED) -> list[int]:
        """Numbers of all kept versions of a partition, ascending."""
        return version_numbers(self.partition_folder(asset, partition))

    def assets(self) -> list[str]:
        """Assets that have at least one version, sorted."""
        folders = (name for name in names(self.folder) if not name.startswith("."))
        return sorted(asset for asset in map(key_of_folder, folders) if self.partitions(asset))

    def partitions(self, asset: str) -> list[str]:
        """Partitions of an asset that have at least one version, sorted."""
        folder = self.partition_folder(asset, UNPARTITIONED).parent
        found = (key_of_folder(name) for name in names(folder) if not name.startswith("."))
        return sorted(key for key in found if self.version_numbers(asset, key))

    def read(
        self,
        asset: str,
        table: str,
        *,
        partition: str = UNPARTITIONED,
        version: int | None = None,
        columns: Sequence[str] | None = None,
    ) -> pa.Table:
        """Rows of a table, sorted by key, of the latest or of an earlier version.

        Nullable columns that the record gained since are null.

        Raises:
            NoVersionError: if there is no such version, or it lacks the table.
            ValueError: if the table is not registered.
            DamagedPartError: if a part is missing, cut off or altered; rows are never left out.
            SchemaError: if the parts do not fit the record of the table.
        """
        found = self.wanted(asset, partition, version)
        rows = self.rows(found, table)
        return rows if columns is None else rows.select(list(columns))

    def rows(self, version: ManifestVersion, table: str) -> pa.Table:
        """Rows of a table of a version at hand, sorted by key; errors as in `read`."""
        schema = arrow_schema(record_type_of(self.record_types, table))
        if table not in version.tables:
            raise NoVersionError(
                f"{version.asset}/{version.partition}: version {version.version} has no table "
                f"{table!r}, only {sorted(version.tables)}"
            )
        folder = self.partition_folder(version.asset, version.partition)
        return read_rows(folder, version, table, schema)

    def read_records(
        self,
        asset: str,
        table: str,
        record_type: type[Record],
        *,
        partition: str = UNPARTITIONED,
        version: int | None = None,
    ) -> list[Record]:
        """Rows of a table as records; order and errors as in `read`."""
        return to_records(
            self.read(asset, table, partition=partition, version=version), record_type
        )

    def partition_folder(self, asset: str, partition: str = UNPARTITIONED) -> UPath:
        """Folder that holds everything of one partition."""
        return partition_folder(self.folder, asset, partition)

    def pointer_path(self, asset: str, partition: str, number: int) -> UPath:
        """Pointer of a version of a partition, whether it exists or not."""
        return pointer_path(self.partition_folder(asset, partition), number)

    def wanted(
        self, asset: str, partition: str = UNPARTITIONED, number: int | None = None
    ) -> ManifestVersion:
        """The version of that number, or the latest.

        Raises:
            NoVersionError: if there is none.
        """
        if number is not None:
            return self.version(asset, number, partition)
        found = self.latest(asset, partition)
        if found is None:
            raise NoVersionError(
                f"{asset}/{partition}: nothing was committed below {self.folder}; materialize it "
                "first"
            )
        return found
