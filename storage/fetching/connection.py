"""HTTP with the few errors that a person can do something about; nothing here writes to disk.

Why not the hub's own library: its downloader gives every attempt a new temporary file and removes
it on any failure (read in version 2.4; huggingface/huggingface_hub#4196), so that no transfer goes
on where it broke off; network errors come as exceptions of whichever HTTP library its version uses;
and Segment Anything is on no hub. One route of its API and the standard library do.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

HUB = "https://huggingface.co"
BROKEN = (OSError, HTTPException)
"""What a network that fails raises, before an answer (URLError) or in the middle of one."""

_DENIED = (401, 403)
_MISSING = (404, 410)
_RANGE_REFUSED = 416
_MAX_JSON_BYTES = 64 << 20
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")


class FetchError(OSError):
    """A file cannot be fetched or trusted; the message says which, why, and what to do."""


class UnreachableError(FetchError):
    """The other side cannot be reached, or cannot answer now: another time it may."""


class RangeRefusedError(FetchError):
    """The other side has no bytes from there on."""


@dataclass(frozen=True, kw_only=True)
class Connection:
    """How to ask, and whom.

    Attributes:
        endpoint: address of the hub or of a mirror of it, without a slash at its end.
        token: of the hub, for files that need one; sent to the endpoint and to nobody else.
        timeout_s: without a byte.
        pauses_s: before each further attempt of a transfer that broke off.
    """

    endpoint: str = HUB
    token: str | None = field(default=None, repr=False)
    timeout_s: float = 30.0
    pauses_s: tuple[float, ...] = (1.0, 2.0, 5.0, 10.0, 30.0)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"https?://[^/\s]+(/\S*)?(?<!/)", self.endpoint):
            raise ValueError(
                f"need an endpoint such as {HUB}, without a slash at its end, got {self.endpoint!r}"
            )


@dataclass(frozen=True, kw_only=True)
class Answer:
    """The bytes of a file from ``start`` on, still to be read.

    Attributes:
        size: of the whole file; None where the other side does not say.
        version: tells one content at this address from another, as far as the other side says.
    """

    stream: HTTPResponse
    start: int
    size: int | None
    version: str


@contextmanager
def open_url(connection: Connection, url: str, *, start: int = 0) -> Iterator[Answer]:
    """The answer to a request, closed at the end; its ``start`` is 0 if ranges are not served.

    Raises:
        UnreachableError: if nobody answers, or with an error that may pass.
        RangeRefusedError: if there is nothing from ``start`` on.
        FetchError: if access is denied, or nothing is there.
    """
    request = Request(url, headers={"User-Agent": "multishift"})
    if start:
        request.add_header("Range", f"bytes={start}-")
    if connection.token and url.startswith(f"{connection.endpoint}/"):
        # Not repeated to the storage that the hub redirects to.
        request.add_unredirected_header("Authorization", f"Bearer {connection.token}")
    with _answered(request, connection.timeout_s) as stream:
        yield _answer(stream)


def read_json(connection: Connection, url: str) -> dict[str, Any]:
    """The JSON object at an address.

    Raises:
        FetchError: as `open_url`; or if something else is there.
    """
    with open_url(connection, url) as answer:
        text = read_bytes(answer, url, _MAX_JSON_BYTES)
        if answer.stream.length:
            raise UnreachableError(f"{url}: broke off; run the same command again")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FetchError(f"{url}: need JSON, got something else; check the endpoint") from error
    if not isinstance(content, dict):
        raise FetchError(f"{url}: need a JSON object, got a {type(content).__name__}")
    return content


def read_bytes(answer: Answer, url: str, n_bytes: int) -> bytes:
    """The next bytes of an answer, fewer at its end or where it is cut off; the URL is only told.

    Raises:
        UnreachableError: if the network fails.
    """
    try:
        return answer.stream.read(n_bytes)
    except BROKEN as error:
        raise UnreachableError(f"{url}: broke off ({_reason(error)})") from error


def _answered(request: Request, timeout_s: float) -> HTTPResponse:
    url = request.full_url
    try:
        stream: HTTPResponse = urlopen(request, timeout=timeout_s)
    except HTTPError as error:
        with error:
            raise _refusal(url, error) from error
    except BROKEN as error:
        raise UnreachableError(f"{url} cannot be reached ({_reason(error)})") from error
    return stream


def _refusal(url: str, error: HTTPError) -> FetchError:
    fact = f"{url}: answered {error.code} {error.reason}"
    if error.code in _DENIED:
        return FetchError(
            f"{fact}: private, gated, or misspelled; if its page asks to accept terms, accept them "
            "there and set HF_TOKEN to a token of your account"
        )
    if error.code in _MISSING:
        return FetchError(f"{fact}: nothing is published there; it may have moved, see its page")
    if error.code == _RANGE_REFUSED:
        return RangeRefusedError(fact)
    return UnreachableError(f"{fact}: try again later")


def _answer(stream: HTTPResponse) -> Answer:
    headers = stream.headers
    version = f"{headers.get('ETag', '')} {headers.get('Last-Modified', '')}"
    part = _CONTENT_RANGE.fullmatch(headers.get("Content-Range", ""))
    if stream.status == 206 and part:
        size = _number(part[2])
        return Answer(stream=stream, start=int(part[1]), size=size, version=version)
    size = _number(headers.get("Content-Length", ""))
    return Answer(stream=stream, start=0, size=size, version=version)


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() else None


def _reason(error: BaseException) -> str:
    reason = getattr(error, "reason", error)
    return str(reason) or type(reason).__name__
