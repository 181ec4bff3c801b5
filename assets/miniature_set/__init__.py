"""Making of the miniature set: stages as plain functions; only the module `ops` is Dagster.

Nothing here imports torch before a stage runs.
"""
