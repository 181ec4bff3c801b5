"""What commands that record decisions share: who decides, and that Dagster is told."""

import getpass

import dagster as dg

from pipelines.commands.console import err
from pipelines.commands.instance import choose_instance
from storage.store import Store


def who_decides(given: str | None) -> str:
    """The name that was given, or that of the user.

    Raises:
        ValueError: if nobody is named and the system has no name either.
    """
    try:
        name = given or getpass.getuser()
    except (KeyError, OSError) as error:
        raise ValueError(f"need a name, got none ({error}); write --reviewer NAME") from None
    if not name.strip():
        raise ValueError("need a name of who decides, got an empty text; write --reviewer NAME")
    return name


def tell_dagster(asset: str, store: Store) -> str:
    """Report the decisions that hold to the instance; what went wrong, or an empty text.

    The decision is in the store whatever Dagster says, and observing the asset catches up.
    """
    from assets.decisions import report_decisions

    try:
        with dg.DagsterInstance.get() as instance:
            report_decisions(asset, instance, store)
    except Exception as error:  # any database may be behind an instance
        return f"{type(error).__name__}: {error}"
    return ""


def told_dagster(asset: str, store: Store) -> None:
    """The same from a command: the instance is chosen first, and trouble is printed."""
    choose_instance()
    trouble = tell_dagster(asset, store)
    if trouble:
        err.print(
            f"Dagster was not told, observe {asset} there: {trouble}", markup=False, soft_wrap=True
        )
