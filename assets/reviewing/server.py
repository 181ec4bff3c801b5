"""A small server of the gallery for one person at this machine.

It listens on 127.0.0.1 alone. Other people may have an account at this machine: so every answer
needs a key that is drawn at each start, which stands in the address that is printed and is kept by
the browser in a cookie. A page of another site can send requests there, too: so the cookie stays
with our pages, the host that a request names must be ours (DNS rebinding), and a decision needs our
origin and the token of this start, which only our page holds (CSRF). Reference: OWASP, Cross-Site
Request Forgery Prevention.
"""

import hmac
import json
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from assets.partitions import ScenePartition
from assets.reviewing.desk import Desk, OutdatedPictureError
from storage.manifests.manifest import CommitConflictError

HOST = "127.0.0.1"
MAX_BODY_BYTES = 4096
_HEADERS = {
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}
_PICTURES = "/picture/{round}/{city}/{frame}/{variant:int}/{attempt:int}/{way}"

Answer = Callable[[Request], Awaitable[Response]]

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Door:
    """Who gets an answer: a request to this port of this machine, by somebody who has the key."""

    port: int
    key: str = field(repr=False)

    @property
    def hosts(self) -> frozenset[str]:
        """What a request may call this server."""
        return frozenset(f"{name}:{self.port}" for name in (HOST, "localhost"))

    @property
    def address(self) -> str:
        """Where a browser enters; who knows it may look and decide."""
        return f"http://{HOST}:{self.port}/?key={self.key}"

    @property
    def cookie(self) -> str:
        """Name of the cookie: browsers do not tell ports of a host apart."""
        return f"multishift-gallery-{self.port}"

    def opens(self, given: str | None) -> bool:
        """Whether that is the key."""
        return hmac.compare_digest((given or "").encode(), self.key.encode())


def review_app(desk: Desk, door: Door, *, token: str) -> Starlette:
    """The application behind a door; its pages hold the token, and decisions need it."""

    async def page(_request: Request) -> Response:
        content = await run_in_threadpool(desk.page, token)
        return Response(content, media_type="text/html; charset=utf-8")

    async def picture(request: Request) -> Response:
        named = request.path_params
        partition = ScenePartition(round=named["round"], city=named["city"])
        key = (named["frame"], named["variant"], named["attempt"])
        edition = request.query_params.get("of", "")
        try:
            content = await run_in_threadpool(desk.picture, partition, key, named["way"], edition)
        except LookupError as error:
            return PlainTextResponse(str(error), status_code=404)
        return Response(
            content, media_type="image/webp", headers={"Cache-Control": "private, max-age=3600"}
        )

    async def review(request: Request) -> Response:
        return await _review(request, desk, door, token)

    routes = [Route("/", page), Route(_PICTURES, picture)]
    routes.append(Route("/reviews", review, methods=["POST"]))
    return Starlette(routes=[_guarded(route, door) for route in routes])


def _guarded(route: Route, door: Door) -> Route:
    """The route for those who may come in; every answer has the headers of `_HEADERS`."""
    inner = route.endpoint

    async def endpoint(request: Request) -> Response:
        try:
            answer = _stopped(request, door) or await inner(request)
        except Exception as error:  # the page wants to tell it beside the buttons
            _log.exception("%s %s", request.method, request.url.path)
            answer = _refused(500, f"{type(error).__name__}: {error}")
        for name, value in _HEADERS.items():
            answer.headers.setdefault(name, value)
        return answer

    return Route(route.path, endpoint, methods=sorted(route.methods or ()))


def _stopped(request: Request, door: Door) -> Response | None:
    """A refusal of who has no key, and a cookie for who comes with it; None for all others."""
    if request.headers.get("host", "") not in door.hosts:
        return _refused(421, "need a request to this very server, got another host")
    if request.url.path == "/" and door.opens(request.query_params.get("key")):
        # On to the bare address, so that the key stays out of history and bookmarks.
        answer = RedirectResponse("/", status_code=303)
        answer.set_cookie(door.cookie, door.key, path="/", httponly=True, samesite="strict")
        return answer
    if door.opens(request.cookies.get(door.cookie)):
        return None
    return _refused(403, "need the address that `multishift gallery` printed, with its key")


async def _review(request: Request, desk: Desk, door: Door, token: str) -> Response:
    refusal = _why_not(request, door, token)
    if refusal is not None:
        return refusal
    body = await _body(request)
    if body is None:
        return _refused(413, f"need {MAX_BODY_BYTES} bytes or less")
    try:
        asked = json.loads(body)
        if not isinstance(asked, dict):
            raise ValueError("need a JSON object")
        return JSONResponse(await run_in_threadpool(desk.decide, asked))
    except (OutdatedPictureError, CommitConflictError) as error:
        return _refused(409, str(error))
    except LookupError as error:
        return _refused(404, str(error))
    except (ValueError, RecursionError) as error:
        return _refused(400, str(error))
    except OSError as error:
        return _refused(507, str(error))


def _why_not(request: Request, door: Door, token: str) -> Response | None:
    """A refusal of what our own page would not send."""
    headers = request.headers
    is_ours = headers.get("origin", "") in {f"http://{host}" for host in door.hosts}
    if not is_ours or headers.get("sec-fetch-site", "same-origin") != "same-origin":
        return _refused(403, "need a request of the page of this server, got one of another site")
    given = headers.get("x-multishift-token", "")
    if not hmac.compare_digest(given.encode(), token.encode()):
        return _refused(403, "the server was started again since; reload the page")
    kind = headers.get("content-type", "").partition(";")[0].strip()
    return None if kind == "application/json" else _refused(415, "need application/json")


async def _body(request: Request) -> bytes | None:
    """The body, None where it is too long; no more than that is read."""
    found = b""
    async for chunk in request.stream():
        found += chunk
        if len(found) > MAX_BODY_BYTES:
            return None
    return found


def _refused(status: int, why: str) -> Response:
    content: dict[str, Any] = {"error": why}
    return JSONResponse(content, status_code=status)
