"""What is measured, as plain values that workers get, and the network that they load from it."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from assets.engine.warm import warm_models
from models.evaluation import LEARNED
from storage.images import file_sha256

if TYPE_CHECKING:
    from models.segmentation import Segmenter


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A checkpoint, or a folder of score files.

    Attributes:
        kind: which of the two.
        sha256: of the checkpoint file, or the digest of the score files that are read.
        architecture: of the network; None for score files.
        file: checkpoint where workers find it; "" for score files.
    """

    kind: Literal["checkpoint", "score_files"]
    sha256: str
    architecture: str | None = None
    file: str = ""


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """Where a subject comes from, as far as a store knows.

    Attributes:
        training: digest of the training; None if unknown.
        training_set: partition and version of its training set; None if unknown.
        object_classes: unknown objects that it showed, sorted.
        note: what could not be found out, in words; "" where all was.
    """

    training: str | None = None
    training_set: str | None = None
    object_classes: tuple[str, ...] = ()
    note: str = "where it comes from is not known here"


def loaded_network(subject: Subject, device: str, scores: tuple[str, ...]) -> "Segmenter":
    """The network of a checkpoint in evaluation mode; it stays in memory (`assets.engine.warm`).

    A file without OOD layer will do where the learned score is not asked for.

    Raises:
        ValueError: if the file cannot be used, or is not the one that was named.
    """
    key = ("subject", subject, device, scores)
    return warm_models().get(key, lambda: _load(subject, device, scores))


def _load(subject: Subject, device: str, scores: tuple[str, ...]) -> "Segmenter":
    from models.segmentation import load_segmenter

    path, architecture = Path(subject.file), str(subject.architecture)
    if (found := file_sha256(path)) != subject.sha256:
        raise ValueError(
            f"{path}: need the checkpoint with SHA-256 {subject.sha256}, got {found}; was it "
            "replaced? run again"
        )
    expected = () if LEARNED in scores else (_ood_layer(architecture),)
    return load_segmenter(architecture, path, expected=expected).to(device)


def _ood_layer(architecture: str) -> str:
    from models.random_weights import undisturbed
    from models.segmentation import ARCHITECTURES

    with undisturbed("meta"):
        return ARCHITECTURES[architecture]().ood_layer
