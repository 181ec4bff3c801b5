"""Who is told of a failed run: a function that the settings name, or the log."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class RunFailure:
    """What a hook is told. Nothing of the run's configuration or environment is in it."""

    job: str
    run_id: str
    partition: str | None
    error: str
    """What each failed step raised, a line a step."""
    link: str
    """Page of the run in the UI."""


Hook = Callable[[RunFailure], object]


def find_hook(name: str) -> Hook:
    """The function that ``module:function`` names; the one that logs, for an empty name.

    Raises:
        ValueError: if there is no such module or function; one line.
    """
    if not name:
        return log_failure
    module, _, function = name.partition(":")
    try:
        found = getattr(import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise ValueError(
            f"MULTISHIFT_FAILURE_HOOK: need module:function that can be imported where the code "
            f"server runs, got {name!r} ({error})"
        ) from None
    if not callable(found):
        raise ValueError(
            f"MULTISHIFT_FAILURE_HOOK: need a function, got {name!r}, a {type(found).__name__}"
        )
    hook: Hook = found
    return hook


def log_failure(failure: RunFailure) -> None:
    """Write one line to the log of the code server."""
    place = f", partition {failure.partition}" if failure.partition else ""
    _LOG.error("%s%s failed: %s (%s)", failure.job, place, failure.error, failure.link)
