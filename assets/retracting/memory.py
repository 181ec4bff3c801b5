"""What checkpoints were made from, remembered when the versions that told it are purged."""

from collections.abc import Collection

from assets.retracting.learning import what_is_told
from assets.tracing.checkpoints import stored_checkpoints
from assets.tracing.reading import Reader
from storage.manifests.pointers import ManifestVersion
from storage.manifests.schemas import to_records
from storage.review_records import LearnedSources
from storage.store import Store

ASSET = TABLE = "learned_sources"


def read_memory(store: Store) -> dict[tuple[str, str], frozenset[str]]:
    """Remembered sources by checkpoint, and by the asset whose version told them.

    Raises:
        DamagedPartError: if the rows cannot be read.
    """
    version = store.manifests.latest(ASSET)
    if version is None:
        return {}
    rows = to_records(store.manifests.rows(version, TABLE), LearnedSources)
    return {(row.checkpoint_sha256, row.asset): frozenset(row.sources) for row in rows}


def remember_learned(going: Collection[ManifestVersion], reader: Reader) -> None:
    """Commit what only these versions tell of the checkpoints in the store; done before they go."""
    known, new = read_memory(reader.store), {}
    for stored in stored_checkpoints(reader):
        sha256 = stored.row.checkpoint_sha256
        for asset, told in what_is_told(stored, reader).items():
            if told is None or told.version not in going:
                continue
            if (sha256, asset) not in known:
                sources = sorted({name for made in told.sources.values() for name in made})
                new[sha256, asset] = LearnedSources(
                    checkpoint_sha256=sha256, asset=asset, sources=tuple(sources)
                )
    if new:
        reader.store.manifests.append(ASSET, {TABLE: list(new.values())})
