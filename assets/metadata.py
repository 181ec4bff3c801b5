"""Metadata that several assets show alike."""

from collections.abc import Mapping
from urllib.parse import quote

import dagster as dg

from storage.manifests.layout import UNPARTITIONED
from storage.manifests.pointers import ManifestVersion


def integers(counts: Mapping[str, int]) -> dict[str, dg.MetadataValue]:
    """Whole numbers, which the UI plots over the runs."""
    return {name: dg.MetadataValue.int(count) for name, count in counts.items()}


def origin(version: ManifestVersion) -> dict[str, dg.MetadataValue]:
    """Number and fingerprint of a version, and what it was made from."""
    return {
        "manifest_version": dg.MetadataValue.int(version.version),
        "fingerprint": dg.MetadataValue.text(version.fingerprint),
        "provenance": dg.MetadataValue.json({**version.provenance, **version.parents}),
        "made_from": dg.MetadataValue.md(links_to_parents(version)),
    }


def links_to_parents(version: ManifestVersion) -> str:
    """Markdown list of what a version was made from, each with a link to its page in the UI."""
    lines = []
    for place, named in sorted(version.parents.items()):
        asset, _, partition = place.partition("/")
        partition = "" if partition == UNPARTITIONED else partition
        number = named.partition(":")[0]
        told = ", ".join(filter(None, (asset, partition, f"version {number}")))
        lines.append(f"- [{_escaped(told)}]({asset_page(asset, partition)})")
    return "\n".join(lines) or "sources alone"


def asset_page(asset: str, partition: str = "") -> str:
    """Address of an asset's page, or of a partition there, relative to the UI."""
    page = f"/assets/{quote(asset, safe='')}"
    return f"{page}?view=partitions&partition={quote(partition, safe='')}" if partition else page


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("[", "\\[").replace("]", "\\]")
