"""The store of an item, on the worker that runs it. Stays light: workers import it."""

from functools import cache

from storage.store import Store, open_store


@cache
def store_of_item(root: str, single_writer: bool) -> Store:
    """The store at a root, opened once a process: an object store is probed when it is opened."""
    return open_store(root, single_writer=single_writer)
