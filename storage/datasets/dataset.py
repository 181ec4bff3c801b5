"""What every data set of the method offers: find it, list its frames, name its gaps.

A data set is described by one frozen value that holds functions, so that the thirteen of them
differ in data and small functions, not in class trees. Reading never writes, and one bad file never
stops a listing: it becomes a `Finding`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from storage.records import Finding, Frame


class BadFileError(ValueError):
    """A file of a data set cannot be used; the message names it, what was expected, what to do."""

    def __init__(self, path: Path | str, fact: str, cure: str) -> None:
        """Keep the three parts, so that a check can list them and a log can print one line."""
        super().__init__(f"{path}: {fact}; {cure}")
        self.path, self.fact, self.cure = str(path), fact, cure


@dataclass(frozen=True)
class Dataset:
    """One data set: its facts for people and the functions that read its layout.

    ``locate`` gives the folder that holds the layout below a data root, or None; ``frames`` lists
    complete and incomplete frames alike (paths relative to the data root); ``findings`` names what
    is wrong by listing alone (missing partners); `storage.datasets.check` opens the files, and
    ``check_frame``, if given, raises `BadFileError` where they break a rule of this data set alone.
    ``auxiliary`` names folders beside the located one that belong to it and hold no frames.
    """

    name: str
    title: str
    kinds: tuple[str, ...]
    url: str
    license: str
    layout: str
    is_documented_only: bool
    locate: Callable[[Path], Path | None]
    frames: Callable[[Path, Path], Iterator[Frame]]
    findings: Callable[[Path, Path], Iterator[Finding]]
    check_frame: Callable[[Path, Frame], None] | None = None
    auxiliary: tuple[str, ...] = ()
