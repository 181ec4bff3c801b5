"""The sculptor: builds a mesh out of boxes, frustums, lathed and extruded shapes and flat cards."""

import itertools
import math
from collections.abc import Sequence

import numpy as np

from models.miniature.mesh import Mesh, Point, Skin

Quad = tuple[Point, Point, Point, Point]
Rect = tuple[float, float, float, float]
_UNKNOWN: Point = (0.0, 0.0, 0.0)  # a normal yet to be found from the points


def ring(radius: float, n_sides: int, *, phase: float = 0.0) -> list[tuple[float, float]]:
    """Corners of a regular polygon around the origin, counterclockwise."""
    angles = [phase + 2 * math.pi * k / n_sides for k in range(n_sides)]
    return [(radius * math.cos(angle), radius * math.sin(angle)) for angle in angles]


def at(quad: Quad, s: float, t: float) -> Point:
    """The point of a quad at `s` to the right and `t` upward, both in [0, 1]."""
    low_left, low_right, high_right, high_left = quad
    a, b, c, d = (1 - s) * (1 - t), s * (1 - t), s * t, (1 - s) * t
    # Written out: this runs some hundred times a scene.
    return (
        a * low_left[0] + b * low_right[0] + c * high_right[0] + d * high_left[0],
        a * low_left[1] + b * low_right[1] + c * high_right[1] + d * high_left[1],
        a * low_left[2] + b * low_right[2] + c * high_right[2] + d * high_left[2],
    )


