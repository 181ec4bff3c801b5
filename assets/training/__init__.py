"""Training of the miniature set: stages as plain functions; only `assets.training.ops` is Dagster.

Nothing here imports torch before a stage runs.
"""
