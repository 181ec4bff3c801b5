"""The values of the miniature world: its size, conditions, places, object kinds and requests.

Nothing here draws. Names and ids of object kinds are those of the ADE20K-150 list; names of places
can serve as Cityscapes city folders.
"""

from dataclasses import dataclass

WORLD_VERSION = "2"
HEIGHT, WIDTH = 128, 256
WEATHERS = ("clear", "cloudy", "rainy", "snowy", "foggy")
TIMES = ("day", "night")


@dataclass(frozen=True)
class Place:
    """A city of the miniature world; how it looks is told in `models.miniature.places`.

    Training places hold the labeled street scenes; a reserved place is seen by no part that is
    trained; the rest only widen what the generator of images has seen.
    """

    name: str
    is_training: bool = False
    is_reserved: bool = False


@dataclass(frozen=True)
class ObjectKind:
    """A kind of OOD object, named and numbered (from 1) as in ADE20K-150."""

    name: str
    ade_id: int
    is_reserved: bool = False


PLACES = (
    Place("lisbon", is_training=True),
    Place("hamburg", is_training=True),
    Place("zurich", is_training=True),
    Place("miami", is_training=True),
    Place("boston", is_training=True),
    Place("oslo"),
    Place("cairo"),
    Place("seoul"),
    Place("havana"),
    Place("prague"),
    Place("kyoto", is_reserved=True),
    Place("reykjavik", is_reserved=True),
)

OBJECT_KINDS = (
    ObjectKind("bed", 8),
    ObjectKind("table", 16),
    ObjectKind("chair", 20),
    ObjectKind("sofa", 24),
    ObjectKind("armchair", 31),
    ObjectKind("rock", 35),
    ObjectKind("wardrobe", 36),
    ObjectKind("bathtub", 38),
    ObjectKind("box", 42),
    ObjectKind("chest of drawers", 45),
    ObjectKind("refrigerator", 51),
    ObjectKind("bookcase", 63, is_reserved=True),
    ObjectKind("toilet", 66),
    ObjectKind("bench", 70),
    ObjectKind("swivel chair", 76),
    ObjectKind("boat", 77),
    ObjectKind("television receiver", 90),
    ObjectKind("ottoman", 98),
    ObjectKind("fountain", 105, is_reserved=True),
    ObjectKind("washer", 108, is_reserved=True),
    ObjectKind("plaything", 109, is_reserved=True),
    ObjectKind("stool", 111),
    ObjectKind("barrel", 112),
    ObjectKind("basket", 113, is_reserved=True),
    ObjectKind("tent", 115),
    ObjectKind("bag", 116),
    ObjectKind("cradle", 118, is_reserved=True),
    ObjectKind("ball", 120),
    ObjectKind("pot", 126),
    ObjectKind("animal", 127),
    ObjectKind("vase", 136, is_reserved=True),
    ObjectKind("fan", 140, is_reserved=True),
)

PLACE_NAMES = tuple(place.name for place in PLACES)
KIND_NAMES = tuple(kind.name for kind in OBJECT_KINDS)
KNOWN_PLACES = tuple(place.name for place in PLACES if not place.is_reserved)
KNOWN_KINDS = tuple(kind.name for kind in OBJECT_KINDS if not kind.is_reserved)
RESERVED_PLACES = tuple(place.name for place in PLACES if place.is_reserved)
RESERVED_KINDS = tuple(kind.name for kind in OBJECT_KINDS if kind.is_reserved)


@dataclass(frozen=True)
class SceneSpec:
    """A street scene to render; one object is put on the road for each of `object_kinds`.

    The seed fixes the geometry: scenes that differ only in weather, time or object kinds share
    every street, vehicle and person; another place keeps them too and changes their look.

    Raises:
        ValueError: if the seed is negative, or a name is not one of this module's.
    """

    seed: int
    weather: str
    time: str
    place: str
    object_kinds: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse names that the world does not have."""
        _require_seed(self.seed)
        _require_known("weather", self.weather, WEATHERS)
        _require_known("time", self.time, TIMES)
        _require_known("place", self.place, PLACE_NAMES)
        for kind in self.object_kinds:
            _require_known("object kind", kind, KIND_NAMES)


@dataclass(frozen=True)
class IndoorSpec:
    """A room to render with one object for each of `object_kinds`.

    Raises:
        ValueError: if the seed is negative, or a kind is not one of `OBJECT_KINDS`.
    """

    seed: int
    object_kinds: tuple[str, ...]

    def __post_init__(self) -> None:
        """Refuse names that the world does not have."""
        _require_seed(self.seed)
        for kind in self.object_kinds:
            _require_known("object kind", kind, KIND_NAMES)


def _require_seed(seed: int) -> None:
    if seed < 0:
        raise ValueError(f"need a seed of 0 or more, got {seed}")


def _require_known(what: str, name: str, known: tuple[str, ...]) -> None:
    if name not in known:
        raise ValueError(f"need as {what} one of {', '.join(known)}, got {name!r}")
