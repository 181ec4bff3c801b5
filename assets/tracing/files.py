"""Pictures of a sample: whether its files and blobs are there, and still the same."""

from dataclasses import dataclass
from pathlib import Path

from assets.tracing.editions import SampleRow
from storage.blobs import BlobStore
from storage.images import file_sha256
from storage.scene_records import LabelledScene, SceneRequest
from storage.training_records import TrainingPair

_THERE, _SAME = "there", "there, the same bytes"
_UNKNOWN = "there, its bytes were not written down"


@dataclass(frozen=True, kw_only=True)
class TracedFile:
    """A picture or label.

    Attributes:
        what: it is.
        name: path below the data root, or SHA-256 of a blob.
        sha256: that it must have; None where nobody wrote it down.
        path: where it is; None where it is not there.
        state: in words.
    """

    what: str
    name: str
    sha256: str | None
    path: str | None
    state: str

    @property
    def is_same(self) -> bool:
        """Whether it is there, with the bytes that were used as far as that is known."""
        return self.state in (_THERE, _SAME, _UNKNOWN)


def sources_of(
    row: SampleRow, request: SceneRequest | None, data_root: Path
) -> tuple[TracedFile, TracedFile]:
    """Photograph and label of the frame, each read and compared with what was written down."""
    image, label = _digests(row, request)
    return (
        _source("photograph", row.source_image, image, data_root),
        _source("label of the frame", row.source_label, label, data_root),
    )


def blobs_of(row: SampleRow, scene: LabelledScene | None, blobs: BlobStore) -> list[TracedFile]:
    """Picture, label and layouts of a scene in the store, as far as there are any."""
    names = [("picture", row.image_sha256), ("label", row.label_sha256)]
    if scene is not None:
        names += [
            ("layout with the pasted objects", scene.layout_sha256 or ""),
            ("layout with SAM's masks", scene.sam_layout_sha256 or ""),
        ]
    return [blob_of(what, name, blobs) for what, name in names if name]


def blob_of(what: str, name: str, blobs: BlobStore) -> TracedFile:
    """A blob by its name; its bytes are not read."""
    path = str(blobs.path(name)) if blobs.exists(name) else None
    state = _THERE if path else "not in the store any more"
    return TracedFile(what=what, name=name, sha256=name, path=path, state=state)


def _digests(row: SampleRow, request: SceneRequest | None) -> tuple[str | None, str | None]:
    if isinstance(row, TrainingPair):
        return row.source_image_sha256, row.source_label_sha256
    return (request.image_sha256, request.label_sha256) if request else (None, None)


def _source(what: str, name: str, sha256: str | None, data_root: Path) -> TracedFile:
    path = data_root / name
    if not path.is_file():
        return TracedFile(
            what=what, name=name, sha256=sha256, path=None, state="not below the data root"
        )
    state = _UNKNOWN
    if sha256 is not None:
        is_same = file_sha256(path) == sha256
        state = _SAME if is_same else "there, with other bytes than were used"
    return TracedFile(what=what, name=name, sha256=sha256, path=str(path), state=state)
