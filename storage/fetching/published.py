"""What is published now of each file: revision, size, hash, license, address of its bytes."""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any
from urllib.parse import quote

from storage.fetching.connection import Connection, FetchError, open_url, read_json
from storage.fetching.contents import Contents
from storage.fetching.sources import Kind, SourceFile

BRANCH = "main"

_ROUTES: Mapping[Kind, tuple[str, str]] = {
    Kind.HUB_MODEL: ("api/models", ""),
    Kind.HUB_DATASET: ("api/datasets", "datasets/"),
}
"""Kind -> route of the API, and what stands before the id in addresses of pages and files."""

_REVISION, _SHA1, _SHA256 = (re.compile(f"[0-9a-f]{{{n}}}") for n in (40, 40, 64))
_NAMES_TOLD = 5
_IDENTITY_DIGITS = 12
_MD5_START = re.compile(r"_([0-9a-f]{6})\.pth")
"""How names of Segment Anything end: with the first digits of the MD5.

In names of torch's hub they would be those of the SHA-256. The one that the hub lists for copies of
sam_vit_h_4b8939.pth begins otherwise, and the MD5 that several projects list begins so.
"""


@dataclass(frozen=True, kw_only=True)
class Published:
    """One file as it is published at the moment.

    Attributes:
        page: where a person can read about it.
        url: of the bytes, at this revision; empty for a file that is placed by hand.
        revision: commit of the repository; None where there is no such thing.
        version: tells one content from another where no hash does.
    """

    file: SourceFile
    page: str
    url: str
    revision: str | None
    license: str
    contents: Contents
    version: str = ""

    @property
    def identity(self) -> str:
        """Short name of this content: part of the name of its partial file."""
        known = self.contents.sha256 or self.contents.git_sha1
        text = known or f"{self.url} {self.contents.size} {self.version}"
        return hashlib.sha256(text.encode()).hexdigest()[:_IDENTITY_DIGITS]


def ask_all(connection: Connection, files: Iterable[SourceFile]) -> tuple[Published, ...]:
    """What is published of these files, in their order; files placed by hand are left out.

    Raises:
        UnreachableError: if somebody cannot be reached.
        FetchError: if a repository or a file is not there, or may not be read.
    """
    found: list[Published] = []
    for kind, together in groupby(files, key=attrgetter("kind", "repository")):
        if kind[0] == Kind.HTTPS:
            found += [_ask_address(connection, file) for file in together]
        elif kind[0] != Kind.BY_HAND:
            found += _ask_hub(connection, list(together))
    return tuple(found)


def page_of(endpoint: str, file: SourceFile) -> str:
    """Where a person finds a file; needs no network."""
    if file.is_on_hub:
        return f"{endpoint}/{_ROUTES[file.kind][1]}{file.repository}"
    return f"{file.repository}/{file.path}" if file.kind == Kind.HTTPS else file.repository


def contents_by_name(file: SourceFile) -> Contents:
    """What the name of a file says of its bytes."""
    found = _MD5_START.search(file.path) if file.kind == Kind.HTTPS else None
    return Contents(md5_start=found[1] if found else None)


def _ask_hub(connection: Connection, files: list[SourceFile]) -> list[Published]:
    """Revision and files in one answer, so that both are of one moment.

    Reference: the hub's API, `/api/models/{id}/revision/{revision}?blobs=true`.
    """
    first = files[0]
    route = f"{_ROUTES[first.kind][0]}/{first.repository}/revision/{BRANCH}?blobs=true"
    url = f"{connection.endpoint}/{route}"
    answer = read_json(connection, url)
    revision, entries = answer.get("sha"), answer.get("siblings")
    if not (_is_hex(_REVISION, revision) and isinstance(entries, list)):
        raise FetchError(f"{url}: need a revision and a list of files, got neither or one of them")
    by_path = {entry.get("rfilename"): entry for entry in entries if isinstance(entry, dict)}
    card = answer.get("cardData")
    stated = card.get("license") if isinstance(card, dict) else None
    page = page_of(connection.endpoint, first)
    return [
        Published(
            file=file,
            page=page,
            url=f"{page}/resolve/{revision}/{quote(file.path)}",
            revision=str(revision),
            license=stated if isinstance(stated, str) else file.license,
            contents=_hub_contents(url, file, by_path),
        )
        for file in files
    ]


def _hub_contents(url: str, file: SourceFile, entries: Mapping[Any, dict[str, Any]]) -> Contents:
    entry = entries.get(file.path)
    if entry is None:
        names = sorted(map(str, entries))
        found = ", ".join(names[:_NAMES_TOLD] + ["..."] * (len(names) > _NAMES_TOLD)) or "nothing"
        raise FetchError(f"{url}: need {file.path} in {file.repository}, found {found}")
    large = entry.get("lfs")
    if isinstance(large, dict):
        size, sha256 = large.get("size"), large.get("sha256")
        if isinstance(size, int) and _is_hex(_SHA256, sha256):
            return Contents(size=size, sha256=sha256)
    size, git_sha1 = entry.get("size"), entry.get("blobId")
    if not large and isinstance(size, int) and _is_hex(_SHA1, git_sha1):
        return Contents(size=size, git_sha1=git_sha1)
    raise FetchError(f"{url}: need size and hash of {file.path}, got an answer without them")


def _ask_address(connection: Connection, file: SourceFile) -> Published:
    url = page_of(connection.endpoint, file)
    with open_url(connection, url) as answer:
        if answer.size is None:
            raise FetchError(f"{url}: need the size of the file, got an answer without it")
        return Published(
            file=file,
            page=url,
            url=url,
            revision=None,
            license=file.license,
            contents=Contents(size=answer.size, md5_start=contents_by_name(file).md5_start),
            version=answer.version,
        )


def _is_hex(form: re.Pattern[str], text: object) -> bool:
    return isinstance(text, str) and form.fullmatch(text) is not None
