"""The words that prompts are drawn from: places, weathers, times.

Published: five weathers and two times of the first implementation (Gao et al. 2024, CGAug). Its 96
city names are not at hand; ``storage/tables/prompt_words.csv`` holds 100 large cities that this
project chose instead. Miniature: the world's own conditions and its places that are not reserved.
"""

from dataclasses import dataclass, fields

from storage.label_space import read_table


@dataclass(frozen=True, kw_only=True)
class WordLists:
    """Places, weathers and times to draw from; each entry once.

    Raises:
        ValueError: if a list is empty or names an entry twice.
    """

    places: tuple[str, ...]
    weathers: tuple[str, ...]
    times: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse lists that nothing can be drawn from evenly."""
        for field in fields(self):
            entries = getattr(self, field.name)
            if not entries or len(set(entries)) < len(entries):
                raise ValueError(f"need one or more {field.name}, each once, got {entries}")


def published_words() -> WordLists:
    """Words of full-size scenes."""
    rows = read_table("prompt_words")
    lists = {
        name: tuple(row["entry"] for row in rows if row["list"] == name)
        for name in ("place", "weather", "time")
    }
    return WordLists(places=lists["place"], weathers=lists["weather"], times=lists["time"])


def miniature_words() -> WordLists:
    """Words of the miniature world, without its reserved places."""
    # Imported here: its package draws scenes, and loading the definitions should not pay for it.
    from models.miniature.world import KNOWN_PLACES, TIMES, WEATHERS

    return WordLists(places=KNOWN_PLACES, weathers=WEATHERS, times=TIMES)


def reserved_names() -> frozenset[str]:
    """Places and object kinds of the miniature that nothing may be trained on."""
    from models.miniature.world import RESERVED_KINDS, RESERVED_PLACES

    return frozenset({*RESERVED_PLACES, *RESERVED_KINDS})
