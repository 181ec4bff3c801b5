"""Named selections as partitions: one a selection, registered before it is materialized."""

import re

import dagster as dg

selections = dg.DynamicPartitionsDefinition(name="selection")

DEFAULT = "default"
"""The selection that is shipped; a file of that name in the folder of selections replaces it."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def refuse_bad_name(name: str) -> None:
    """Nothing, if a selection can have that name.

    Raises:
        ValueError: if it cannot be the name of a partition and of a file.
    """
    if not _NAME.fullmatch(name):
        raise ValueError(
            "need as name of a selection up to 64 letters, digits, dots, dashes and underscores, "
            f"got {name!r}; rename its file"
        )


def register_selection(instance: dg.DagsterInstance, name: str) -> None:
    """Make a selection a partition; one that is there already stays as it is.

    Raises:
        ValueError: if it cannot be the name of a partition.
    """
    refuse_bad_name(name)
    instance.add_dynamic_partitions(str(selections.name), [name])
