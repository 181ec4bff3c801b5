"""Which blobs the rows of a store name: what vacuum must keep, and what a store lacks."""

from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc
from upath import UPath

from storage.blobs import BlobStore
from storage.manifests.columns import blob_columns
from storage.manifests.commits import cure_of
from storage.manifests.flushes import flushed_rows, flushes_of
from storage.manifests.history import History
from storage.manifests.layout import UNPARTITIONED
from storage.manifests.parts import read_part
from storage.manifests.pointers import ManifestVersion


def blobs_of_rows(table: pa.Table) -> set[str]:
    """Names of all blobs in the columns that the table's own schema marks as references."""
    found: set[str] = set()
    for name in blob_columns(table.schema):
        column = table.column(name)
        values = pc.list_flatten(column) if pa.types.is_list(column.type) else column
        found.update(values.drop_null().unique().to_pylist())
    return found


def blobs_of_versions(manifests: History, versions: Iterable[ManifestVersion]) -> set[str]:
    """Names of all blobs in all tables of these versions; parts that they share are read once.

    Raises:
        DamagedPartError: if a part cannot be read, so that its blobs are unknown.
    """
    found: set[str] = set()
    seen: set[UPath] = set()
    for version in versions:
        folder = manifests.partition_folder(version.asset, version.partition)
        for part in (part for table in version.tables.values() for part in table.parts):
            if folder / part.path not in seen:
                found |= blobs_of_rows(read_part(folder, part, cure=cure_of(version)))
                seen.add(folder / part.path)
    return found


def blobs_of_drafts(drafts: Iterable[UPath]) -> set[str]:
    """Names of all blobs in the rows of these drafts.

    Raises:
        DamagedPartError: if drafted rows cannot be read.
    """
    found: set[str] = set()
    for flush in (flush for draft in drafts for flush in flushes_of(draft)):
        for table in flush.parts:
            found |= blobs_of_rows(flushed_rows(flush, table))
    return found


def missing_blobs(
    manifests: History, blobs: BlobStore, asset: str, partition: str = UNPARTITIONED
) -> list[str]:
    """Blobs that the latest version of a partition names and the store lacks, sorted.

    Raises:
        NoVersionError: if nothing was committed there.
    """
    named = blobs_of_versions(manifests, [manifests.wanted(asset, partition)])
    return sorted(name for name in named if not blobs.exists(name))
