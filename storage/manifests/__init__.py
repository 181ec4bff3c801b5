"""Rows of every asset in versions: schemas, Parquet parts, pointers, drafts, vacuum.

The doors are `storage.manifests.manifest` (commit and read), `storage.manifests.drafts` (work that
survives its process) and `storage.manifests.vacuum`; `storage.store` opens them.
"""
