"""The word lists that a configuration names, read from where they are."""

from collections.abc import Callable
from pathlib import Path

from assets.scenes.config import SceneRequestsConfig
from models.scenes import (
    WordLists,
    miniature_training_words,
    miniature_words,
    published_training_words,
    published_words,
)
from storage.prompt_lists import read_prompt_list
from storage.world import World

_NAMED = {"published": published_words, "miniature": miniature_words}


def wanted_words(config: SceneRequestsConfig, data_root: Path, world: World) -> WordLists:
    """Places, weathers and times to draw from.

    Raises:
        ValueError: naming file and line, if a custom list cannot be used.
    """
    chosen = {name: getattr(config, name) for name in ("places", "weathers", "times")}
    return WordLists(**{n: _entries(n, source, data_root, world) for n, source in chosen.items()})


def _entries(kind: str, source: str, data_root: Path, world: World) -> tuple[str, ...]:
    named = {**_NAMED, **_of_world(world)}
    if source not in named:
        return read_prompt_list(data_root / Path(source).expanduser())
    entries: tuple[str, ...] = getattr(named[source](), kind)
    return entries


def _of_world(world: World) -> dict[str, Callable[[], WordLists]]:
    """The lists whose words are those of the world at hand."""
    if world.name == "miniature":
        return {"world": miniature_words, "training": miniature_training_words}
    return {"world": published_words, "training": published_training_words}
