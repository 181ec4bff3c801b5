"""Where trained segmenters lie in the store: known without Dagster and without torch."""

ASSET = "segmenter_checkpoint"
CHECKPOINTS = "segmenter_checkpoints"
STEPS = "training_steps"
TABLES = (CHECKPOINTS, STEPS)

TENSORBOARD = "tensorboard"
"""Folder beside the work folders, with a folder of event files for each training; it stays."""

CODE_VERSION = "1"
"""Raise it when equal inputs and an equal configuration give other weights."""
