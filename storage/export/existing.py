"""What a folder holds before it is exported to: nothing, this very export, or something else."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from storage.export.plan import ExportError
from storage.images import file_sha256

MARKER = "export.json"
"""File that names an export by its digest."""

SUMS = "SHA256SUMS"
"""File that lists the SHA-256 of every other file, in the form of the program sha256sum."""


def is_same_export(out: Path, digest: str) -> bool:
    """Whether a folder holds the export of this digest, whole; false where it is new or empty.

    Every byte is read and compared.

    Raises:
        ExportError: if it holds anything else, or files of this export are missing or damaged.
    """
    if not out.exists():
        return False
    if not out.is_dir():
        raise ExportError(f"{out}: need a folder to write, got a file; name another")
    if Path.cwd() == out:
        raise ExportError(f"{out}: need a folder other than the one you are in; name one below it")
    found = sorted(os.listdir(out))  # noqa: PTH208 (names are enough)
    if not found:
        return False
    if _marker(out).get("digest") != digest:
        held = "another export" if MARKER in found else f"{len(found)} files, such as {found[0]}"
        raise ExportError(
            f"{out}: need a new or empty folder, or one with this very export, got {held}; name "
            "another folder or remove this one"
        )
    damaged = list(_damaged(out))
    if damaged:
        raise ExportError(
            f"{out}: holds this export, but {len(damaged)} of its files are missing or changed, "
            f"the first: {damaged[0]}; remove the folder and export again"
        )
    return True


def _marker(out: Path) -> Mapping[str, Any]:
    try:
        facts = json.loads((out / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return facts if isinstance(facts, dict) else {}


def _damaged(out: Path) -> Iterator[str]:
    try:
        lines = (out / SUMS).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        yield SUMS
        return
    for line in lines:
        sha256, _, path = line.partition("  ")
        place = out / path
        if not place.is_file() or file_sha256(place) != sha256:
            yield path
