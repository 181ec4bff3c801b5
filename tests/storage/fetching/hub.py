"""A hub on this machine: the routes that a fetch uses, and the faults that it must live with."""

import hashlib
import json
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, unquote

from storage.fetching import FetchedSet
from storage.fetching.sources import Kind, SourceFile


@dataclass
class Repository:
    """What is published; ``served`` are other bytes than those that the hub lists."""

    files: dict[str, bytes]
    revision: str = "1" * 40
    license: str | None = "openrail"
    small: set[str] = field(default_factory=set)
    served: dict[str, bytes] = field(default_factory=dict)
    denied: int = 0

    def listing(self):
        return {
            "id": "org/name",
            "sha": self.revision,
            "cardData": {"license": self.license} if self.license else None,
            "siblings": [self.entry(path, content) for path, content in self.files.items()],
        }

    def entry(self, path, content):
        blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        entry = {"rfilename": path, "size": len(content), "blobId": blob}
        if path not in self.small:
            sha256 = hashlib.sha256(content).hexdigest()
            entry["lfs"] = {"size": len(content), "sha256": sha256, "pointerSize": 134}
        return entry


@dataclass
class FakeHub:
    """The server's state, to be changed while it runs.

    Attributes:
        has_ranges, has_length: what the answers for files know.
        cuts: path -> how many bytes each of the next answers brings before it breaks off.
        stalls: path -> bytes after which the answer waits until `released` is set.
        statuses: those of the next answers for a path; 200 is the file itself.
        redirects_to: another hub that files are redirected to.
        requests: path, range and token of every request for a file.
    """

    endpoint: str = ""
    repositories: dict[str, Repository] = field(default_factory=dict)
    addresses: dict[str, bytes] = field(default_factory=dict)
    cuts: dict[str, list[int]] = field(default_factory=dict)
    stalls: dict[str, int] = field(default_factory=dict)
    statuses: dict[str, list[int]] = field(default_factory=dict)
    has_ranges: bool = True
    has_length: bool = True
    redirects_to: str = ""
    etag: str = '"1"'
    released: threading.Event = field(default_factory=threading.Event)
    requests: list[tuple[str, str | None, str | None]] = field(default_factory=list)

    def ranges(self, path):
        return [spec for name, spec, _ in self.requests if name == path]

    def source(self, path="weights.pth", *, kind=Kind.HUB_MODEL, repository="org/name"):
        return SourceFile(
            set=FetchedSet.GENERATOR,
            choice="weights",
            is_default=True,
            kind=kind,
            repository=repository,
            path=path,
            target=f"generator/{path}",
            license="known license",
        )


def content(n_bytes, seed=0):
    return hashlib.shake_256(f"{seed}".encode()).digest(n_bytes)


@contextmanager
def serving(hub):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.hub = hub
    server.daemon_threads = True
    hub.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield hub
    finally:
        hub.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


class Handler(BaseHTTPRequestHandler):
    @property
    def hub(self):
        return self.server.hub

    def log_message(self, *args):
        pass

    def do_GET(self):
        path = unquote(self.path.lstrip("/"))
        if path.startswith("api/"):
            self.answer_api(path)
        elif path in self.hub.addresses:
            self.answer_file(path, self.hub.addresses[path])
        elif "/resolve/" in path:
            self.answer_resolve(path)
        else:
            self.send_error(404)

    def answer_api(self, path):
        _, kind, rest = path.split("/", 2)
        name, _, revision = rest.partition("/revision/")
        prefix = "datasets/" if kind == "datasets" else ""
        repository = self.hub.repositories.get(f"{prefix}{name}")
        assert revision == "main?blobs=true"
        if repository is None or repository.denied:
            self.send_error(repository.denied if repository else 404)
            return
        body = json.dumps(repository.listing()).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def answer_resolve(self, path):
        name, _, rest = path.partition("/resolve/")
        revision, _, file = rest.partition("/")
        repository = self.hub.repositories[name]
        if self.hub.redirects_to:
            self.send_response(302)
            self.send_header("Location", f"{self.hub.redirects_to}/{quote(path)}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if revision != repository.revision or file not in repository.files:
            self.send_error(404)
            return
        self.answer_file(file, repository.served.get(file, repository.files[file]))

    def answer_file(self, path, body):
        spec = self.headers["Range"]
        self.hub.requests.append((path, spec, self.headers["Authorization"]))
        status = self.hub.statuses[path].pop(0) if self.hub.statuses.get(path) else 200
        if status != 200:
            self.send_error(status)
            return
        start = int(spec.removeprefix("bytes=").removesuffix("-")) if spec else 0
        start = start if self.hub.has_ranges else 0
        if start >= len(body) > 0:
            self.send_error(416)
            return
        # Before the client hears anything: its next request may be served before this one ends.
        cut = self.hub.cuts[path].pop(0) if self.hub.cuts.get(path) else len(body) - start
        self.send_response(206 if start else 200)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        if self.hub.has_length:
            self.send_header("Content-Length", str(len(body) - start))
        self.send_header("ETag", self.hub.etag)
        self.end_headers()
        self.send_body(path, body[start:], cut)

    def send_body(self, path, body, n_bytes):
        try:
            if path in self.hub.stalls:
                self.wfile.write(body[: self.hub.stalls[path]])
                self.hub.released.wait(60)
                return
            self.wfile.write(body[:n_bytes])
            if n_bytes < len(body):
                self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:  # the client has gone
            pass
        self.close_connection = True
