"""Sources that a store knows, so that a slip of the pen is not recorded as a retraction."""

from collections.abc import Iterator
from difflib import get_close_matches

from assets.importing.names import ASSET as IMPORTED_SCENES
from assets.importing.names import TABLE as SCENES
from assets.labelling.labels import ASSET as LABELLED
from assets.retracting.sources import FRAMES, IMPORTED, sources_of_object
from assets.scenes.requests import ASSET as REQUESTS
from assets.segmenters.crops import BANK
from assets.tracing.reading import Reader

MAX_NEAR = 3


def refuse_unknown(source: str, reader: Reader) -> None:
    """Let pass a source that some kept version of the store knows.

    Raises:
        ValueError: if none does; the message names those that are written much like it.
    """
    kind, n_steps = source.split("/")[0], source.count("/")
    known = {name for name in _names(kind, reader) if name.count("/") == n_steps}
    if source in known:
        return
    near = get_close_matches(source, sorted(known), n=MAX_NEAR)
    like = f"did you mean {' or '.join(near)}? " if near else ""
    raise ValueError(
        f"{source}: need a source that something in the store was made from, got none of its "
        f"{len(known)}; {like}A retraction cannot be taken back: --even-unknown records it all the "
        "same, for a source that is still to come"
    )


def _names(kind: str, reader: Reader) -> Iterator[str]:
    if kind == IMPORTED:
        yield from (f"{IMPORTED}/{name}" for name in reader.partitions(IMPORTED_SCENES))
    elif kind == FRAMES:
        for asset, table in ((REQUESTS, REQUESTS), (LABELLED, SCENES), (IMPORTED_SCENES, SCENES)):
            yield from (f"{FRAMES}/{name}" for name in _values(asset, table, "frame_id", reader))
    else:
        for object_id in _values(BANK, BANK, "object_id", reader):
            yield from (name for name in sources_of_object(object_id) if name.startswith(kind))


def _values(asset: str, table: str, column: str, reader: Reader) -> set[str]:
    tables = (reader.table(version, table) for version in reader.all_kept(asset))
    return {str(name) for rows in tables if rows is not None for name in rows[column].to_pylist()}
