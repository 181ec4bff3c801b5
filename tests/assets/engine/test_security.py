"""A cluster that other machines reach asks for certificates, and so does the engine."""

import subprocess

import engine_items
import pytest

from assets.engine.outcome import EngineError
from assets.engine.resource import Engine
from assets.engine.security import Certificates, refuse_open, security_with


def openssl(*arguments):
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


def make_certificates(folder, name):
    """A key and a certificate that vouches for itself, as docs/deploy.md makes them."""
    cert, key = folder / f"{name}.pem", folder / f"{name}.key"
    openssl(
        *("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
        *("-days", "1", "-subj", "/CN=multishift", "-keyout", str(key), "-out", str(cert)),
    )
    return {"tls_ca": str(cert), "tls_cert": str(cert), "tls_key": str(key)}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return make_certificates(tmp_path_factory.mktemp("tls"), "ours")


@pytest.fixture(scope="module")
def guarded(files):
    """A real cluster that demands certificates."""
    from distributed import LocalCluster

    security = security_with(Certificates(*files.values()))
    with LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        security=security,
    ) as cluster:
        yield cluster.scheduler_address


def squares(engine):
    return [outcome.value for outcome in engine.map(engine_items.square, range(4), key=str)]


def test_with_certificates_items_run(guarded, files):
    assert guarded.startswith("tls://")
    engine = Engine(mode="cluster", address=guarded, start_timeout_s=30, **files)
    assert sorted(squares(engine)) == [0, 1, 4, 9]


def test_certificates_of_others_open_nothing(guarded, tmp_path):
    others = make_certificates(tmp_path, "others")
    engine = Engine(mode="cluster", address=guarded, start_timeout_s=2, **others)
    with pytest.raises(EngineError, match=r"no Dask scheduler answers .* address or certificates"):
        squares(engine)


@pytest.mark.parametrize("missing", ["tls_ca", "tls_cert", "tls_key"])
def test_missing_files_are_named(files, missing):
    engine = Engine(mode="cluster", address="tls://10.0.0.1:8786", **{**files, missing: ""})
    name = f"MULTISHIFT_ENGINE_{missing.upper()}"
    with pytest.raises(EngineError, match=rf"got 'nothing' for {name}, which is no file"):
        squares(engine)


@pytest.mark.parametrize(
    "address", ["tcp://10.0.0.1:8786", "tcp://head-node:8786", "ws://h:1", "h:1"]
)
def test_what_anybody_may_reach_is_refused(address):
    with pytest.raises(EngineError, match=r"need a scheduler at tls:// .* or tunnel it"):
        refuse_open(address, Certificates())


@pytest.mark.parametrize(
    "address",
    ["tcp://127.0.0.1:8786", "tcp://localhost:1", "tcp://[::1]:1", "inproc://1.2.3.4/5/1"],
)
def test_this_machine_alone_is_let_pass(address):
    refuse_open(address, Certificates())
