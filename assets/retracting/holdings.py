"""Which versions of the store hold rows that were made from a source, and the blobs they name."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from assets.filtering.judging import ASSET as FILTERED
from assets.filtering.judging import TABLE as VERDICTS
from assets.importing.names import ASSET as IMPORTED
from assets.labelling.labels import ASSET as LABELLED
from assets.labelling.labels import TABLE as SCENES
from assets.retracting.sources import Retracted
from assets.scenes.requests import ASSET as REQUESTS
from assets.segmenters.crops import BANK
from assets.selecting.samples import ASSET as TRAINING_SET
from assets.selecting.samples import TABLE as PAIRS
from assets.synthesis.synthesis import ASSET as DRAWN
from assets.tracing.reading import Reader, parent_name
from storage.manifests.pointers import ManifestVersion
from storage.manifests.references import blobs_of_rows

ORDER = (TRAINING_SET, LABELLED, IMPORTED, FILTERED, DRAWN, REQUESTS, BANK)
"""Assets that hold what is made from sources; each is made from those after it."""

OF_SCENES = (LABELLED, FILTERED, DRAWN, REQUESTS)
"""Those that are made partition by partition, one from another."""

_DRAWN_FROM = (DRAWN, FILTERED)
"""Those whose rows do not say which objects they show."""

_KEY = ("frame_id", "variant", "attempt")
AttemptKeys = frozenset[tuple[object, ...]]


@dataclass(frozen=True, kw_only=True)
class Holding:
    """A version with rows of a source.

    Attributes:
        version: that holds them.
        is_latest: whether it is what its partition holds now.
        rows: names of objects, attempts or samples, each once; none where it shows nothing of the
            source, and was drawn from requests that do: without them nobody could tell.
        blobs: that these rows name.
    """

    version: ManifestVersion
    is_latest: bool
    rows: tuple[str, ...]
    blobs: frozenset[str]


def find_holdings(retracted: Retracted, reader: Reader) -> list[Holding]:
    """Every kept version that holds rows of the sources, what is made last first."""
    finder = Finder(retracted, reader)
    return [holding for asset in ORDER for holding in _holdings(asset, finder, reader)]


def _holdings(asset: str, finder: "Finder", reader: Reader) -> Iterator[Holding]:
    for key in reader.partitions(asset):
        for place, version in enumerate(reader.kept(asset, key)):
            found = finder.tables_of(version)
            names = dict.fromkeys(name for rows, label in found for name in label(rows))
            if names or finder.is_asked_with(version):
                blobs = frozenset[str]().union(*(blobs_of_rows(rows) for rows, _ in found))
                yield Holding(version=version, is_latest=place == 0, rows=tuple(names), blobs=blobs)


Labelled = tuple[pa.Table, Callable[[pa.Table], list[str]]]


class Finder:
    """Rows of a version that were made from the sources; keys of attempts are found once."""

    def __init__(self, retracted: Retracted, reader: Reader) -> None:
        self.retracted, self.reader = retracted, reader
        self._keys: dict[tuple[str, int], AttemptKeys] = {}

    def tables_of(self, version: ManifestVersion) -> list[Labelled]:
        """The rows by table, each with what names them; tables without such rows are left out."""
        found = [
            (self._rows(version, table), _NAMED[version.asset])
            for table in TABLES_OF[version.asset]
            if table in version.tables
        ]
        return [(rows, label) for rows, label in found if rows is not None and rows.num_rows]

    def is_asked_with(self, version: ManifestVersion) -> bool:
        """Whether the requests of drawn attempts ask for the sources, drawn or not."""
        found = self._requests_of(version) if version.asset in _DRAWN_FROM else None
        return found is not None and bool(self._keys_of([found]))

    def drafted(self, asset: str, partition: str, rows: pa.Table) -> pa.Table:
        """Those of the rows of a draft; what its attempts show, any kept requests tell."""
        requests = self.reader.kept(REQUESTS, partition) if asset in _DRAWN_FROM else ()
        return self._held(asset, rows, self._keys_of(requests))

    def _rows(self, version: ManifestVersion, table: str) -> pa.Table | None:
        rows = self.reader.table(version, table)
        keys = self._keys_of(self._requests(version))
        return None if rows is None else self._held(version.asset, rows, keys)

    def _held(self, asset: str, rows: pa.Table, keys: AttemptKeys) -> pa.Table:
        if asset in _DRAWN_FROM:
            has_frame = self.retracted.has_frame
            found = map(tuple, (row.values() for row in rows.select(_KEY).to_pylist()))
            is_held = [key in keys or has_frame(str(key[0])) for key in found]
        else:
            is_held = [self._is_held(asset, row) for row in _columns(rows).to_pylist()]
        return rows.filter(pa.array(is_held, pa.bool_()))

    def _is_held(self, asset: str, row: Mapping[str, object]) -> bool:
        retracted = self.retracted
        if asset == BANK:  # what is emptied holds nothing any more
            return bool(row["source_sha256"]) and retracted.has_object(str(row["object_id"]))
        made_by = row.get("asset", asset)
        if made_by == IMPORTED and retracted.has_set(str(row["round"])):
            return True
        return retracted.has_any(str(row["frame_id"]), row["object_ids"])  # type: ignore[arg-type]

    def _keys_of(self, requests: Sequence[ManifestVersion]) -> AttemptKeys:
        """Keys of attempts that were asked for with the sources."""
        found: set[tuple[object, ...]] = set()
        for one in requests:
            place = (one.partition, one.version)
            if place not in self._keys:
                rows = self._rows(one, REQUESTS)
                self._keys[place] = frozenset(
                    tuple(row.values()) for row in (rows.select(_KEY).to_pylist() if rows else ())
                )
            found |= self._keys[place]
        return frozenset(found)

    def _requests(self, version: ManifestVersion) -> Sequence[ManifestVersion]:
        """Those that tell what a version shows, or all that are kept where they are gone."""
        if version.asset not in _DRAWN_FROM:
            return ()
        found = self._requests_of(version)
        if found is not None:
            return (found,)
        self._tell_unclear(version)
        return self.reader.kept(REQUESTS, version.partition)

    def _requests_of(self, version: ManifestVersion) -> ManifestVersion | None:
        """The requests that a version comes from; of equal versions on the way the newest counts.

        A version is not made again for rows that did not change, so it may name an older one.
        """
        child: ManifestVersion | None = version
        for asset in (DRAWN, REQUESTS) if version.asset == FILTERED else (REQUESTS,):
            named = parent_name(child, asset, version.partition) or ""
            kept = self.reader.kept(asset, version.partition)
            child = next((one for one in kept if one.fingerprint == named.partition(":")[2]), None)
        return child

    def _tell_unclear(self, version: ManifestVersion) -> None:
        """Only requests tell which objects an attempt shows; its frame is in its own rows."""
        words = (
            f"{version.asset} {version.partition}, version {version.version}: nobody knows which "
            "objects it shows, what it was drawn from is gone; materialize it again"
        )
        if self.retracted.of_objects and words not in self.reader.damage:
            self.reader.damage.append(words)


TABLES_OF: Mapping[str, tuple[str, ...]] = {
    TRAINING_SET: (PAIRS,),
    LABELLED: (SCENES,),
    IMPORTED: (SCENES,),
    FILTERED: (VERDICTS,),
    DRAWN: ("scene_attempts", "object_attempts"),
    REQUESTS: (REQUESTS,),
    BANK: (BANK,),
}
"""Tables of each asset whose rows were made from sources."""

_WANTED = ("object_id", "source_sha256", "asset", "round", "frame_id", "object_ids")


def _columns(rows: pa.Table) -> pa.Table:
    return rows.select([name for name in _WANTED if name in rows.column_names])


def _joined(*columns: str) -> Callable[[pa.Table], list[str]]:
    def label(rows: pa.Table) -> list[str]:
        shown = rows.select(list(columns)).to_pylist()
        return ["/".join(str(value) for value in row.values()) for row in shown]

    return label


_NAMED: Mapping[str, Callable[[pa.Table], list[str]]] = {
    TRAINING_SET: _joined("asset", "round", "frame_id", "variant"),
    LABELLED: _joined("round", "frame_id", "variant"),
    IMPORTED: _joined("round", "frame_id", "variant"),
    FILTERED: _joined("round", *_KEY),
    DRAWN: _joined("round", *_KEY),
    REQUESTS: _joined("round", *_KEY),
    BANK: _joined("object_id"),
}
