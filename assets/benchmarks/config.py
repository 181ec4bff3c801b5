"""What people choose for a measurement in Dagster."""

from pathlib import Path
from typing import Literal

import dagster as dg
from pydantic import Field

from assets.benchmarks.checkpoints import LATEST, NamedCheckpoint
from assets.benchmarks.order import GIBIBYTE, MeasuringRules
from assets.segmenters.config import TrainingPlace
from assets.synthesis.networks import Networks
from storage.world import World


class BenchmarkConfig(dg.Config):
    """Which checkpoint is measured, by which scores and estimators."""

    checkpoint: str = Field(
        LATEST,
        description="latest: the best checkpoint of the selection's last training; closed_set: the "
        "latest closed_set_checkpoint; or the SHA-256 of one in the store, or a file.",
    )
    selection: str = Field("default", description="Selection whose latest checkpoint is meant.")
    architecture: str = Field(
        "", description="Of the network; needed where neither file nor store tells it."
    )
    scores: list[str] = Field(
        [],
        description="learned, max_softmax, max_logit, energy, entropy, rba; all that the network "
        "has if empty.",
    )
    estimators: list[str] = Field(
        [],
        description="smiyc_binned, binned; pooled_exact and image_mean are always there.",
    )
    refinement: Literal["none", "sam"] = Field(
        "none", description="What mends score maps before they count."
    )
    n_shown: int = Field(3, ge=0, le=50, description="Best and worst images of each score to show.")
    max_work_gib: float = Field(
        100.0, gt=0, description="Most that score maps may take below work_root meanwhile."
    )

    @property
    def named(self) -> NamedCheckpoint:
        """The checkpoint as people name it."""
        return NamedCheckpoint(
            checkpoint=self.checkpoint, selection=self.selection, architecture=self.architecture
        )

    def rules(self, refiner: str) -> MeasuringRules:
        """How it is measured; ``refiner`` is the file of the network that mends maps."""
        return MeasuringRules(
            scores=tuple(self.scores),
            extras=tuple(self.estimators),
            refinement=self.refinement,
            refiner=refiner if self.refinement != "none" else "",
            n_shown=self.n_shown,
            max_work_bytes=int(self.max_work_gib * GIBIBYTE),
        )


class MeasuringPlace(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Where measurements take place: device, folder of score maps, and networks that mend maps."""

    work_root: str = Field(
        description="Folder that step and workers share; what lies there meanwhile is removed."
    )
    device: str = Field(
        "auto", description="That torch computes on; auto: an accelerator where there is one."
    )
    models_root: str = Field("", description="Folder of fetched networks.")
    miniature_set: str = Field("", description="Folder of the miniature's networks.")

    @property
    def folder(self) -> Path:
        """The folder as a path.

        Raises:
            ValueError: if it is a URL.
        """
        place = TrainingPlace(work_root=self.work_root, device=self.device, n_loader_workers=0)
        return place.folder

    def refiner(self, world: World) -> str:
        """File of SAM for a data root of this world; it is not opened."""
        networks = Networks(models_root=self.models_root, miniature_set=self.miniature_set)
        return networks.sources_for(world).sam
