"""`multishift lineage`: where a checkpoint or a sample comes from, and what it is used by."""

import json
from pathlib import Path

from rich.console import Console
from rich.tree import Tree
from upath import UPath

from assets.tracing.checkpoints import StoredCheckpoint, TracedCheckpoint, trace_file, trace_stored
from assets.tracing.page import sample_page
from assets.tracing.plain import to_plain
from assets.tracing.reading import Reader
from assets.tracing.samples import TracedSample, trace_sample
from assets.tracing.search import PictureOf, find_start
from pipelines.commands.console import err, out
from pipelines.commands.lineage_checkpoint import checkpoint_tree
from pipelines.commands.lineage_sample import sample_tree
from pipelines.settings import Settings, read_settings
from storage.atomic import write_atomically
from storage.store import open_store

_WIDE = 10_000


def run_lineage(asked: str, *, as_json: bool, names_all: bool, html: Path | None = None) -> int:
    """Trace what is asked about in the configured store and print it, or write it as a page; 0."""
    settings = read_settings()
    reader = _reader(settings)
    start = find_start(asked, reader)
    traced = _traced(start, reader, Path(settings.data_root))
    if html is not None:
        return _write(traced, reader, settings, html)
    if as_json:
        out.print_json(json.dumps(to_plain(traced)))
        return 0
    if reader is None:
        err.print(f"no store in {settings.store_root}: what the file says is all", markup=False)
    # Only a terminal has a width that lines must keep to.
    console = out if out.is_terminal else Console(width=_WIDE, highlight=False)
    console.print(_tree(traced, names_all=names_all))
    return 0


def _write(
    traced: TracedCheckpoint | TracedSample,
    reader: Reader | None,
    settings: Settings,
    out_file: Path,
) -> int:
    if not isinstance(traced, TracedSample) or reader is None:
        raise ValueError("need a sample for a page, got a checkpoint; leave --html out, or --json")
    page = sample_page(traced, reader.store.blobs, Path(settings.data_root))
    write_atomically(UPath(out_file.absolute()), page)
    out.print(str(out_file), markup=False, soft_wrap=True)
    return 0


def _reader(settings: Settings) -> Reader | None:
    """A reader of the configured store; None where there is none, which is not made by asking."""
    store = open_store(settings.store_root, single_writer=True)  # it only reads
    return Reader(store) if store.manifests.assets() else None


def _traced(
    start: Path | StoredCheckpoint | PictureOf, reader: Reader | None, data_root: Path
) -> TracedCheckpoint | TracedSample:
    if isinstance(start, Path):
        return trace_file(start, reader)
    if reader is None:
        raise ValueError("need a store to look in, got none")
    if isinstance(start, StoredCheckpoint):
        return trace_stored(start, reader)
    return trace_sample(start.name, start.image_sha256, reader, data_root)


def _tree(traced: TracedCheckpoint | TracedSample, *, names_all: bool) -> Tree:
    if isinstance(traced, TracedCheckpoint):
        return checkpoint_tree(traced, names_all=names_all)
    return sample_tree(traced)
