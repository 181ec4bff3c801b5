"""`fetch.lock.json`: which bytes are here, and where they come from; a later fetch must agree.

It names only files that are whole and were checked. It holds no date and no path of a machine, so
that equal files give equal locks, and a copy of it pins the same files elsewhere.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from upath import UPath

from storage.atomic import write_atomically
from storage.fetching.connection import FetchError
from storage.fetching.contents import Contents
from storage.fetching.published import BRANCH, Published
from storage.fetching.sources import SourceFile

LOCK_NAME = "fetch.lock.json"
_FORMAT = 1
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class LockedFile:
    """One file that is here.

    Attributes:
        revision: commit of the repository; None where there is none, or where a person placed the
            file and nobody was asked.
        sha256: computed here, of all bytes.
        checked_by: what was compared with the word of the source.
    """

    repository: str
    path: str
    revision: str | None
    size: int
    sha256: str
    license: str
    checked_by: str

    @property
    def contents(self) -> Contents:
        """What its bytes must be."""
        return Contents(size=self.size, sha256=self.sha256)


def read_lock(folder: Path) -> dict[str, LockedFile]:
    """Target -> file, as the lock of ``folder`` says; nothing if there is no lock.

    Raises:
        FetchError: if it is damaged or of another version.
    """
    path = folder / LOCK_NAME
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        if content["format"] != _FORMAT:
            raise ValueError(f"format {content['format']}")
        return {target: _locked_file(entry) for target, entry in content["files"].items()}
    except FileNotFoundError:
        return {}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise FetchError(
            f"{path}: need a lock file of format {_FORMAT}, got {type(error).__name__}: {error}; "
            "restore it, or remove it to have all files checked and written down anew"
        ) from error


def write_lock(folder: Path, files: Mapping[str, LockedFile]) -> None:
    """Make the lock of ``folder`` name these files."""
    content = {
        "format": _FORMAT,
        "files": {target: asdict(file) for target, file in sorted(files.items())},
    }
    text = json.dumps(content, indent=2, ensure_ascii=False)
    write_atomically(UPath(folder / LOCK_NAME), f"{text}\n".encode())


def locked(published: Published, sha256: str, size: int) -> LockedFile:
    """What is written down of a file whose bytes were compared with what is published."""
    return LockedFile(
        repository=published.file.repository,
        path=published.file.path,
        revision=published.revision,
        size=size,
        sha256=sha256,
        license=published.license,
        checked_by=published.contents.told,
    )


def refuse_other_source(folder: Path, file: SourceFile, entry: LockedFile) -> None:
    """Let pass an entry of this very file.

    Raises:
        FetchError: if the entry is of a file that is published elsewhere.
    """
    if (entry.repository, entry.path) != (file.repository, file.path):
        raise FetchError(
            f"{folder / LOCK_NAME}: holds {entry.path} of {entry.repository} as {file.target}, "
            f"need {file.path} of {file.repository}; use another folder (--to)"
        )


def refuse_changed(folder: Path, entry: LockedFile, published: Published) -> None:
    """Let pass what is published as it was when the entry was written.

    Raises:
        FetchError: naming what changed, and the option that accepts it.
    """
    contents, name = published.contents, published.file.target
    if entry.revision not in (None, published.revision):
        fact = (
            f"pins {entry.repository} at {entry.revision}, and its {BRANCH} is now at "
            f"{published.revision}"
        )
    elif contents.sha256 not in (None, entry.sha256):
        fact = f"holds SHA-256 {entry.sha256} of {name}, and published is {contents.sha256}"
    elif contents.size not in (None, entry.size):
        fact = f"holds {entry.size} bytes of {name}, and published are {contents.size}"
    else:
        return
    raise FetchError(
        f"{folder / LOCK_NAME}: {fact}; nothing was changed. Run with --update to take what is "
        "published now, or keep the files that are here"
    )


def _locked_file(entry: dict[str, Any]) -> LockedFile:
    types: dict[str, Any] = {field.name: field.type for field in fields(LockedFile)}
    odd = set(entry) ^ set(types)
    odd |= {name for name in types if name in entry and not isinstance(entry[name], types[name])}
    if not odd and not _SHA256.fullmatch(entry["sha256"]):
        odd = {"sha256"}
    if odd:
        raise ValueError(f"an entry whose {', '.join(sorted(odd))} cannot be")
    return LockedFile(**entry)
