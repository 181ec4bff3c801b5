"""The words that prompts are drawn from: places, weathers, times.

Published: five weathers and two times of the first implementation (Gao et al. 2024, CGAug). Its 96
city names are not at hand; ``storage/tables/prompt_words.csv`` holds 100 large cities that this
project chose instead. Miniature: the world's own conditions and its places that are not reserved.
Training: nothing but what the photographs of the training frames show, so that a picture shifts
nothing beside its objects. Cityscapes was recorded in 18 cities (of its training split), by day and
in fair weather (Cordts et al. 2016); the miniature's frames are drawn alike.
"""

from dataclasses import dataclass, fields

from storage.label_space import read_table

_FAIR_WEATHERS, _BY_DAY = ("clear", "cloudy"), ("day",)
_TRAINING_CITIES = (
    *("Aachen", "Bochum", "Bremen", "Cologne", "Darmstadt", "Dusseldorf", "Erfurt", "Hamburg"),
    *("Hanover", "Jena", "Krefeld", "Monchengladbach", "Strasbourg", "Stuttgart", "Tubingen"),
    *("Ulm", "Weimar", "Zurich"),
)
"""In ASCII, because names of places end up in file names."""


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


def published_training_words() -> WordLists:
    """Places, weathers and times that the training frames of Cityscapes show."""
    return WordLists(places=_TRAINING_CITIES, weathers=_FAIR_WEATHERS, times=_BY_DAY)


def miniature_training_words() -> WordLists:
    """Places, weathers and times that the training frames of the miniature show."""
    from models.miniature.world import PLACES

    places = tuple(place.name for place in PLACES if place.is_training)
    return WordLists(places=places, weathers=_FAIR_WEATHERS, times=_BY_DAY)


def reserved_names() -> frozenset[str]:
    """Places and object kinds of the miniature that nothing may be trained on."""
    from models.miniature.world import RESERVED_KINDS, RESERVED_PLACES

    return frozenset({*RESERVED_PLACES, *RESERVED_KINDS})
