"""Who may talk to a cluster: this machine alone, or whoever holds a certificate.

A Dask scheduler runs whatever code it is sent, so one that others reach must ask for certificates.
"""

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from assets.engine.outcome import EngineError

if TYPE_CHECKING:
    from distributed.security import Security


@dataclass(frozen=True)
class Certificates:
    """PEM files of this side of a connection; empty names where there are none.

    Attributes:
        ca: certificates that vouch for the other side.
        cert: certificate of this side.
        key: private key of ``cert``.
    """

    ca: str = ""
    cert: str = ""
    key: str = ""

    @property
    def files(self) -> dict[str, str]:
        """Files by the ends of the names of their settings."""
        return {"CA": self.ca, "CERT": self.cert, "KEY": self.key}


def refuse_open(address: str, certificates: Certificates) -> None:
    """Let pass an address that this machine alone reaches, or where both sides show certificates.

    Raises:
        EngineError: if anybody could send code there, or certificates are missing.
    """
    parts = urlsplit(address)
    if parts.scheme == "tls":
        _refuse_missing(address, certificates)
    elif parts.scheme != "inproc" and not _is_loopback(parts.hostname or ""):
        raise EngineError(
            f"need a scheduler at tls:// or on this machine, got {address!r}: whoever reaches it "
            "runs code there; start scheduler and workers with --tls-ca-file, --tls-cert and "
            "--tls-key and set MULTISHIFT_ENGINE_TLS_CA, _CERT and _KEY, or tunnel it to 127.0.0.1"
        )


def security_with(certificates: Certificates) -> "Security | None":
    """Settings of a Dask client, or of a cluster, that shows and demands certificates."""
    from distributed.security import Security

    ca, cert, key = certificates.ca, certificates.cert, certificates.key
    if not ca:
        return None
    return Security(
        require_encryption=True,
        tls_ca_file=ca,
        **{
            f"tls_{role}_{part}": file
            for role in ("client", "scheduler", "worker")
            for part, file in (("cert", cert), ("key", key))
        },
    )


def _refuse_missing(address: str, certificates: Certificates) -> None:
    for name, file in certificates.files.items():
        if not file or not Path(file).is_file():
            raise EngineError(
                f"need certificates for {address!r}, got {file or 'nothing'!r} for "
                f"MULTISHIFT_ENGINE_TLS_{name}, which is no file; set it to a PEM file "
                "(docs/deploy.md makes some)"
            )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
