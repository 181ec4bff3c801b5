"""Where segmenters of the known classes lie in the store: known without torch."""

import dagster as dg

ASSET = "closed_set_checkpoint"
CHECKPOINTS = "closed_set_checkpoints"
STEPS = "closed_set_steps"

CODE_VERSION = "1"
"""Raise it when equal frames and an equal configuration give other weights."""

START = "closed_set"
"""Says, in place of a file to begin with: the checkpoint of this asset, of the architecture."""

ARCHITECTURES = ("deeplab_miniature",)
"""Networks that learn from nothing within minutes; for the published ones a person brings weights.

Mask2Former cannot be among them before `train_closed_set` descends its criterion.
"""

architectures = dg.StaticPartitionsDefinition(list(ARCHITECTURES))
