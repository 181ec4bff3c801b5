"""What people choose for a training on the known classes."""

import dagster as dg
from pydantic import Field


class ClosedSetTrainingConfig(dg.Config):
    """Which frames are learned from, for how long and how fast."""

    n_epochs: int = Field(30, ge=1, description="Passes over the frames.")
    batch_size: int = Field(8, ge=1, description="Images a step; fewer where there are fewer.")
    learning_rate: float = Field(3e-3, gt=0, description="Highest rate of AdamW's one cycle.")
    weight_decay: float = Field(1e-2, ge=0, description="Of AdamW.")
    crop_px: int = Field(
        128, ge=0, description="Side of the square part of a frame that a step sees; 0: all of it."
    )
    class_balance: float = Field(
        0.5, ge=0, le=1, description="How much more rare classes count: 0 not at all, 1 alike."
    )
    short_side_px: int = Field(
        128, ge=16, le=1024, description="Photographs are brought to this shorter side."
    )
    max_frames: int = Field(
        3_000, ge=2, description="Spread evenly over the cities; they are held in memory."
    )
    held_out_frac: float = Field(
        0.1, gt=0, lt=1, description="Share of frames that is scored and never learned from."
    )
    max_held_out_frames: int = Field(50, ge=1, description="No more than these.")
    n_epochs_between_scores: int = Field(5, ge=1, description="The last epoch is scored anyhow.")
    seed: int = Field(0, ge=0, description="Of weights, order, crops and flips.")
