"""The published configuration of a training with what somebody wants otherwise. Imports torch."""

from collections.abc import Mapping
from typing import Any, Literal

from models.training.config import config_from_json
from models.training.published import PUBLISHED, RELEASED


def configuration_of(
    architecture: str, edition: Literal["paper", "released"], settings: Mapping[str, Any]
) -> dict[str, Any]:
    """The configuration as JSON has it.

    Raises:
        ValueError: if there is no such edition, or a setting is unknown or of no use.
    """
    editions = PUBLISHED if edition == "paper" else RELEASED
    if architecture not in editions:
        raise ValueError(
            f"need an architecture with the edition {edition}, {', '.join(editions)}, got "
            f"{architecture!r}"
        )
    plain = _merged(editions[architecture].to_json(), settings)
    found = config_from_json(plain)
    if found.architecture != architecture:
        raise ValueError(
            f"need settings of {architecture}, got the architecture {found.architecture!r}; choose "
            "it beside the settings"
        )
    return found.to_json()


def _merged(base: Any, changes: Any) -> Any:
    """Objects by key and lists of equal length by place; anything else is replaced."""
    if isinstance(base, Mapping) and isinstance(changes, Mapping):
        return {**base, **{key: _merged(base.get(key), value) for key, value in changes.items()}}
    if isinstance(base, list) and isinstance(changes, list) and len(base) == len(changes):
        return [_merged(*both) for both in zip(base, changes, strict=True)]
    return changes
