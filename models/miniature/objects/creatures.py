"""Animals and toys. Builders as in `seating`."""

import itertools
import math

import numpy as np

from models.miniature.mesh import Point, Skin
from models.miniature.sculptor import Sculptor

BODY = Skin("body")


# Length of the body, height of the legs, girth, rise of the neck, size of the head.
_BUILDS = {
    "dog": (0.85, 0.42, 0.17, 0.28, 0.20),
    "sheep": (0.95, 0.38, 0.30, 0.12, 0.20),
    "cow": (1.50, 0.62, 0.36, 0.18, 0.30),
    "horse": (1.45, 0.85, 0.28, 0.55, 0.30),
}


def animal(sculptor: Sculptor, rng: np.random.Generator) -> None:
    """A four-legged animal seen from its side: dog, sheep, cow or horse by its proportions."""
    build = str(rng.choice(list(_BUILDS)))
    length, leg, girth, neck, head = _BUILDS[build]
    coat = Skin("coat", texture="leaves" if build == "sheep" else "plain")
    half, middle = length / 2, leg + girth
    _animal_legs(sculptor, half * 0.78, leg, girth, stride=float(rng.uniform(0.0, 0.14)))
    sculptor.piece("body")
    outline = ((-1.05, 0.55), (-0.8, 1.0), (0.0, 0.92), (0.75, 1.0), (1.05, 0.6))
    profile = [(half * along, radius) for along, radius in outline]
    _barrel_along_x(sculptor, profile, middle, girth, coat)
    sculptor.piece("head")
    shoulder = (-half * 0.85, middle + girth * 0.4, 0.0)
    nape = (-half - 0.25 * neck - 0.05, middle + girth * 0.5 + neck, 0.0)
    sculptor.tube(shoulder, nape, girth * 0.48, coat, taper=0.75)
    _animal_head(sculptor, nape, head)
    sculptor.piece("tail")
    rump = (half, middle + girth * 0.5, 0.0)
    tip = (half + 0.22, middle + float(rng.uniform(-0.35, 0.3)), 0.0)
    sculptor.tube(rump, tip, 0.045, Skin("tail"))


def _animal_legs(
    sculptor: Sculptor, reach: float, leg: float, girth: float, *, stride: float
) -> None:
    for end in (-1, 1):
        for side in (-1, 1):
            sculptor.piece("leg")
            hip = (end * reach, leg + girth * 0.6, side * girth * 0.5)
            foot = (end * (reach + side * stride), 0.0, side * girth * 0.5)
            sculptor.tube(hip, foot, 0.075, Skin("leg"), taper=0.75)


def _animal_head(sculptor: Sculptor, nape: Point, size: float) -> None:
    """A muzzle that points forward and down, and two ears."""
    x, y, _ = nape
    skin = Skin("head")
    muzzle = (x - size * 1.5, y - size * 0.45, 0.0)
    sculptor.tube((x + 0.06, y + 0.04, 0.0), muzzle, size * 0.48, skin, taper=0.65)
    for z in (-0.35 * size, 0.35 * size):
        tip = (x + 0.04, y + 0.08 + size * 0.8, z * 1.3)
        sculptor.tube((x, y + 0.08, z), tip, 0.05, skin, taper=0.4)


def _barrel_along_x(
    sculptor: Sculptor, profile: list[tuple[float, float]], y: float, girth: float, skin: Skin
) -> None:
    """A body lying along x with `girth` times the profile's radius at each place."""
    n_sides = 8
    angles = [2 * math.pi * k / n_sides for k in range(n_sides)]
    rings = [
        [(x, y + girth * r * math.sin(a), girth * 0.85 * r * math.cos(a)) for a in angles]
        for x, r in profile
    ]
    for left, right in itertools.pairwise(rings):
        for k in range(n_sides):
            n = (k + 1) % n_sides
            sculptor.face([left[k], right[k], right[n], left[n]], skin)
    sculptor.face(rings[0], skin, normal=(-1.0, 0.0, 0.0))
    sculptor.face(rings[-1], skin, normal=(1.0, 0.0, 0.0))


def ball(sculptor: Sculptor, rng: np.random.Generator) -> None:
    """A ball with gores of two or three colors."""
    radius = float(rng.uniform(0.3, 0.45))
    n_bands, n_sides = 7, 14
    tilt = float(rng.uniform(-0.6, 0.6))
    n_colors = int(rng.integers(2, 4))
    sculptor.piece()
    for i in range(n_bands):
        for k in range(n_sides):
            corners = [
                _on_sphere(radius, (i + di) / n_bands, (k + dk) / n_sides, tilt)
                for di, dk in ((0, 0), (0, 1), (1, 1), (1, 0))
            ]
            distinct = list(dict.fromkeys(corners))
            center = tuple(sum(p[axis] for p in corners) / 4 for axis in range(3))
            normal = (center[0] / radius, (center[1] - radius) / radius, center[2] / radius)
            sculptor.face(distinct, Skin(f"gore {k // 2 % n_colors}"), normal=normal)


