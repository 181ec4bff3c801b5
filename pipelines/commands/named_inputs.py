"""What the commands that measure take besides data: a store, and the SAM that mends scores."""

from pathlib import Path

from assets.benchmarks.checkpoints import FoundCheckpoint, NamedCheckpoint, find_checkpoint
from assets.synthesis.networks import Networks
from models.evaluation.refinement import NONE
from pipelines.settings import Settings
from storage.store import Store
from storage.weights import read_metadata
from storage.world import read_world

_TELLS_ARCHITECTURE = "architecture"
"""Metadata that `multishift convert-checkpoint` writes."""


def named_checkpoint(checkpoint: str, architecture: str, settings: Settings) -> FoundCheckpoint:
    """The checkpoint that people name: a file, a SHA-256 in the store, latest or closed_set.

    Raises:
        ValueError: if there is none, or its architecture is not known.
        BadFileError: if the file cannot be read.
    """
    path = Path(checkpoint)
    if not architecture and path.suffix == ".safetensors" and path.is_file():
        architecture = read_metadata(path).get(_TELLS_ARCHITECTURE, "")
    named = NamedCheckpoint(checkpoint=checkpoint, architecture=architecture)
    return find_checkpoint(named, _configured_store(settings), Path(settings.work_root))


def refiner_file(
    refinement: str, given: Path | None, settings: Settings, data_root: Path
) -> Path | None:
    """Weights for a refinement; None where there is none.

    Raises:
        FileNotFoundError: if they are not there.
        ValueError: if weights are given for no refinement.
    """
    if refinement == NONE:
        if given is not None:
            raise ValueError(f"need --refine sam where weights of SAM are given, got --sam {given}")
        return None
    networks = Networks(models_root=settings.models_root, miniature_set=settings.miniature_set)
    path = given or Path(networks.sources_for(read_world(data_root)).sam)
    if not path.is_file():
        raise FileNotFoundError(
            f"{path}: need the weights of Segment Anything to refine scores, found no such file; "
            "run `multishift fetch filter`, or name them with --sam"
        )
    return path


def _configured_store(settings: Settings) -> Store | None:
    """The configured store, where there is one: a checkpoint's file needs none."""
    is_there = "://" in settings.store_root or Path(settings.store_root).exists()
    if not is_there:
        return None
    return settings.open_store()
