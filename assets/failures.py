"""How bad input ends a step: with its one clear line, and without being tried again."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from assets.engine.outcome import EngineError
from assets.passing import may_pass
from storage.atomic import StoreRefusedError


@contextmanager
def bad_input_fails_once() -> Iterator[None]:
    """Turn errors that only a person can mend into a failure that no retry policy repeats.

    A full disk, a lost connection and other troubles of the machine are left as they are: they may
    pass, so the step's retry policy decides.

    Raises:
        Failure: with the message of the `ValueError`, `OSError`, `StoreRefusedError` or
            `EngineError` that occurred.
    """
    try:
        yield
    except (ValueError, OSError, StoreRefusedError, EngineError) as error:
        if may_pass(error):
            raise
        raise dg.Failure(description=str(error), allow_retries=False) from error
