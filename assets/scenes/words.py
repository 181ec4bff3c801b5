"""The word lists that a configuration names, read from where they are."""

from pathlib import Path

from assets.scenes.config import SceneRequestsConfig
from models.scenes import WordLists, miniature_words, published_words
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
    own = "miniature" if world.name == "miniature" else "published"
    name = own if source == "world" else source
    if name not in _NAMED:
        return read_prompt_list(data_root / Path(source).expanduser())
    entries: tuple[str, ...] = getattr(_NAMED[name](), kind)
    return entries
