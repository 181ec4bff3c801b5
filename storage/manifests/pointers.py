"""The pointer of one version: a small JSON file that lists everything the version consists of.

Creating it is the commit. It carries its own SHA-256, so that an altered pointer is found out and
never read as other rows.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from hashlib import sha256
from typing import Any, TypedDict

from storage.inner_paths import is_inner
from storage.limits import MAX_POINTER_BYTES

POINTER_FORMAT = 1
_GO_BACK = "remove this file to go back to the version before it, then materialize again"


class DamagedPointerError(ValueError):
    """The pointer of a version cannot be used: cut off, altered or of a later format."""


class Origin(TypedDict, total=False):
    """Where a version comes from, as its writer tells it; all of it is optional.

    ``recipe``: digest of everything that the content depends on. ``code_version``, ``run_id``: as
    Dagster has them. ``provenance``: facts by name (world version, versions of source data).
    ``parents``: ``<asset>/<partition>`` -> ``<version>:<fingerprint>`` of what was read.
    """

    recipe: str
    code_version: str
    run_id: str
    provenance: Mapping[str, str] | None
    parents: Mapping[str, str] | None


@dataclass(frozen=True, kw_only=True)
class Part:
    """One immutable Parquet file; ``path`` is relative to the folder of the partition."""

    path: str
    size: int
    sha256: str
    rows: int

    def __post_init__(self) -> None:
        """Refuse a file elsewhere: whoever writes a pointer may not choose what others read."""
        if not is_inner(self.path):
            raise ValueError(f"need a part below the folder of its partition, got {self.path!r}")


@dataclass(frozen=True, kw_only=True)
class TableVersion:
    """One table of one version."""

    rows: int
    fingerprint: str
    parts: tuple[Part, ...]
    schema_version: int = 1


@dataclass(frozen=True, kw_only=True)
class ManifestVersion:
    """One version of a partition of an asset: what it holds and where it comes from.

    ``created`` is UTC in ISO form; for the other texts see `Origin`. ``fingerprint`` covers all
    tables and is the data version that Dagster gets.
    """

    asset: str
    partition: str
    version: int
    fingerprint: str
    created: str
    recipe: str
    code_version: str
    run_id: str
    provenance: Mapping[str, str]
    parents: Mapping[str, str]
    tables: Mapping[str, TableVersion]

    def rows(self, table: str) -> int:
        """Number of rows of a table of this version; 0 where the version lacks the table."""
        return self.tables[table].rows if table in self.tables else 0


def encode_pointer(version: ManifestVersion) -> bytes:
    """JSON of a version: sorted, indented, with the SHA-256 of the rest as ``sha256``."""
    body = {"format": POINTER_FORMAT, **asdict(version)}
    return _dump({**body, "sha256": _checksum(body)})


def decode_pointer(content: bytes, place: str) -> ManifestVersion:
    """The version that a pointer describes; ``place`` names it in errors.

    Raises:
        DamagedPointerError: if it is no pointer, was altered, or has a format of the future.
    """
    body = _body(content, place)
    if body.get("format") != POINTER_FORMAT:
        raise DamagedPointerError(
            f"{place}: need pointer format {POINTER_FORMAT}, got {body.get('format')!r}; "
            "read it with the version of multishift that wrote it, or a later one"
        )
    known = {field.name for field in fields(ManifestVersion)}
    try:
        tables = {name: _table(entry) for name, entry in body["tables"].items()}
        facts = {name: value for name, value in body.items() if name in known}
        return ManifestVersion(**{**facts, "tables": tables})
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise DamagedPointerError(f"{place}: need a pointer, got {error!r}; {_GO_BACK}") from error


def part_of(entry: dict[str, Any]) -> Part:
    """The part that a JSON object describes."""
    return Part(**entry)


def _table(entry: dict[str, Any]) -> TableVersion:
    return TableVersion(**{**entry, "parts": tuple(part_of(part) for part in entry["parts"])})


def _body(content: bytes, place: str) -> dict[str, Any]:
    try:
        body = dict(json.loads(content)) if len(content) <= MAX_POINTER_BYTES else {}
        is_sound = body.pop("sha256", None) == _checksum(body)
    except (ValueError, TypeError, RecursionError):
        is_sound = False
    if not is_sound:
        raise DamagedPointerError(
            f"{place}: need a complete, unaltered pointer, got {len(content)} bytes that fail "
            f"their checksum; {_GO_BACK}"
        )
    return body


def _checksum(body: dict[str, Any]) -> str:
    return sha256(_dump(body)).hexdigest()


def _dump(body: dict[str, Any]) -> bytes:
    return (json.dumps(body, sort_keys=True, indent=2, ensure_ascii=False) + "\n").encode()
