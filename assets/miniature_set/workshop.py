"""Where a training of the miniature set happens: its recipe, folder, device, and finished stages.

A stage's folder is named after everything that decides what comes out, so that a finished stage is
found again, and one whose recipe changed is not mistaken for it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from assets.miniature_set.scenes import MapChunks, SceneTensors
    from models.generation.training.recipe import BundleRecipe

Say = Callable[[str], object]
"""Takes a line for a person."""

Facts = dict[str, Any]
"""What a stage tells of itself, as JSON takes it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Workshop:
    """What every stage gets.

    Attributes:
        recipe: all numbers.
        folders: name of a stage -> folder that it leaves when it is finished.
        device: that torch trains on, such as ``cuda`` or ``cpu``.
        say: for progress.
        map_chunks: renders chunks of scenes, such as `assets.miniature_set.processes.in_turn`.
        shelf: loaded scenes, so that the stages of one process load them once.
    """

    recipe: "BundleRecipe"
    folders: Mapping[str, Path]
    device: str
    say: Say
    map_chunks: "MapChunks"
    shelf: dict[str, "SceneTensors"] = field(default_factory=dict)

    def output(self, stage: str) -> Path:
        """Folder of a finished stage.

        Raises:
            FileNotFoundError: if the stage is not finished.
        """
        folder = self.folders[stage]
        if not folder.is_dir():
            raise FileNotFoundError(
                f"{folder}: need what the stage {stage} of this recipe leaves, found nothing; run "
                "that stage first"
            )
        return folder

    def unfinished(self, stage: str) -> Path:
        """Folder that a stage fills before it is finished."""
        folder = self.folders[stage]
        return folder.with_name(f"{folder.name}.part")

    def checkpoint(self, stage: str) -> Path:
        """File that a stage continues from after an interruption."""
        folder = self.folders[stage]
        return folder.with_name(f"{folder.name}.checkpoint.safetensors")
