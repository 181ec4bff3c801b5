"""What the look of a place consists of."""

from dataclasses import dataclass

from models.miniature.mesh import Color


@dataclass(frozen=True)
class PlaceLook:
    """The look of a place; the geometry of its streets comes from the seed alone."""

    facades: tuple[Color, ...]
    trims: tuple[Color, ...]
    materials: tuple[str, ...]
    windows: tuple[str, ...]
    roofs: tuple[Color, ...]
    roof_shape: str  # flat, gable, hip, mansard or front (gables that face the street)
    floor_scale: float
    tree: str  # broadleaf, conifer, palm or bare
    foliage: tuple[Color, ...]
    road: Color
    road_texture: str
    marks: Color
    sidewalk: Color
    grass: Color
    wall: Color
    wall_texture: str
    fence: Color
    fence_texture: str
    pole: Color
    lamp_style: str  # arm, globe or double
    signs: tuple[Color, Color]  # of information signs and of warning signs
    sky: tuple[Color, Color]  # at the zenith and at the horizon
    tram: Color
