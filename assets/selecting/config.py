"""What people choose for a training set, beside its selection file."""

import dagster as dg
from pydantic import Field


class TrainingSetConfig(dg.Config):
    """How many photographs may be missing or unreadable."""

    max_bad_frac: float = Field(
        0.05, ge=0, le=1, description="Share of chosen frames in quarantine that still passes."
    )