def _on_sphere(radius: float, latitude: float, longitude: float, tilt: float) -> Point:
    """A point of a sphere that rests on the ground; poles at latitude 0 and 1, tilted sideways."""
    polar, angle = math.pi * latitude, 2 * math.pi * (longitude % 1.0)
    x, y, z = math.sin(polar) * math.cos(angle), -math.cos(polar), math.sin(polar) * math.sin(angle)
    turned = (x * math.cos(tilt) - y * math.sin(tilt), x * math.sin(tilt) + y * math.cos(tilt), z)
    return (
        round(radius * turned[0], 6),
        round(radius * (1 + turned[1]), 6),
        round(radius * turned[2], 6),
    )


def plaything(sculptor: Sculptor, rng: np.random.Generator) -> None:
    """A rocking horse, a pull-along car of blocks, or a stacking tower."""
    choice = int(rng.integers(3))
    if choice == 0:
        _rocking_horse(sculptor)
    elif choice == 1:
        _block_car(sculptor)
    else:
        _stacking_tower(sculptor, rng)


def _rocking_horse(sculptor: Sculptor) -> None:
    for z in (-0.16, 0.16):
        sculptor.piece("rocker")
        arc = [(t, 0.04 + 0.45 * t * t, z) for t in (-0.6, -0.3, 0.0, 0.3, 0.6)]
        for start, end in itertools.pairwise(arc):
            sculptor.tube(start, end, 0.045, Skin("rocker"))
        for x in (-0.3, 0.3):
            sculptor.tube((x, 0.08, z), (x * 0.8, 0.5, z * 0.7), 0.05, Skin("leg"))
    sculptor.piece("body")
    sculptor.box((-0.4, 0.45, -0.15), (0.4, 0.72, 0.15), BODY)
    sculptor.box((-0.12, 0.72, -0.16), (0.18, 0.78, 0.16), Skin("saddle"))
    sculptor.piece("head")
    sculptor.tube((-0.34, 0.62, 0), (-0.5, 1.0, 0), 0.12, BODY, taper=0.8)
    sculptor.tube((-0.44, 1.02, 0), (-0.74, 0.86, 0), 0.1, Skin("head"), taper=0.7)
    sculptor.tube((-0.3, 0.74, 0), (-0.42, 1.1, 0), 0.05, Skin("mane"))


def _block_car(sculptor: Sculptor) -> None:
    sculptor.piece("body")
    sculptor.box((-0.55, 0.16, -0.24), (0.55, 0.42, 0.24), BODY)
    sculptor.piece("cabin")
    sculptor.box((-0.2, 0.42, -0.2), (0.35, 0.72, 0.2), Skin("saddle"))
    for x in (-0.34, 0.34):
        sculptor.piece("wheel")
        for z in (-0.26, 0.26):
            rim = [
                (x + 0.17 * math.cos(a), 0.17 + 0.17 * math.sin(a), z)
                for a in np.arange(12) * math.pi / 6
            ]
            hub = [
                (x + 0.07 * math.cos(a), 0.17 + 0.07 * math.sin(a), z * 1.04)
                for a in np.arange(12) * math.pi / 6
            ]
            sculptor.card(rim, Skin("leg"))
            sculptor.card(hub, Skin("head"))


def _stacking_tower(sculptor: Sculptor, rng: np.random.Generator) -> None:
    n_rings = int(rng.integers(4, 6))
    paints = ("head", "mane", "saddle", "rocker", "leg")
    sculptor.piece("base")
    sculptor.lathe([(0.4, 0.0), (0.36, 0.1)], BODY, n_sides=12)
    for k in range(n_rings):
        radius, y = 0.36 - 0.055 * k, 0.1 + 0.17 * k
        sculptor.piece("ring")
        sculptor.lathe(
            [(radius * 0.85, y), (radius, y + 0.085), (radius * 0.85, y + 0.17)],
            Skin(paints[k]),
            n_sides=12,
        )
    y = 0.1 + 0.17 * n_rings
    sculptor.piece("top")
    sculptor.lathe([(0.06, y), (0.11, y + 0.09), (0.0, y + 0.2)], BODY, n_sides=8)
