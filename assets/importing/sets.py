"""Imported sets as partitions: one a set, registered when it is imported."""

import re

import dagster as dg

imported_sets = dg.DynamicPartitionsDefinition(name="imported_set")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def register_set(instance: dg.DagsterInstance, name: str) -> None:
    """Make a set a partition; one that is there already stays as it is.

    Raises:
        ValueError: if it cannot be the name of a partition.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(
            "need as name of a set up to 64 letters, digits, dots, dashes and underscores, got "
            f"{name!r}; give one with --name"
        )
    instance.add_dynamic_partitions(str(imported_sets.name), [name])
