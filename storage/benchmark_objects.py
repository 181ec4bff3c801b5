"""Which unknown objects the makers of a benchmark say that it shows.

The table ``storage/tables/benchmark_object_classes.csv`` names them, each with its source; what no
source lists is a row without a class, with a note.
"""

from dataclasses import dataclass

from storage.label_space import read_table

_TABLE = "benchmark_object_classes"


@dataclass(frozen=True, kw_only=True)
class KnownObject:
    """An object class of a benchmark, and the ADE20K-150 classes that are the same thing."""

    name: str
    ade_names: tuple[str, ...]


def listed_objects(benchmark: str) -> tuple[KnownObject, ...]:
    """Objects that the table names, by name."""
    found = (
        KnownObject(
            name=row["object_class"], ade_names=tuple(filter(None, row["ade20k_150"].split("|")))
        )
        for row in _rows(benchmark)
        if row["object_class"]
    )
    return tuple(sorted(found, key=lambda one: one.name))


def list_note(benchmark: str) -> str:
    """What a list of objects lacks; empty where it is whole, and where nothing is listed."""
    listed = (row for row in _rows(benchmark) if row["object_class"])
    return next((row["note"] for row in listed if row["note"]), "")


def _rows(benchmark: str) -> list[dict[str, str]]:
    return [row for row in read_table(_TABLE) if row["benchmark"] == benchmark]
