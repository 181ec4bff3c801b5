"""What people may choose for labels, in the Launchpad or in a run configuration."""

from typing import Literal

import dagster as dg
from pydantic import Field


class LabelConfig(dg.Config):
    """At which size labels are made, of which masks, and how many may fail."""

    size: Literal["picture", "frame"] = Field(
        "picture",
        description="picture: labels at the size of the generated pictures; frame: as published, "
        "labels at the size of the frame, and pictures brought to it bilinearly.",
    )
    label_mask: Literal["sam", "pasted"] = Field(
        "sam",
        description="sam: an object is what SAM found of it, and what it left out is void, as "
        "published; pasted: an object is what the layout shows, whatever was drawn there.",
    )
    max_bad_frac: float = Field(
        0.05, ge=0, le=1, description="Share of chosen pictures in quarantine that still passes."
    )
