"""Where training sets lie in the store, and how a sample is named: known without Dagster."""

from storage.blobs import BlobStore
from storage.manifests.pointers import ManifestVersion
from storage.scene_records import LabelledScene
from storage.training_records import TrainingPair

ASSET = "training_set"
TABLE = "training_pairs"


def sample_id(row: TrainingPair) -> str:
    """Name of a sample, unique in a store: asset, round or imported set, frame, variant."""
    return f"{row.asset}/{row.round}/{row.frame_id}/{row.variant}"


def has_pictures(row: LabelledScene | TrainingPair, blobs: BlobStore) -> bool:
    """Whether picture and label of a generated scene are in the store."""
    return blobs.exists(row.image_sha256) and blobs.exists(row.label_sha256)


def data_version_of(version: ManifestVersion) -> str:
    """Digest of the chosen rows alone: what depends on them is stale when it changes."""
    return version.tables[TABLE].fingerprint
