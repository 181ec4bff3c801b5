"""Meshes as values, and the finish that turns a mesh into something of a certain color.

A mesh is built once and reused: its faces name paints ("body", "glass"), and an item supplies the
colors. Local axes: x right, y up, z away from the camera; the front of a thing looks to -z; lengths
in meters; a thing stands on y = 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Float64, Int64

Color = tuple[float, float, float]
Point = tuple[float, float, float]


def rgb(code: str) -> Color:
    """The color of a hexadecimal code such as "#c08040", each channel in [0, 1]."""
    return int(code[1:3], 16) / 255, int(code[3:5], 16) / 255, int(code[5:7], 16) / 255


def palette(codes: str) -> tuple[Color, ...]:
    """The colors of hexadecimal codes that are parted by blanks."""
    return tuple(rgb(code) for code in codes.split())


@dataclass(frozen=True)
class Skin:
    """What covers a face: paint and trim are names that an item's finish resolves to colors."""

    paint: str
    trim: str = ""
    texture: str = "plain"
    glow: str = "none"


@dataclass(frozen=True)
class Finish:
    """The sRGB color of a paint, with a texture where it replaces that of the skin."""

    color: Color
    texture: str = ""


@dataclass(frozen=True, eq=False)
class Mesh:
    """Flat faces; face k has `counts[k]` consecutive rows of `vertices`.

    Faces of one piece are drawn in their order here; pieces are drawn far to near. A card is seen
    from both sides, other faces only from where their normal points.
    """

    vertices: Float64[np.ndarray, "vertices 3"]
    counts: Int64[np.ndarray, " faces"]
    normals: Float64[np.ndarray, "faces 3"]
    is_card: Bool[np.ndarray, " faces"]
    pieces: Int64[np.ndarray, " faces"]
    skins: tuple[Skin, ...]
    skin_ids: Int64[np.ndarray, " faces"]
    parts: tuple[str, ...]
    part_ids: Int64[np.ndarray, " faces"]

    @cached_property
    def paints(self) -> tuple[str, ...]:
        """The names of all paints and trims, sorted."""
        names = {skin.paint for skin in self.skins} | {skin.trim for skin in self.skins}
        return tuple(sorted(names - {""}))

    @cached_property
    def low(self) -> Float64[np.ndarray, " 3"]:
        """The smallest x, y and z."""
        low: Float64[np.ndarray, " 3"] = self.vertices.min(axis=0)
        return low

    @cached_property
    def high(self) -> Float64[np.ndarray, " 3"]:
        """The largest x, y and z."""
        high: Float64[np.ndarray, " 3"] = self.vertices.max(axis=0)
        return high


@dataclass(frozen=True, eq=False)
class Item:
    """A mesh in its place in the world, in its colors and with its meaning.

    Layers are drawn in their order; within a layer, far before near. `yaw` turns counterclockwise
    as seen from above, in radians.
    """

    mesh: Mesh
    finish: Mapping[str, Finish]
    label: int
    layer: int
    x: float = 0.0
    y: float = 0.0
    z: float = 0.0
    yaw: float = 0.0
    scale: Point = (1.0, 1.0, 1.0)
    object_index: int = -1
    has_shadow: bool = True
