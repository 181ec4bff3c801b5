"""What was traced as plain values, which JSON can hold."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from assets.tracing.checkpoints import TracedCheckpoint
from assets.tracing.roles import UsedSample
from assets.tracing.samples import TracedSample
from storage.manifests.pointers import ManifestVersion

_KINDS = {TracedCheckpoint: "checkpoint", TracedSample: "sample"}
_SHOWN = ("asset", "partition", "version", "fingerprint", "created", "code_version", "run_id")


def to_plain(traced: TracedCheckpoint | TracedSample) -> dict[str, Any]:
    """The fields by name, beside ``kind``; versions as asset, partition, number and fingerprint.

    Masks are left out, and of the samples of a checkpoint everything but name, part and picture.
    """
    return {"kind": _KINDS[type(traced)], **_plain(traced)}


def _plain(value: Any) -> Any:
    match value:
        case ManifestVersion():
            return {name: getattr(value, name) for name in _SHOWN}
        case UsedSample():
            picture = value.row.image_sha256
            return {"sample": value.sample, "role": value.role.value, "image_sha256": picture}
        case Enum():
            return value.value
        case Mapping():
            return {str(name): _plain(one) for name, one in value.items()}
        case tuple() | list():
            return [_plain(one) for one in value]
    return _plain_fields(value) if is_dataclass(value) else value


def _plain_fields(value: Any) -> dict[str, Any]:
    found = {field.name: getattr(value, field.name) for field in fields(value)}
    return {name: _plain(one) for name, one in found.items() if not _is_mask(one)}


def _is_mask(value: object) -> bool:
    return isinstance(value, bytes) or (
        isinstance(value, tuple) and any(isinstance(one, bytes) for one in value)
    )
