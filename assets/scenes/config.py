"""What people may choose for scene requests, in the Launchpad or in a run configuration."""

from typing import Literal

import dagster as dg
from pydantic import Field, model_validator

from models.scenes import CAMERAS, Camera, Choice, PerspectiveRule, PlacementRules, PublishedRule
from storage.label_space import OOD_CLASS_LISTS
from storage.world import World

_LIST = (
    "world (the miniature's own in the miniature, else published), published, miniature, training "
    "(only what the world's training frames show), or the path of a text file with one entry a "
    "line; a relative path starts at the data root."
)


class SceneRequestsConfig(dg.Config):
    """How many scenes, with which objects, places and words.

    Lengths are stated for label maps 1024 pixels high, and scaled to those of the frames.
    """

    max_frames: int | None = Field(
        default=None,
        ge=1,
        description="Frames of the city that get scenes, spread evenly over it; empty for all.",
    )
    n_variants: int = Field(default=1, ge=1, le=100, description="Scenes wanted of each frame.")
    max_attempts: int = Field(
        default=5,
        ge=1,
        le=100,
        description="Attempts requested for each scene; drawn until one is kept.",
    )
    min_objects: int = Field(
        default=1,
        ge=0,
        le=10,
        description="Fewest objects in a scene; 0: a frame without road or room has scenes too.",
    )
    max_objects: int = Field(
        default=1, ge=0, le=10, description="Most objects in a scene; 0: other conditions only."
    )
    class_list: Literal["published_train", "published_val", "disjoint_train"] = Field(
        default="published_train",
        description="Classes that may be drawn: the 82 published ones, the 32 of validation, or "
        "the 50 that validation lacks.",
    )
    object_choice: Choice = Field(
        default="published",
        description="published: a source picture, then one of its objects; uniform: evenly over "
        "all objects; balanced: a class, then one of its objects.",
    )
    placement: Literal["published", "perspective"] = Field(
        default="published",
        description="published: center on the road, longer side 200 to 500 pixels, whatever it "
        "hides; perspective: standing on the road, sized by its row, hiding no road user.",
    )
    flip_frac: float = Field(
        default=0.0, ge=0, le=1, description="Share of objects that are mirrored."
    )
    min_visible_frac: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Least share of an object inside the frame; else redrawn.",
    )
    min_area_px: float = Field(
        default=400.0, ge=0, description="Fewest pixels of a pasted object; else redrawn."
    )
    min_road_frac: float = Field(
        default=0.01, ge=0, le=1, description="Least share of road of a frame that gets objects."
    )
    camera_height_m: float | None = Field(
        default=None, gt=0, description="Camera above the road (perspective); else the world's."
    )
    horizon_frac: float | None = Field(
        default=None,
        ge=0,
        lt=1,
        description="Horizon from the top (perspective); else the world's.",
    )
    plain_frac: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Share of scenes with the template that names no condition.",
    )
    night_frac: float = Field(
        default=0.3,
        ge=0,
        le=1,
        description="Share of night among the scenes that name a condition.",
    )
    places: str = Field(default="world", min_length=1, description=f"List of places: {_LIST}")
    weathers: str = Field(default="world", min_length=1, description=f"List of weathers: {_LIST}")
    times: str = Field(default="world", min_length=1, description=f"List of times: {_LIST}")
    max_bad_frac: float = Field(
        default=0.05, ge=0, le=1, description="Share of frames in quarantine that still passes."
    )
    max_empty_frac: float = Field(
        default=0.2, ge=0, le=1, description="Share of frames without any scene that still passes."
    )

    @model_validator(mode="after")
    def _is_a_range(self) -> "SceneRequestsConfig":
        if self.min_objects > self.max_objects:
            raise ValueError(
                "need min_objects no greater than max_objects, got "
                f"{self.min_objects} and {self.max_objects}"
            )
        return self

    @property
    def class_ids(self) -> frozenset[int]:
        """ADE20K-150 ids of the classes that may be drawn."""
        return frozenset(OOD_CLASS_LISTS[self.class_list])

    def rules_for(self, world: World) -> PlacementRules:
        """The placement rules for frames of a world."""
        return PlacementRules(
            rule=self._rule(CAMERAS[world.name]),
            flip_frac=self.flip_frac,
            min_visible_frac=self.min_visible_frac,
            min_area_px=self.min_area_px,
        )

    def _rule(self, camera: Camera) -> PublishedRule | PerspectiveRule:
        if self.placement == "published":
            return PublishedRule()
        height, horizon = self.camera_height_m, self.horizon_frac
        return PerspectiveRule(
            Camera(
                height_m=camera.height_m if height is None else height,
                horizon_frac=camera.horizon_frac if horizon is None else horizon,
            )
        )
