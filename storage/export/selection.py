"""Which scenes of a store are exported: the latest version of every partition, and what made it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from storage.manifests.history import History
from storage.manifests.pointers import ManifestVersion
from storage.manifests.schemas import to_records
from storage.scene_records import LabelledScene

GENERATED_ASSET = "labelled_scenes"
IMPORTED_ASSET = "imported_scenes"
TABLE = "labelled_scenes"
REQUESTS = "scene_requests"

MAX_VALUES = 8
"""A fact with more values than this is told by their number."""


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Scenes by round, frame and variant, imported ones last, and the versions that hold them."""

    rows: tuple[LabelledScene, ...]
    versions: tuple[ManifestVersion, ...]


def select_scenes(
    manifests: History,
    *,
    rounds: Collection[str] = (),
    cities: Collection[str] = (),
    imported: bool = False,
) -> Selection:
    """The scenes of these rounds and cities; of all where none are named.

    Args:
        manifests: of the store.
        rounds: names of rounds; with ``imported`` also names of imported sets.
        cities: names of cities.
        imported: take imported scenes too, beside those that were generated here.

    Raises:
        ValueError: if there are no scenes, or none of a round or city that is named.
        DamagedPartError: if rows cannot be read.
    """
    assets = (GENERATED_ASSET, IMPORTED_ASSET) if imported else (GENERATED_ASSET,)
    found = [
        (version, to_records(manifests.rows(version, TABLE), LabelledScene))
        for asset in assets
        for version in _latest_versions(manifests, asset)
    ]
    everything = [row for _, rows in found for row in rows]
    if not everything:
        raise ValueError(
            f"{manifests.folder.parent}: need labelled scenes, got none of {', '.join(assets)}; "
            f"materialize {GENERATED_ASSET} first, or take an imported set with --imported"
        )
    _refuse_unknown("round", rounds, {row.round for row in everything})
    _refuse_unknown("city", cities, {row.city for row in everything})
    kept = [
        (version, [row for row in rows if _is_wanted(row, rounds, cities)])
        for version, rows in found
    ]
    # Of equal names the first scene keeps it, so that imported sets change no name of ours.
    rows = sorted(
        (row for _, some in kept for row in some),
        key=lambda row: (row.attempt is None, row.round, row.frame_id, row.variant),
    )
    if not rows:
        raise ValueError(
            f"need scenes of {', '.join(rounds)} in {', '.join(cities)}, got none; each has "
            "scenes, but not together"
        )
    return Selection(rows=tuple(rows), versions=tuple(version for version, some in kept if some))


def frame_sizes(
    manifests: History, versions: Iterable[ManifestVersion]
) -> dict[tuple[str, str], tuple[int, int]]:
    """(round, frame) -> (height, width) of the frame's own label, as its requests state it."""
    sizes: dict[tuple[str, str], tuple[int, int]] = {}
    columns = ["round", "frame_id", "height_px", "width_px"]
    for version in versions:
        if manifests.latest_number(REQUESTS, version.partition):
            rows = manifests.read(REQUESTS, REQUESTS, partition=version.partition, columns=columns)
            for row in rows.to_pylist():
                sizes[row["round"], row["frame_id"]] = (row["height_px"], row["width_px"])
    return sizes


def provenance_of(
    manifests: History, versions: Iterable[ManifestVersion]
) -> dict[str, dict[str, str]]:
    """Asset -> fact -> values, of the versions and of all they were made from, as far as kept.

    Thresholds, sources and settings that the stages wrote down; facts with many values are counted.
    """
    facts: dict[str, dict[str, set[str]]] = {}
    waiting, seen = list(versions), set[tuple[str, str, int]]()
    while waiting:
        version = waiting.pop()
        place = (version.asset, version.partition, version.version)
        if place in seen:
            continue
        seen.add(place)
        own = facts.setdefault(version.asset, {})
        for name, value in {**version.provenance, "code_version": version.code_version}.items():
            own.setdefault(name, set()).add(value)
        waiting += _parents(manifests, version.parents)
    return {
        asset: {name: _told(values) for name, values in sorted(own.items())}
        for asset, own in sorted(facts.items())
    }


def _latest_versions(manifests: History, asset: str) -> list[ManifestVersion]:
    return [manifests.wanted(asset, key) for key in manifests.partitions(asset)]


def _is_wanted(row: LabelledScene, rounds: Collection[str], cities: Collection[str]) -> bool:
    return (not rounds or row.round in rounds) and (not cities or row.city in cities)


def _refuse_unknown(what: str, named: Collection[str], known: set[str]) -> None:
    unknown = [name for name in named if name not in known]
    if unknown:
        raise ValueError(
            f"need a {what} that has scenes ({', '.join(sorted(known))}), got {unknown[0]!r}"
        )


def _parents(manifests: History, parents: Mapping[str, str]) -> list[ManifestVersion]:
    found = []
    for place, named in parents.items():
        asset, _, partition = place.partition("/")
        number = named.partition(":")[0]
        try:
            found.append(manifests.version(asset, int(number), partition))
        except (LookupError, ValueError):
            continue  # vacuum removed it, or it was never of this store
    return found


def _told(values: set[str]) -> str:
    known = sorted(filter(None, values))
    return "; ".join(known) if len(known) <= MAX_VALUES else f"{len(known)} different"
