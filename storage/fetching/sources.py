"""Which files can be fetched, and from where: the table `storage/tables/fetched_files.csv`."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from storage.fetching import FetchedSet
from storage.label_space import read_table

TABLE = "fetched_files"


class Kind(StrEnum):
    """Where a file is published: that decides what can be read about it before the transfer."""

    HUB_MODEL = "hub-model"
    HUB_DATASET = "hub-dataset"
    HTTPS = "https"
    BY_HAND = "by-hand"


@dataclass(frozen=True, kw_only=True)
class SourceFile:
    """One published file.

    Attributes:
        choice: name of the files that only make sense together.
        repository: id on the hub; the address of its folder (https); or the page to open (by hand).
        path: within the repository.
        target: within the folder that is fetched into.
        license: as this project knows it; the hub's own word counts more.
    """

    set: FetchedSet
    choice: str
    is_default: bool
    kind: Kind
    repository: str
    path: str
    target: str
    license: str

    @property
    def is_on_hub(self) -> bool:
        """Whether the hub knows its revision and its hash."""
        return self.kind in (Kind.HUB_MODEL, Kind.HUB_DATASET)


def source_files(wanted: FetchedSet, choices: Collection[str] = ()) -> tuple[SourceFile, ...]:
    """Files of a set, in the order of the table: of these choices, or of the set's usual ones.

    Raises:
        ValueError: if the set has no such choice.
    """
    files = set_files(wanted)
    known = dict.fromkeys(file.choice for file in files)
    unknown = [choice for choice in choices if choice not in known]
    if unknown:
        raise ValueError(f"need a choice of {wanted}: {', '.join(known)}; got {unknown[0]!r}")
    if not choices:
        return tuple(file for file in files if file.is_default)
    return tuple(file for file in files if file.choice in choices)


def set_files(wanted: FetchedSet) -> tuple[SourceFile, ...]:
    """All files of a set, in the order of the table."""
    files = map(_source_file, read_table(TABLE))
    return tuple(file for file in files if file.set == wanted)


def _source_file(row: dict[str, str]) -> SourceFile:
    return SourceFile(
        set=FetchedSet(row["set"]),
        choice=row["choice"],
        is_default=row["is_default"] == "1",
        kind=Kind(row["kind"]),
        repository=row["repository"],
        path=row["path"],
        target=row["target"],
        license=row["license"],
    )
