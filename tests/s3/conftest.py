"""A real server that speaks S3 on a free port of this machine, and buckets of it."""

import logging
import os
import threading
from collections.abc import Iterator
from uuid import uuid4

import pytest
import s3fs
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "key-of-the-tests",
    "AWS_SECRET_ACCESS_KEY": "secret-of-the-tests",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
    "NO_PROXY": "127.0.0.1",
}


def one_at_a_time(application):
    """The application, which answers one request after the other.

    By itself it looks whether a file is there, and writes it later: under load, the trial of a
    store found that out and refused it. A service that may be used does both in one step.
    """
    turn = threading.Lock()

    def answer(environ, start_response):
        with turn:
            return application(environ, start_response)

    return answer


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """Address of the server; in this process and its children, s3:// means it."""
    application = one_at_a_time(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, application, threaded=True)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)  # a line for every request
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    address = f"http://127.0.0.1:{server.port}"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**ENVIRONMENT, "AWS_ENDPOINT_URL": address}.items():
            patch.setenv(name, value)
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "HTTP_PROXY", "http_proxy"):
            patch.delenv(name, raising=False)
        yield address
    s3fs.S3FileSystem.clear_instance_cache()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def s3_root(s3_server) -> str:
    """URL of a store to be, in a bucket of its own."""
    bucket = f"lab-{uuid4().hex}"
    s3fs.S3FileSystem().mkdir(bucket)
    return f"s3://{bucket}/store"


@pytest.fixture
def s3_environment(s3_server) -> dict[str, str]:
    """Variables with which a command finds the server."""
    return dict(os.environ)
