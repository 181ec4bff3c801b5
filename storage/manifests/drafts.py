"""Drafts: work in progress that survives its process.

A draft belongs to one partition and one recipe. A run that was killed starts again with the items
of its draft done; another recipe sees nothing of them. Nobody reads a draft before its commit.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, TypeAlias, Unpack

import pyarrow as pa

from storage.manifests.commits import CommitConflictError, Rows, record_type_of
from storage.manifests.flushes import (
    DraftedItem,
    Flush,
    exists,
    flushed_rows,
    flushes_of,
    remove_flush,
    write_flush,
)
from storage.manifests.layout import DRAFTS_FOLDER, UNPARTITIONED
from storage.manifests.manifest import Manifests
from storage.manifests.pointers import ManifestVersion, Origin
from storage.manifests.schemas import sort_by_key, to_table_unsorted

Finish: TypeAlias = Callable[[Mapping[str, pa.Table]], Mapping[str, Rows]]
"""From the drafted tables to those that are committed."""

FLUSH_ITEMS = 64
FLUSH_S = 30.0
_DIGITS = 16


class Draft:
    """Finished items of one partition under one recipe; opened by `open_draft`.

    ``finished`` holds the keys that earlier runs finished. One thread writes; several processes may
    have the same draft open, and the first to commit wins.
    """

    def __init__(self, manifests: Manifests, asset: str, partition: str, recipe: str) -> None:
        """Look up what was finished before; nothing is written yet."""
        self.asset, self.partition, self.recipe = asset, partition, recipe
        self.flush_items, self.flush_s = FLUSH_ITEMS, FLUSH_S
        digest = sha256(recipe.encode()).hexdigest()[:_DIGITS]
        self.folder = manifests.partition_folder(asset, partition) / DRAFTS_FOLDER / digest
        self._manifests = manifests
        self._base = manifests.latest_number(asset, partition)
        self._flushes = flushes_of(self.folder)
        self.finished = frozenset(item.item for flush in self._flushes for item in flush.items)
        self._added: set[str] = set()
        self._is_committed = False
        self._start_buffer()

    def add(self, item: str, tables: Mapping[str, Sequence[Any]]) -> None:
        """Keep the rows of a finished item; on disk after the next flush.

        Raises:
            ValueError: if the item is finished already, a table is unknown, or a value does not fit
                its column.
        """
        if self._is_committed or item in self._added or item in self.finished:
            state = "the draft is committed" if self._is_committed else "it is finished already"
            raise ValueError(f"{self.asset}/{self.partition}: cannot add item {item!r}: {state}")
        types = self._manifests.record_types
        rows = {n: to_table_unsorted(r, record_type_of(types, n)) for n, r in tables.items()}
        for name, table in rows.items():
            self._tables[name].append(table)
        self._items.append(DraftedItem(item, {n: table.num_rows for n, table in rows.items()}))
        self._added.add(item)
        is_late = time.monotonic() - self._flushed_at > self.flush_s
        if is_late or len(self._items) >= self.flush_items:
            self.flush()

    def flush(self) -> None:
        """Bring all items added so far to disk in one step; they survive from now on."""
        if self._items:
            tables = {name: pa.concat_tables(rows) for name, rows in self._tables.items()}
            self._flushes.append(write_flush(self.folder, self._items, tables))
        self._start_buffer()

    def commit(
        self,
        *,
        tables: Sequence[str] = (),
        finish: Finish | None = None,
        **origin: Unpack[Origin],
    ) -> ManifestVersion:
        """Replace the content of the partition by all drafted rows and end the draft.

        ``tables`` names those that the version must have even where no item had rows for them.
        ``finish`` makes the content out of the drafted tables (sorted by key), where that takes all
        of them at once. The recipe of the version is that of the draft.

        Raises:
            CommitConflictError: if another process committed this partition since the draft was
                opened; open it again, what is still drafted is kept.
            DamagedPartError: if drafted rows cannot be read.
            ValueError: as in `Manifests.commit`.
        """
        self.flush()
        flushes = self._counting_flushes()
        drafted = {**{name: self._no_rows(name) for name in tables}, **_gathered(flushes)}
        content = drafted if finish is None else finish(drafted)
        described: Origin = {**origin, "recipe": self.recipe}
        version = self._manifests.commit(
            self.asset, content, partition=self.partition, base=self._base, **described
        )
        for flush in flushes:
            remove_flush(flush)
        self._is_committed = True
        return version

    def _start_buffer(self) -> None:
        self._items: list[DraftedItem] = []
        self._tables: defaultdict[str, list[pa.Table]] = defaultdict(list)
        self._flushed_at = time.monotonic()

    def _no_rows(self, name: str) -> pa.Table:
        return to_table_unsorted([], record_type_of(self._manifests.record_types, name))

    def _counting_flushes(self) -> list[Flush]:
        """All flushes of all processes; those that this one relies on must be among them."""
        gone = [flush for flush in self._flushes if not exists(flush)]
        if gone:
            raise CommitConflictError(
                f"{self.asset}/{self.partition}: another process committed this draft or vacuum "
                f"removed {len(gone)} of its flushes; run again, what is still drafted is kept"
            )
        return flushes_of(self.folder)


@contextmanager
def open_draft(
    manifests: Manifests, asset: str, *, partition: str = UNPARTITIONED, recipe: str
) -> Iterator[Draft]:
    """The draft of a partition under a recipe, with what earlier runs finished.

    Leaving the block, also by an exception, brings all added items to disk; without a commit they
    stay for the next run.
    """
    draft = Draft(manifests, asset, partition, recipe)
    try:
        yield draft
    finally:
        draft.flush()


def _gathered(flushes: Sequence[Flush]) -> dict[str, pa.Table]:
    """Rows of every table; an item that several flushes hold counts where it comes first."""
    seen: set[str] = set()
    pieces: defaultdict[str, list[pa.Table]] = defaultdict(list)
    for flush in flushes:
        is_new = [item.item not in seen for item in flush.items]
        seen.update(item.item for item in flush.items)
        for name in flush.parts:
            counts = [item.rows.get(name, 0) for item in flush.items]
            mask = [new for new, count in zip(is_new, counts, strict=True) for _ in range(count)]
            pieces[name].append(flushed_rows(flush, name).filter(pa.array(mask, pa.bool_())))
    return {name: sort_by_key(pa.concat_tables(tables)) for name, tables in pieces.items()}
