"""What the two-stage training begins with where it names `closed_set` in place of a file."""

from pathlib import Path

from upath import UPath

from assets.closed_set.committing import rows_of
from assets.closed_set.names import ARCHITECTURES, ASSET
from storage.atomic import write_atomically
from storage.manifests.pointers import ManifestVersion
from storage.store import Store


def closed_set_start(architecture: str, store: Store, folder: Path) -> tuple[str, ManifestVersion]:
    """File of the latest closed-set checkpoint of an architecture, and its version.

    It is the blob itself, or a copy below ``folder`` where the store is no folder of this machine.

    Raises:
        ValueError: if there is none, or its blob is gone or damaged.
    """
    version = store.manifests.latest(ASSET, architecture)
    if version is None:
        raise ValueError(
            f"{store.root}: need {ASSET} of {architecture}, got none; {_cure(architecture)}"
        )
    name = rows_of(version, store).checkpoint.checkpoint_sha256
    try:
        content = store.blobs.get(name)
    except (OSError, ValueError) as error:
        raise ValueError(
            f"{ASSET} of {architecture}, version {version.version}: {error}; materialize it again"
        ) from error
    blob = store.blobs.path(name)
    if blob.protocol in ("", "file"):
        return str(blob), version
    copied = UPath(folder / "initial" / f"{name}.safetensors")
    write_atomically(copied, content)
    return str(copied), version


def _cure(architecture: str) -> str:
    if architecture in ARCHITECTURES:
        return f"materialize {ASSET} first (job train_closed_set)"
    return (
        f"it trains {', '.join(ARCHITECTURES)} alone: name a file of that network in "
        "initial_checkpoint"
    )
