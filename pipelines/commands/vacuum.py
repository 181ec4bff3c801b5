"""`multishift vacuum`: give back the room of old versions and of what killed runs left."""

from pipelines.commands.console import out
from pipelines.settings import read_settings
from storage.manifests.vacuum import vacuum


def run_vacuum(*, keep_versions: int, min_age_hours: float) -> int:
    """Vacuum the configured store and tell what went."""
    settings = read_settings()
    store = settings.open_store()
    report = vacuum(
        store.manifests, store.blobs, keep_versions=keep_versions, min_age_s=min_age_hours * 3600
    )
    out.print(
        f"removed {report.pointers} versions, {report.parts} parts, {report.drafts} drafts, "
        f"{report.blobs} blobs, {report.temporary_files} unfinished files: "
        f"{report.freed_bytes / 1e6:.1f} MB from {store.root}",
        soft_wrap=True,
    )
    return 0