class Sculptor:
    """Collects faces; `mesh` ends the work.

    Quads run counterclockwise as seen from outside, from their lower left corner.
    """

    def __init__(self) -> None:
        """Start with nothing."""
        self._vertices: list[Point] = []
        self._counts: list[int] = []
        self._normals: list[Point] = []
        self._is_card: list[bool] = []
        self._pieces: list[int] = []
        self._skins: dict[Skin, int] = {}
        self._skin_ids: list[int] = []
        self._parts: dict[str, int] = {"": 0}
        self._part_ids: list[int] = []
        self._piece = 0
        self._part = 0

    def piece(self, part: str = "") -> None:
        """Begin a piece: what follows is drawn before or after other pieces by its depth."""
        self._piece += 1
        self._part = self._parts.setdefault(part, len(self._parts))

    def face(
        self,
        points: Sequence[Point],
        skin: Skin,
        *,
        normal: Point | None = None,
        is_card: bool = False,
    ) -> None:
        """Add a flat face; its normal follows from the order of its points unless given."""
        self._vertices.extend(points)
        self._counts.append(len(points))
        self._normals.append(normal or _UNKNOWN)
        self._is_card.append(is_card)
        self._pieces.append(self._piece)
        self._skin_ids.append(self._skins.setdefault(skin, len(self._skins)))
        self._part_ids.append(self._part)

    def card(self, points: Sequence[Point], skin: Skin, *, normal: Point | None = None) -> None:
        """Add a flat face that is seen from both sides."""
        self.face(points, skin, normal=normal, is_card=True)

    def frustum(
        self, low: Rect, y_low: float, high: Rect, y_high: float, skin: Skin
    ) -> dict[str, Quad]:
        """Add a block between two level rectangles (x0, x1, z0, z1); returns its quads by name."""
        (a, b, c, d), (e, f, g, h) = low, high
        quads: dict[str, Quad] = {
            "back": ((b, y_low, d), (a, y_low, d), (e, y_high, h), (f, y_high, h)),
            "left": ((a, y_low, d), (a, y_low, c), (e, y_high, g), (e, y_high, h)),
            "right": ((b, y_low, c), (b, y_low, d), (f, y_high, h), (f, y_high, g)),
            "top": ((e, y_high, g), (f, y_high, g), (f, y_high, h), (e, y_high, h)),
            "front": ((a, y_low, c), (b, y_low, c), (f, y_high, g), (e, y_high, g)),
        }
        for quad in quads.values():
            self.face(quad, skin)
        return quads

    def box(self, low: Point, high: Point, skin: Skin) -> dict[str, Quad]:
        """Add a box between two opposite corners; returns its quads by name (no bottom)."""
        rect = (low[0], high[0], low[2], high[2])
        return self.frustum(rect, low[1], rect, high[1], skin)

    def panel(self, quad: Quad, window: Rect, skin: Skin) -> Quad:
        """Add a decal on a quad between (s0, t0, s1, t1) of its sides; returns the decal's quad."""
        s0, t0, s1, t1 = window
        decal = (at(quad, s0, t0), at(quad, s1, t0), at(quad, s1, t1), at(quad, s0, t1))
        self.face(decal, skin)
        return decal

    def spot(self, quad: Quad, place: tuple[float, float], radius: float, skin: Skin) -> None:
        """Add a round decal of `radius` meters on a quad, centered at (s, t) of its sides."""
        center = np.array(at(quad, *place))
        right = _unit(np.subtract(quad[1], quad[0]))
        up = _unit(np.subtract(quad[3], quad[0]))
        corners = [center + right * u + up * v for u, v in ring(radius, 10)]
        self.face([(float(p[0]), float(p[1]), float(p[2])) for p in corners], skin)

    def lathe(
        self,
        profile: Sequence[tuple[float, float]],
        skin: Skin,
        *,
        center: tuple[float, float] = (0.0, 0.0),
        n_sides: int = 10,
        squash: float = 1.0,
        phase: float = 0.0,
    ) -> None:
        """Add a turned shape: (radius, height) from below to above around a vertical axis."""
        x, z = center
        for (r_low, y_low), (r_high, y_high) in itertools.pairwise(profile):
            below = [(x + u, y_low, z + v * squash) for u, v in ring(r_low, n_sides, phase=phase)]
            above = [(x + u, y_high, z + v * squash) for u, v in ring(r_high, n_sides, phase=phase)]
            for k in range(n_sides):
                n = (k + 1) % n_sides
                points = [below[k], below[n], above[n], above[k]]
                self.face(_distinct(points), skin)
        radius, y = profile[-1]
        if radius > 0:
            lid = [(x + u, y, z + v * squash) for u, v in ring(radius, n_sides, phase=phase)]
            self.face(lid, skin)

    def tube(
        self, start: Point, end: Point, radius: float, skin: Skin, *, taper: float = 1.0
    ) -> None:
        """Add a square rod between two points; its far end has `taper` times the radius."""
        axis = _unit(np.subtract(end, start))
        helper = np.array((1.0, 0.0, 0.0)) if abs(axis[0]) < 0.8 else np.array((0.0, 0.0, 1.0))
        side = _unit(np.cross(axis, helper))
        other = np.cross(axis, side)
        corners = [(u * side + v * other) * radius for u, v in ((1, 1), (-1, 1), (-1, -1), (1, -1))]
        low = [_point(np.add(start, corner)) for corner in corners]
        high = [_point(np.add(end, corner * taper)) for corner in corners]
        for k in range(4):
            n = (k + 1) % 4
            self.face([low[n], low[k], high[k], high[n]], skin)
        self.face(high[::-1], skin)
        self.face(low, skin)

    def mesh(self) -> Mesh:
        """The mesh of everything added so far."""
        vertices = _as_points(self._vertices)
        counts = np.array(self._counts, dtype=np.int64)
        normals = _as_points(self._normals)
        is_unknown = ~normals.any(axis=1)
        normals[is_unknown] = _newell_normals(vertices, counts)[is_unknown]
        return Mesh(
            vertices=vertices,
            counts=counts,
            normals=normals,
            is_card=np.array(self._is_card, dtype=np.bool_),
            pieces=np.array(self._pieces, dtype=np.int64),
            skins=tuple(self._skins),
            skin_ids=np.array(self._skin_ids, dtype=np.int64),
            parts=tuple(self._parts),
            part_ids=np.array(self._part_ids, dtype=np.int64),
        )


def _as_points(points: Sequence[Point]) -> np.ndarray:
    """An array of (n, 3), twice as fast as from a list of tuples."""
    flat = itertools.chain.from_iterable(points)
    return np.fromiter(flat, np.float64, 3 * len(points)).reshape(-1, 3)


def _newell_normals(vertices: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Newell's normals, which also serve concave and nearly degenerate faces."""
    starts = np.concatenate([[0], np.cumsum(counts)[:-1]])
    following = np.arange(1, len(vertices) + 1)
    following[starts + counts - 1] = starts
    step, total = vertices - vertices[following], vertices + vertices[following]
    # The world is left-handed (z points away), so counterclockwise faces need the opposite sign.
    normals = -np.add.reduceat(step[:, (1, 2, 0)] * total[:, (2, 0, 1)], starts)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    return np.asarray(normals)


def _unit(vector: np.ndarray) -> np.ndarray:
    return vector / max(float(np.linalg.norm(vector)), 1e-9)


def _point(vector: np.ndarray) -> Point:
    return float(vector[0]), float(vector[1]), float(vector[2])


def _distinct(points: list[Point]) -> list[Point]:
    """The points without repeats: a band that ends in a tip has triangles."""
    return list(dict.fromkeys(points))
