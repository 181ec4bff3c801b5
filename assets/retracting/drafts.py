"""Unfinished work that holds rows of a source: drafts of runs that were killed."""

from collections.abc import Iterator
from dataclasses import dataclass

from assets.retracting.holdings import ORDER, TABLES_OF, Finder
from assets.retracting.sources import Retracted
from assets.tracing.reading import Reader
from storage.manifests.flushes import flushed_rows, flushes_of
from storage.manifests.inventory import DraftKey, draft_folder, take_inventory
from storage.manifests.layout import key_of_folder
from storage.manifests.parts import DamagedPartError
from storage.manifests.references import blobs_of_rows


@dataclass(frozen=True, kw_only=True)
class HeldDraft:
    """A draft with rows of a source.

    Attributes:
        key: its folders, as the inventory names them.
        asset: that it was for.
        partition: that it was for.
        blobs: that its rows of the source name.
    """

    key: DraftKey
    asset: str
    partition: str
    blobs: frozenset[str]


def find_drafts(retracted: Retracted, reader: Reader) -> Iterator[HeldDraft]:
    """Every draft that holds rows of the sources, by its folders."""
    finder = Finder(retracted, reader)
    for key in sorted(take_inventory(reader.store.manifests).drafts):
        asset, partition = map(key_of_folder, key[:2])
        if asset in ORDER:
            try:
                held = list(_blobs_of_tables(key, finder))
            except DamagedPartError as error:
                reader.damage.append(str(error))
                continue
            if held:
                blobs = frozenset[str]().union(*held)
                yield HeldDraft(key=key, asset=asset, partition=partition, blobs=blobs)


def _blobs_of_tables(key: DraftKey, finder: Finder) -> Iterator[set[str]]:
    """The blobs of the rows that a draft holds of the sources, by flush and table."""
    asset, partition = map(key_of_folder, key[:2])
    for flush in flushes_of(draft_folder(finder.reader.store.manifests, key)):
        for table in set(flush.parts) & set(TABLES_OF[asset]):
            rows = finder.drafted(asset, partition, flushed_rows(flush, table))
            if rows.num_rows:
                yield blobs_of_rows(rows)
