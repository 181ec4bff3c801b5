"""Flushes: the steps in which a draft reaches the disk, each complete or absent.

A flush is a folder of its own: first the parts, then ``flush.json``, which makes it count. It tells
which rows belong to which item, so that an item that two processes finished is taken once.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import uuid4

import pyarrow as pa
from upath import UPath

from storage.atomic import write_atomically
from storage.limits import MAX_POINTER_BYTES
from storage.listing import names, remove, remove_tree
from storage.manifests.parts import DamagedPartError, read_part, write_part
from storage.manifests.pointers import Part

FLUSH_FILE = "flush.json"


@dataclass(frozen=True)
class DraftedItem:
    """A finished item and how many rows it has in each table."""

    item: str
    rows: Mapping[str, int]


@dataclass(frozen=True)
class Flush:
    """One flush: its items in order, and for each table the part with their rows in that order."""

    folder: UPath
    items: tuple[DraftedItem, ...]
    parts: Mapping[str, Part]


def write_flush(
    draft: UPath, items: Sequence[DraftedItem], tables: Mapping[str, pa.Table]
) -> Flush:
    """Write rows and items as one flush of the draft; it counts once this returns."""
    folder = draft / uuid4().hex
    parts = {name: write_part(folder, table) for name, table in tables.items()}
    body = {
        "items": [asdict(item) for item in items],
        "parts": {name: asdict(part) for name, part in parts.items()},
    }
    content = json.dumps(body, sort_keys=True, indent=1, ensure_ascii=False)
    write_atomically(folder / FLUSH_FILE, content.encode())
    return Flush(folder, tuple(items), parts)


def flushes_of(draft: UPath) -> list[Flush]:
    """All flushes of a draft that count, in a fixed order."""
    found = (_read(draft / name) for name in names(draft) if not name.startswith("."))
    return [flush for flush in found if flush is not None]


def exists(flush: Flush) -> bool:
    """Whether the flush still counts: false after a commit or vacuum took it."""
    path = flush.folder / FLUSH_FILE
    return bool(path.fs.exists(path.path))


def flushed_rows(flush: Flush, table: str) -> pa.Table:
    """Rows of one table of a flush, in the order of its items.

    Raises:
        DamagedPartError: if the part is missing, cut off or altered.
    """
    return read_part(flush.folder, flush.parts[table], cure=_cure(flush.folder))


def remove_flush(flush: Flush) -> None:
    """Take a flush away; from the first step on it no longer counts."""
    remove(flush.folder / FLUSH_FILE)
    remove_tree(flush.folder)


def _read(folder: UPath) -> Flush | None:
    path = folder / FLUSH_FILE
    try:
        content = path.fs.cat_file(path.path)
        if len(content) > MAX_POINTER_BYTES:
            raise ValueError(f"{len(content)} bytes, more than {MAX_POINTER_BYTES}")
        body: dict[str, Any] = json.loads(content)
        items = tuple(DraftedItem(**entry) for entry in body["items"])
        return Flush(folder, items, {n: Part(**part) for n, part in body["parts"].items()})
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise DamagedPartError(
            f"{path}: need the list of a draft's items, got {error!r}; {_cure(folder)}"
        ) from error


def _cure(folder: UPath) -> str:
    return f"remove {folder} and run again: its items are computed once more"
