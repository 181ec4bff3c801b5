"""Metadata that several assets show alike."""

from collections.abc import Mapping

import dagster as dg

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
    }
