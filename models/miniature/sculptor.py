"""The sculptor: builds a mesh out of boxes, frustums, lathed and extruded shapes and flat cards."""

import itertools
import math
from collections.abc import Iterable, Sequence

import numpy as np

from models.miniature.mesh import Mesh, Point, Skin

Quad = tuple[Point, Point, Point, Point]
Rect = tuple[float, float, float, float]
# Points, normal, whether it is a card, piece, skin, part: a plain tuple, as a scene has hundreds.
_Face = tuple[Sequence[Point], Point, bool, int, int, int]
_UNKNOWN: Point = (0.0, 0.0, 0.0)  # a normal yet to be found from the points

_YZX, _ZXY = np.array((1, 2, 0)), np.array((2, 0, 1))


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
        self._faces: list[_Face] = []
        self._skins: dict[Skin, int] = {}
        self._parts: dict[str, int] = {"": 0}
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
        skin_id = self._skins.setdefault(skin, len(self._skins))
        self._faces.append((points, normal or _UNKNOWN, is_card, self._piece, skin_id, self._part))

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
        x, y, z = at(quad, *place)
        right, up = _unit(_between(quad[0], quad[1])), _unit(_between(quad[0], quad[3]))
        corners = [
            (
                x + right[0] * u + up[0] * v,
                y + right[1] * u + up[1] * v,
                z + right[2] * u + up[2] * v,
            )
            for u, v in ring(radius, 10)
        ]
        self.face(corners, skin)

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
        axis = _unit(_between(start, end))
        side = _unit(_cross(axis, (1.0, 0.0, 0.0) if abs(axis[0]) < 0.8 else (0.0, 0.0, 1.0)))
        low = _square(start, side, _cross(axis, side), radius)
        high = _square(end, side, _cross(axis, side), radius, taper)
        for k in range(4):
            n = (k + 1) % 4
            self.face([low[n], low[k], high[k], high[n]], skin)
        self.face(high[::-1], skin)
        self.face(low, skin)

    def mesh(self) -> Mesh:
        """The mesh of everything added so far."""
        points, normals, is_card, pieces, skin_ids, part_ids = zip(*self._faces, strict=True)
        n_points = [len(corners) for corners in points]
        # One array for all columns of numbers: small arrays cost more to make than to fill.
        columns = np.array((n_points, is_card, pieces, skin_ids, part_ids), dtype=np.int64)
        counts = columns[0]
        vertices = _as_points(itertools.chain.from_iterable(points), sum(n_points))
        return Mesh(
            vertices=vertices,
            counts=counts,
            normals=_completed(_as_points(normals, len(normals)), vertices, counts),
            is_card=columns[1].astype(np.bool_),
            pieces=columns[2],
            skins=tuple(self._skins),
            skin_ids=columns[3],
            parts=tuple(self._parts),
            part_ids=columns[4],
        )


def _as_points(points: Iterable[Point], n_points: int) -> np.ndarray:
    """An array of (n, 3), twice as fast as from a list of tuples."""
    flat = itertools.chain.from_iterable(points)
    return np.fromiter(flat, np.float64, 3 * n_points).reshape(-1, 3)


def _completed(normals: np.ndarray, vertices: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The normals, with those found that are unknown."""
    is_unknown = ~normals.any(axis=1, keepdims=True)
    if not is_unknown.any():
        return normals
    return np.where(is_unknown, _newell_normals(vertices, counts), normals)


def _newell_normals(vertices: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Newell's normals, which also serve concave and nearly degenerate faces."""
    ends = np.cumsum(counts)
    starts = ends - counts
    following = np.arange(1, len(vertices) + 1)
    following[ends - 1] = starts
    after = vertices[following]
    step, total = vertices - after, vertices + after
    # The world is left-handed (z points away), so counterclockwise faces need the opposite sign.
    normals = -np.add.reduceat(step.take(_YZX, axis=1) * total.take(_ZXY, axis=1), starts)
    lengths = np.sqrt(np.square(normals).sum(axis=1, keepdims=True))
    return np.asarray(normals / np.maximum(lengths, 1e-12))


def _unit(vector: Point) -> Point:
    length = max(float(np.linalg.norm(vector)), 1e-9)
    return vector[0] / length, vector[1] / length, vector[2] / length


def _between(start: Point, end: Point) -> Point:
    return end[0] - start[0], end[1] - start[1], end[2] - start[2]


def _cross(a: Point, b: Point) -> Point:
    return a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]


def _square(
    center: Point, side: Point, other: Point, radius: float, taper: float = 1.0
) -> list[Point]:
    """Corners of a square across two directions, as wide as `radius` times `taper`."""
    return [
        (
            center[0] + (u * side[0] + v * other[0]) * radius * taper,
            center[1] + (u * side[1] + v * other[1]) * radius * taper,
            center[2] + (u * side[2] + v * other[2]) * radius * taper,
        )
        for u, v in ((1, 1), (-1, 1), (-1, -1), (1, -1))
    ]


def _distinct(points: list[Point]) -> list[Point]:
    """The points without repeats: a band that ends in a tip has triangles."""
    return list(dict.fromkeys(points))
