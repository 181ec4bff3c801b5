"""Fields that configurations gained: they are spelled only where they say something new.

Checkpoints and orders hold the JSON of their configuration and digests of it. A field that is left
out where it has its default keeps every configuration of before the very text that it had.
"""

from collections.abc import Mapping
from typing import Any

_DEFAULTS: dict[tuple[str, ...], Any] = {
    ("ood_source",): "head",
    ("loss", "reference"): "relative",
    ("loss", "score_targets"): None,
    ("loss", "exposure_weight"): 0.1,
    ("transform", "weather"): None,
    ("transform", "paste", "into"): "original",
}
"""Path of each later field, and its default."""


def without_defaults(plain: Mapping[str, Any], place: tuple[str, ...] = ()) -> dict[str, Any]:
    """The JSON of a configuration without later fields that have their default."""
    return {
        key: without_defaults(value, (*place, key)) if isinstance(value, Mapping) else value
        for key, value in plain.items()
        if (path := (*place, key)) not in _DEFAULTS or value != _DEFAULTS[path]
    }


def with_defaults(plain: Any, whole: Any, place: tuple[str, ...] = ()) -> Any:
    """The JSON as given, with what it leaves out of later fields.

    Args:
        plain: as given.
        whole: the JSON of the configuration that was read from it, with every field.
        place: of both in the configuration.
    """
    if not (isinstance(plain, Mapping) and isinstance(whole, Mapping)):
        return plain
    given = {
        key: with_defaults(value, whole.get(key), (*place, key)) for key, value in plain.items()
    }
    left_out = {key: whole[key] for key in whole if key not in given and _is_later(*place, key)}
    return given | left_out


def _is_later(*path: str) -> bool:
    """Whether the path is that of a later field, or lies inside of one."""
    return any(path[:length] in _DEFAULTS for length in range(1, len(path) + 1))
