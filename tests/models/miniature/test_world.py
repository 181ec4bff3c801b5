"""The values of the world: counts, reserved parts, and specs that refuse unknown names."""

import pytest

from models.miniature import OBJECT_KINDS, PLACES, WORLD_VERSION, IndoorSpec, SceneSpec
from models.miniature.objects.catalog import BUILDERS
from models.miniature.places import LOOKS


def test_world_has_a_version() -> None:
    assert WORLD_VERSION


def test_counts_of_places_and_kinds() -> None:
    assert len(PLACES) >= 10
    assert sum(place.is_training for place in PLACES) in (4, 5)
    assert sum(place.is_reserved for place in PLACES) >= 2
    assert not any(place.is_training and place.is_reserved for place in PLACES)
    assert len(OBJECT_KINDS) >= 28
    assert sum(kind.is_reserved for kind in OBJECT_KINDS) >= 7


def test_names_and_ids_are_unique_and_drawn() -> None:
    assert list(LOOKS) == [place.name for place in PLACES]
    assert all(place.name.isalpha() and place.name.islower() for place in PLACES)
    assert sorted(BUILDERS) == sorted(kind.name for kind in OBJECT_KINDS)
    assert len({kind.ade_id for kind in OBJECT_KINDS}) == len(OBJECT_KINDS)
    assert all(1 <= kind.ade_id <= 150 for kind in OBJECT_KINDS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"seed": -1}, "seed"),
        ({"weather": "windy"}, "need as weather"),
        ({"time": "dusk"}, "need as time"),
        ({"place": "atlantis"}, "need as place"),
        ({"object_kinds": ("unicorn",)}, "need as object kind"),
    ],
)
def test_scene_spec_refuses_what_the_world_lacks(change: dict[str, object], message: str) -> None:
    values = {"seed": 1, "weather": "clear", "time": "day", "place": "oslo"} | change
    with pytest.raises(ValueError, match=message):
        SceneSpec(**values)


def test_indoor_spec_refuses_what_the_world_lacks() -> None:
    with pytest.raises(ValueError, match="object kind"):
        IndoorSpec(1, ("unicorn",))
    with pytest.raises(ValueError, match="seed"):
        IndoorSpec(-3, ("chair",))
