"""Colors for OOD objects, taken from the 19 classes, so that color alone tells nothing."""

import numpy as np

from models.miniature.look import PlaceLook
from models.miniature.mesh import Color, Finish, Mesh, rgb
from models.miniature.people import CLOTHES, SKIN_TONES, TROUSERS
from models.miniature.vehicles import BUS_PAINTS, CAR_PAINTS, TRUCK_PAINTS

_DARK, _STEEL, _WHITE = rgb("#22262a"), rgb("#8c9094"), rgb("#f1f0ec")
_GLASS = rgb("#2c3943")


def donors(look: PlaceLook) -> tuple[tuple[tuple[Color, ...], str], ...]:
    """For each of the 19 classes its colors in a place, and the texture they come with."""
    return (
        ((look.road,), "asphalt"),
        ((look.sidewalk,), "paving"),
        (look.facades, "plaster"),
        ((look.wall,), look.wall_texture),
        ((look.fence,), "planks"),
        ((look.pole,), "plain"),
        ((_DARK, rgb("#d8b838"), rgb("#38c060"), rgb("#e83828")), "plain"),
        ((*look.signs, _WHITE, rgb("#c8281e")), "plain"),
        (look.foliage, "leaves"),
        ((look.grass,), "grass"),
        (look.sky, "plain"),
        ((*CLOTHES, *SKIN_TONES), "fabric"),
        ((*CLOTHES, *TROUSERS), "fabric"),
        ((*CAR_PAINTS, _GLASS), "plain"),
        ((*TRUCK_PAINTS, _DARK), "corrugated"),
        ((*BUS_PAINTS, _GLASS), "plain"),
        ((look.tram, _WHITE, _GLASS), "plain"),
        ((*CLOTHES, _DARK, _STEEL), "plain"),
        ((_DARK, _STEEL, *CLOTHES), "plain"),
    )


def donor_finish(mesh: Mesh, look: PlaceLook, rng: np.random.Generator) -> dict[str, Finish]:
    """A finish whose every paint is the color of a class drawn at random, a little varied."""
    classes = donors(look)
    finish = {}
    for paint in mesh.paints:
        colors, texture = classes[int(rng.integers(len(classes)))]
        r, g, b = colors[int(rng.integers(len(colors)))]
        tone = float(rng.uniform(0.85, 1.12))
        color = (min(r * tone, 1.0), min(g * tone, 1.0), min(b * tone, 1.0))
        finish[paint] = Finish(color, texture if rng.random() < 0.6 else "")
    return finish
