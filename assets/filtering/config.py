"""What people may choose for the scene filter, in the Launchpad or in a run configuration."""

import dagster as dg
from pydantic import Field, model_validator


class FilterConfig(dg.Config):
    """Thresholds that the scores of a scene must exceed, and the acceptance that still passes.

    A threshold that is left empty is the one that the scenes were drawn under.
    """

    min_iou: float | None = Field(
        default=None,
        ge=0,
        lt=1,
        description="IoU of SAM's mask and the pasted mask; published: 0.7.",
    )
    min_ood_score: float | None = Field(
        default=None,
        allow_inf_nan=False,
        description="Mean OOD score over SAM's mask, in the detector's own unit.",
    )
    ood_quantile: float | None = Field(
        default=None,
        gt=0,
        lt=1,
        description="The same threshold as a quantile of the detector's scores of known pixels, "
        "from the asset detector_calibration.",
    )
    min_layout_agreement: float | None = Field(
        default=None,
        ge=0,
        lt=1,
        description="Share of background pixels that the detector names as the label does; not "
        "looked at in the published filter.",
    )
    accepts_all: bool | None = Field(
        default=None,
        description="Accept every attempt whatever its scores, so that the first one of each scene "
        "is labelled: what the filter is compared with.",
    )
    min_acceptance: float = Field(
        default=0.2,
        ge=0,
        le=1,
        description="Share of scenes that must be accepted for the check to pass.",
    )

    @model_validator(mode="after")
    def _has_one_ood_threshold(self) -> "FilterConfig":
        if self.min_ood_score is not None and self.ood_quantile is not None:
            raise ValueError(
                "need an OOD threshold as min_ood_score or as ood_quantile, got both, "
                f"{self.min_ood_score} and {self.ood_quantile}; remove one"
            )
        return self
