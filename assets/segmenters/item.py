"""One training as plain values: what decides on its weights, and where it happens."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assets.recipes import recipe_of
from assets.segmenters.names import CODE_VERSION


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """Which frames of a training set are scored and never learned from, and how often.

    Attributes:
        frac: share of the frames, in (0, 1).
        max_frames: no more than these; the rest is learned from.
        every_n_epochs: epochs between two scores; the last epoch is scored in any case.
    """

    frac: float
    max_frames: int
    every_n_epochs: int


@dataclass(frozen=True, kw_only=True)
class Wish:
    """Everything that decides which weights a training leaves.

    Attributes:
        selection: partition of `training_set`.
        manifest_version: of it.
        manifest_fingerprint: of that version.
        rows_fingerprint: digest of its rows alone.
        configuration: of `models.training.config.TrainingConfig`, as JSON has it.
        initial_sha256: of the checkpoint that it begins with; None for random weights.
        objects_version: of `ood_objects`, whose crops are pasted; None where none are.
        objects_fingerprint: of that version.
        held_out: frames that are scored.
        n_processes: that train together.
    """

    selection: str
    manifest_version: int
    manifest_fingerprint: str
    rows_fingerprint: str
    configuration: Mapping[str, Any]
    initial_sha256: str | None
    objects_version: int | None
    objects_fingerprint: str | None
    held_out: HeldOut
    n_processes: int = 1

    @property
    def architecture(self) -> str:
        """Name of the network."""
        return str(self.configuration["architecture"])

    @property
    def training(self) -> str:
        """Digest of all; versions count by what they hold, not by their number."""
        facts = asdict(self)
        for counted in ("manifest_version", "manifest_fingerprint", "objects_version"):
            del facts[counted]
        return recipe_of({"code_version": CODE_VERSION, **facts})

    @property
    def configuration_text(self) -> str:
        """The configuration as one text, the same for equal configurations."""
        return json.dumps(self.configuration, sort_keys=True)


@dataclass(frozen=True, kw_only=True)
class TrainingItem:
    """A wish and where it is fulfilled: everything that a worker needs to know.

    Attributes:
        wish: what is trained.
        store_root: folder or URL of the store.
        single_writer: as the store was opened.
        data_root: folder of the data sets.
        work: folder of this training alone, on a disk that outlives the process; what an
            interrupted training left there is continued.
        initial: checkpoint to begin with, or "" for random weights.
        device: that torch trains on; with several processes its kind, such as ``cuda``.
        n_loader_workers: processes that read pairs for each process that trains; 0 reads there.
        n_between_checkpoints: steps after which the state is kept.
        n_between_logs: steps after which a step is logged.
        tensorboard: folder of TensorBoard's event files; none are written where it is "".
    """

    wish: Wish
    store_root: str
    single_writer: bool
    data_root: str
    work: str
    initial: str = ""
    device: str = "cpu"
    n_loader_workers: int = 0
    n_between_checkpoints: int = 500
    n_between_logs: int = 20
    tensorboard: str = ""

    @property
    def folder(self) -> Path:
        """The work folder as a path."""
        return Path(self.work)


def training_key(item: TrainingItem) -> str:
    """Key of an item: selection, architecture and the beginning of the digest."""
    wish = item.wish
    return f"{wish.selection}-{wish.architecture}-{wish.training[:16]}"


def item_to_json(item: TrainingItem) -> str:
    """The item as a text that `item_from_json` reads."""
    return json.dumps(asdict(item))


def item_from_json(text: str) -> TrainingItem:
    """The item that `item_to_json` wrote.

    Raises:
        TypeError: if it was written by another version of the code.
    """
    plain = json.loads(text)
    wish = plain["wish"]
    held_out = HeldOut(**wish["held_out"])
    return TrainingItem(**{**plain, "wish": Wish(**{**wish, "held_out": held_out})})
