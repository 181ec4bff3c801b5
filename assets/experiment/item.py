"""One training of the experiment as plain values: what decides on its weights, and where it is run.

Stays light: workers import it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from assets.experiment.names import TRIALS_CODE
from assets.recipes import recipe_of


@dataclass(frozen=True, kw_only=True)
class TrainedOn:
    """The version of a training set that is learned from.

    Attributes:
        selection: partition of `training_set`.
        version: of its manifest.
        fingerprint: of that version.
        rows_fingerprint: digest of its rows alone.
    """

    selection: str
    version: int
    fingerprint: str
    rows_fingerprint: str

    @property
    def told(self) -> str:
        """Partition and version, as rows name them."""
        return f"{self.selection}@{self.version}"


@dataclass(frozen=True, kw_only=True)
class Objects:
    """The version of the bank whose objects are pasted."""

    version: int
    fingerprint: str


@dataclass(frozen=True, kw_only=True)
class TrialItem:
    """A training, and all that a worker needs to know of it.

    Attributes:
        plan: digest of the plan.
        architecture: of the network.
        arm: its name.
        seed: of first weights, order and draws.
        configuration: as JSON: of `StartConfig` without ``data``, else of `TrainingConfig`.
        data: kind of data; None where the known classes are learned from photographs.
        world: facts of the world of the photographs, which decide on every pixel of them.
        start: digest of the trial whose weights it begins with; None for random ones.
        start_sha256: blob of those weights, known when that one is trained.
        pairs: that are learned from; None for photographs.
        objects: that are pasted; None where none are.
        store_root: folder or URL of the store.
        single_writer: as the store was opened.
        data_root: folder of the data sets.
        device: that torch trains on.
    """

    plan: str
    architecture: str
    arm: str
    seed: int
    configuration: Mapping[str, Any]
    data: str | None
    world: Mapping[str, Any]
    start: str | None = None
    start_sha256: str | None = None
    pairs: TrainedOn | None = None
    objects: Objects | None = None
    store_root: str = field(repr=False)
    single_writer: bool = False
    data_root: str = field(repr=False)
    device: str = "cpu"

    @property
    def trial(self) -> str:
        """Digest of all that decides on the weights; neither the plan's other arms nor the place.

        Weights of a trial on a GPU differ in their last bits; what begins with them is named by
        what they were to be.
        """
        return recipe_of(
            {
                "code_version": TRIALS_CODE,
                "architecture": self.architecture,
                "arm": self.arm,
                "seed": self.seed,
                "configuration": self.configuration,
                "data": self.data,
                "world": self.world,
                "start": self.start,
                "rows_fingerprint": self.pairs and self.pairs.rows_fingerprint,
                "objects_fingerprint": self.objects and self.objects.fingerprint,
            }
        )


SHOWN_DIGITS = 16
"""Digits of a digest that stand in the key of an item."""


def trial_key(item: TrialItem) -> str:
    """Key of an item: the trial, and the beginning of its digest."""
    return f"{item.architecture}/{item.arm}/{item.seed}-{item.trial[:SHOWN_DIGITS]}"
