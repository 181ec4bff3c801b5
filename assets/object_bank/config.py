"""What people may choose for the object bank, in the Launchpad or in a run configuration."""

from typing import Literal

import dagster as dg
from pydantic import Field, field_validator

from models.object_bank import QualityRules
from storage.datasets.objects import OBJECT_READERS
from storage.world import World

ClassList = Literal["published_train", "published_val", "disjoint_train"]


class OodObjectsConfig(dg.Config):
    """Sources, classes and quality rules of the object bank.

    Lengths are stated for street scenes 1024 pixels high, and scaled to those of the data root's
    world: an object is pasted into such a scene, and a small crop would have to be enlarged.
    """

    sources: list[str] = Field(
        list(OBJECT_READERS),
        description="Data sets to cut from; of two equal objects the one named first stays.",
    )
    class_list: ClassList = Field(
        "published_train",
        description="published_train: 82 classes of the first implementation; published_val: 32 of "
        "them; disjoint_train: the 50 that published_val lacks.",
    )
    min_side_px: float = Field(
        32.0, ge=0, description="Shorter side of the box, at a scene height of 1024 pixels."
    )
    min_area_px: float = Field(
        2000.0, ge=0, description="Pixels of the mask, at a scene height of 1024 pixels."
    )
    max_border_frac: float = Field(
        0.05, ge=0, le=1, description="Share of the outline on the image border."
    )
    min_solidity: float = Field(
        0.3, ge=0, le=1, description="Area over that of the convex hull; chairs reach about 0.5."
    )
    min_main_part_frac: float = Field(
        0.8, ge=0, le=1, description="Share of the area in the largest connected part."
    )
    rejects_occluded: bool = Field(
        True, description="Reject objects that the source marks as occluded."
    )
    max_bad_frac: float = Field(
        0.05, ge=0, le=1, description="Share of source images in quarantine that still passes."
    )

    @field_validator("sources")
    @classmethod
    def _are_known(cls, sources: list[str]) -> list[str]:
        if (
            not sources
            or len(set(sources)) < len(sources)
            or not set(sources) <= set(OBJECT_READERS)
        ):
            raise ValueError(f"need some of {list(OBJECT_READERS)}, each once, got {sources}")
        return sources

    def rules_for(self, world: World) -> QualityRules:
        """The rules in pixels of a world's source images."""
        return QualityRules(
            min_side_px=world.scale_px(self.min_side_px),
            min_area_px=world.scale_px(world.scale_px(self.min_area_px)),
            max_border_frac=self.max_border_frac,
            min_solidity=self.min_solidity,
            min_main_part_frac=self.min_main_part_frac,
            rejects_occluded=self.rejects_occluded,
        )
