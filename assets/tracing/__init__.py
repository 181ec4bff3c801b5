"""From a checkpoint to its samples, from a sample to all that it was made from and is used by."""
