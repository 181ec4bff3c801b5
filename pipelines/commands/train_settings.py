"""The configuration of a training from the words of a command line."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from assets.segmenters.config import SegmenterConfig

_OPTIONS = ("architecture", "initial_checkpoint", "n_processes", "settings")
"""Fields that have options of their own, or are meant by the keys that are none."""

_SHAPED_LIKE = "deeplab_wrn38"
"""Where the data decide between two editions of a network, whose settings have one shape."""


def config_of(
    architecture: str, initial_checkpoint: str, n_processes: int, changes: Sequence[str]
) -> SegmenterConfig:
    """The configuration with changes, each ``KEY=VALUE``.

    A key is a field of `SegmenterConfig`, or a path into `models.training.config.TrainingConfig`
    such as ``stages.0.n_epochs``; a value is JSON, or else a text.

    Raises:
        ValueError: if a change has another form, or names or holds what cannot be.
    """
    named = {key: _value(text) for key, text in map(_split, changes)}
    known = SegmenterConfig.model_fields.keys() - set(_OPTIONS)
    own = {key: value for key, value in named.items() if key in known}
    config = _checked(
        {
            **own,
            "architecture": architecture,
            "initial_checkpoint": initial_checkpoint,
            "n_processes": n_processes,
        }
    )
    paths = {key: value for key, value in named.items() if key not in known}
    return config.model_copy(update={"settings": _settings(config, paths)}) if paths else config


def _settings(config: SegmenterConfig, paths: Mapping[str, Any]) -> dict[str, Any]:
    """The changes as a tree, refused here where the published configuration has no such place."""
    from assets.segmenters.settings import configuration_of  # imports torch

    is_open = config.architecture == "world"
    architecture = _SHAPED_LIKE if is_open else config.architecture
    base = configuration_of(architecture, config.edition, {})
    tree: dict[str, Any] = {}
    for key, value in paths.items():
        tree = _with(tree, base, key.split("."), value)
    configuration_of(architecture, config.edition, tree)
    return tree


def _with(tree: Any, base: Any, path: Sequence[str], value: Any) -> Any:
    """The tree with a value at a path; a list gets all entries of the base, to be merged by place.

    Raises:
        ValueError: if a list has no such place.
    """
    if not path:
        return value
    step, rest = path[0], path[1:]
    if not isinstance(base, list):
        below = base.get(step) if isinstance(base, Mapping) else None
        former = tree if isinstance(tree, Mapping) else {}
        return {**former, step: _with(former.get(step, {}), below, rest, value)}
    if not step.isdecimal() or int(step) >= len(base):
        raise ValueError(f"--set: need one of the places 0 to {len(base) - 1}, got {step!r}")
    known = [{} if isinstance(entry, Mapping) else entry for entry in base]
    found = list(tree) if isinstance(tree, list) else known
    found[int(step)] = _with(found[int(step)], base[int(step)], rest, value)
    return found


def _split(change: str) -> tuple[str, str]:
    key, is_there, text = change.partition("=")
    if not is_there or not all(key.split(".")):
        raise ValueError(f"--set {change}: need KEY=VALUE, such as batch_size=4, got no such form")
    if key in _OPTIONS:
        raise ValueError(f"--set {change}: need a setting that has no option of its own, got {key}")
    return key, text


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _checked(fields: Mapping[str, Any]) -> SegmenterConfig:
    try:
        return SegmenterConfig(**fields)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, one['loc']))}: {one['msg'].replace('Input should be', 'need')}, "
            f"got {one['input']!r}"
            for one in error.errors()
        )
        raise ValueError(f"{wrong}; docs/training.md tells what there is") from None
