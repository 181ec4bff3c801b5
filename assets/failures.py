"""How bad input ends a step: with its one clear line, and without being tried again."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from storage.atomic import StoreRefusedError


@contextmanager
def bad_input_fails_once() -> Iterator[None]:
    """Turn errors that only a person can mend into a failure that no retry policy repeats.

    Raises:
        Failure: with the message of a `ValueError`, `FileNotFoundError` or `StoreRefusedError`.
    """
    try:
        yield
    except (ValueError, FileNotFoundError, StoreRefusedError) as error:
        raise dg.Failure(description=str(error), allow_retries=False) from error
