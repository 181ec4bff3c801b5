"""What people choose for a training, and where trainings take place."""

from pathlib import Path
from typing import Any, Literal

import dagster as dg
from pydantic import Field


class SegmenterConfig(dg.Config):
    """Which network is trained how, which frames are held out, and what is kept when."""

    architecture: Literal[
        "world", "deeplab_wrn38", "mask2former_r50", "deeplab_miniature", "mask2former_miniature"
    ] = Field(
        "world",
        description="world: deeplab_miniature in the miniature, deeplab_wrn38 with real data sets.",
    )
    edition: Literal["paper", "released"] = Field(
        "paper",
        description="paper: what the paper says is frozen is frozen; released: as its code does.",
    )
    settings: dict[str, Any] = Field(
        {},
        description="Fields of the published `TrainingConfig` that are to be others, as a tree, "
        'such as {"batch_size": 4, "stages": [{"n_epochs": 1}, {}]}.',
    )
    initial_checkpoint: str = Field(
        "",
        description="File to begin with, where the worker is; closed_set: the latest "
        "closed_set_checkpoint of the architecture; random weights if empty.",
    )
    held_out_frac: float = Field(
        0.05, gt=0, lt=1, description="Share of frames that is scored and never learned from."
    )
    max_held_out_frames: int = Field(50, ge=1, description="No more than these.")
    n_epochs_between_scores: int = Field(1, ge=1, description="The last epoch is scored anyhow.")
    n_processes: int = Field(1, ge=1, description="That train together, one an accelerator.")
    n_between_checkpoints: int = Field(500, ge=1, description="Steps after which state is kept.")
    n_between_logs: int = Field(20, ge=1, description="Steps after which one is a row.")
    max_hours: float = Field(
        240.0, gt=0, description="Longest time a worker may take; then run again to go on."
    )


class TrainingPlace(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Where trainings take place: on which device, and in which folder they keep their state."""

    work_root: str = Field(
        description="Folder, on a disk that step and workers share, in which a training that was "
        "interrupted finds itself again."
    )
    device: str = Field(
        "auto", description="That torch trains on; auto: an accelerator where there is one."
    )
    n_loader_workers: int = Field(
        2, ge=0, description="Processes that read pairs, for each process that trains."
    )

    @property
    def folder(self) -> Path:
        """The folder as a path.

        Raises:
            ValueError: if it is a URL.
        """
        if "://" in self.work_root:
            raise ValueError(
                f"{self.work_root}: need a folder of this machine as work_root, got a URL; set "
                "MULTISHIFT_WORK_ROOT to a folder"
            )
        return Path(self.work_root)
