"""What people may choose for synthetic scenes, in the Launchpad or in a run configuration."""

from typing import Literal

import dagster as dg
from pydantic import Field

from assets.synthesis.drawing import MARGIN_PX, DrawingSettings
from assets.synthesis.presets import Preset

_ELSE = "; empty for what the profile of the networks recommends"


class SynthesisConfig(dg.Config):
    """How scenes are drawn, and what an attempt must reach so that no other one is drawn."""

    sampler: Literal["recommended", "ddim", "dpm++", "unipc", "euler"] = Field(
        default="recommended",
        description="How noise becomes a picture; recommended: as the networks' profile says.",
    )
    n_steps: int | None = Field(
        default=None, ge=1, le=1000, description=f"Steps of the sampler{_ELSE}."
    )
    guidance: float | None = Field(
        default=None, ge=1, le=50, description=f"Weight of the prompt, 1 for none{_ELSE}."
    )
    short_side_px: int | None = Field(
        default=None,
        ge=16,
        le=4096,
        description="Shorter side of the pictures, both sides rounded to the generator's stride"
        f"{_ELSE}.",
    )
    control_scale: float = Field(default=1.0, ge=0, le=2, description="Weight of the layout.")
    with_edges: bool = Field(
        default=False,
        description="Control by the edges of the photograph too; the generator must have a second "
        "ControlNet.",
    )
    edge_scale: float = Field(default=1.0, ge=0, le=2, description="Weight of the edges.")
    order: Literal["one_step", "two_step"] = Field(
        default="one_step",
        description="one_step: conditions and objects at once; two_step: a picture without objects "
        "first, then each object into it with nothing but its surroundings drawn anew, at twice "
        "the cost.",
    )
    margin_px: float = Field(
        default=MARGIN_PX,
        ge=0,
        le=1024,
        description="How far the surroundings of an object reach (two_step), in pixels of a "
        "picture 1024 high.",
    )
    max_attempts: int | None = Field(
        default=None,
        ge=1,
        description="Attempts drawn for a scene; empty for all that are requested.",
    )
    min_iou: float | None = Field(
        default=None, ge=0, lt=1, description=f"Least IoU of SAM's mask and the pasted one{_ELSE}."
    )
    min_ood_score: float | None = Field(
        default=None,
        allow_inf_nan=False,
        description="Least mean OOD score over SAM's mask, in the detector's unit.",
    )
    ood_quantile: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="The same as a quantile of known pixels, of the asset detector_calibration"
        f"{_ELSE}.",
    )
    min_layout_agreement: float | None = Field(
        default=None,
        ge=0,
        lt=1,
        description="Least share of background that the detector names as the label; empty: any.",
    )
    accepts_all: bool = Field(
        default=False,
        description="Keep the first attempt of every scene whatever its scores, and draw no other: "
        "for a filter that accepts all.",
    )
    keeps_rejected: bool = Field(
        default=False,
        description="Keep the pictures of rejected attempts too, not only a thumbnail.",
    )
    scenes_per_item: int = Field(
        default=16,
        ge=1,
        le=1024,
        description="Scenes that a worker gets at once; without effect on rows.",
    )
    max_bad_frac: float = Field(
        default=0.05, ge=0, le=1, description="Share of scenes in quarantine that still passes."
    )
    min_kept_frac: float = Field(
        default=0.2, ge=0, le=1, description="Least share of scenes with a kept attempt."
    )

    def settings_for(self, preset: Preset) -> DrawingSettings:
        """How pictures are drawn, with the preset's word where the configuration says nothing."""
        return DrawingSettings(
            sampler=preset.sampler if self.sampler == "recommended" else self.sampler,
            n_steps=self.n_steps or preset.n_steps,
            guidance=self.guidance or preset.guidance,
            short_side_px=self.short_side_px or preset.short_side_px,
            control_scale=self.control_scale,
            edge_scale=self.edge_scale,
            with_edges=self.with_edges,
            order=self.order,
            margin_px=self.margin_px,
        )
