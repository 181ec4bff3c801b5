"""Persons and riders: small jointed figures of rods and turned shapes, facing -z."""

import math
from dataclasses import replace
from functools import lru_cache

from models.miniature import labels
from models.miniature.layout import Thing
from models.miniature.mesh import Finish, Item, Mesh, Point, Skin, palette, rgb
from models.miniature.ordering import STANDING_LAYER
from models.miniature.sculptor import Sculptor

_SKIN, _TOP, _BOTTOM = Skin("skin"), Skin("top", texture="fabric"), Skin("bottom", texture="fabric")
_HAIR, _SHOES, _BAG = Skin("hair"), Skin("shoes"), Skin("bag")

RIDDEN_SCALE = (1.15, 1.12, 1.12)  # of riders and what they ride, to stay legible when far

SKIN_TONES = palette("#f0cdb0 #e2b08c #c08a62 #8a5a3c #6a4230")
HAIR_TONES = palette("#2a211c #4a3424 #8a5c34 #c8a060 #9a9896 #1a1a1e")
CLOTHES = palette(
    "#b83430 #2c5a94 #e0b43c #3c7a54 #ece8e0 #2c2e34 "
    "#8a4a7c #d8743c #6c7a88 #5a4436 #7cb0c4 #d890a0"
)
TROUSERS = palette("#2b3446 #3c3a3a #5a6a80 #7a6a54 #22242a #8c8478 #4a5440")


def person_item(thing: Thing) -> Item:
    """A person who walks or stands."""
    mesh = _person_mesh(thing.variant)
    return _figure(mesh, thing, labels.PERSON)


def rider_item(thing: Thing) -> Item:
    """The person on a bicycle or motorcycle; the vehicle is an item of its own."""
    mesh = _rider_mesh(thing.kind == "motorcyclist", thing.variant % 3)
    return _figure(mesh, replace(thing, size=RIDDEN_SCALE), labels.RIDER)


def _figure(mesh: Mesh, thing: Thing, label: int) -> Item:
    a, b, c, d = thing.dice
    finish = {
        "skin": Finish(SKIN_TONES[int(a * len(SKIN_TONES))]),
        "hair": Finish(HAIR_TONES[int(b * len(HAIR_TONES))]),
        "top": Finish(CLOTHES[int(c * len(CLOTHES))]),
        "bottom": Finish(TROUSERS[int(d * len(TROUSERS))]),
        "shoes": Finish(rgb("#26221f")),
        "bag": Finish(CLOTHES[int(b * 7.7 * len(CLOTHES)) % len(CLOTHES)]),
        "helmet": Finish(CLOTHES[int(a * 5.3 * len(CLOTHES)) % len(CLOTHES)]),
        "visor": Finish(rgb("#20242a")),
    }
    return Item(
        mesh, finish, label, STANDING_LAYER, thing.x, 0.0, thing.z, thing.yaw, scale=thing.size
    )


@lru_cache(maxsize=16)
def _person_mesh(variant: int) -> Mesh:
    """Variants differ in stride, clothes, hair and what they carry; every sixth is a child."""
    sculptor = Sculptor()
    height = 1.25 if variant % 6 == 5 else 1.78
    stride = (0.0, 0.16, 0.28)[variant % 3] * height
    has_skirt = variant in (1, 4, 8)
    hip, shoulder = 0.48 * height, 0.82 * height
    for side in (-1, 1):
        _leg(sculptor, side, hip, side * stride, bare=has_skirt)
        _arm(sculptor, side, shoulder, -side * stride * 0.9, hip)
    sculptor.piece()
    if has_skirt:
        sculptor.lathe([(0.25, 0.26 * height), (0.16, hip + 0.1)], _BOTTOM, n_sides=8, squash=0.75)
    coat = variant in (2, 6, 9)
    low = 0.30 * height if coat else hip - 0.06
    sculptor.lathe(
        [(0.20, low), (0.19, hip + 0.1), (0.25, shoulder - 0.05), (0.12, shoulder + 0.04)],
        _TOP, n_sides=8, squash=0.62,
    )  # fmt: skip
    _head(sculptor, (0.0, 0.92 * height, 0.0), long_hair=variant % 2 == 0)
    if variant in (3, 7, 10):
        sculptor.piece()
        sculptor.box((-0.17, hip + 0.05, 0.13), (0.17, shoulder - 0.02, 0.32), _BAG)
    elif variant in (0, 5):
        sculptor.piece()
        sculptor.box((0.27, hip - 0.32, -0.16), (0.38, hip, 0.16), _BAG)
    return sculptor.mesh()


def _leg(sculptor: Sculptor, side: int, hip: float, forward: float, *, bare: bool) -> None:
    x = side * 0.10
    knee, foot = (x, hip * 0.52, -forward * 0.6), (x, 0.06, -forward)
    sculptor.piece()
    sculptor.tube((x, hip, 0.0), knee, 0.095, _BOTTOM, taper=0.85)
    sculptor.tube(knee, foot, 0.078, _SKIN if bare else _BOTTOM, taper=0.85)
    sculptor.box((x - 0.07, 0.0, -forward - 0.16), (x + 0.07, 0.11, -forward + 0.09), _SHOES)


def _arm(sculptor: Sculptor, side: int, shoulder: float, forward: float, hip: float) -> None:
    x = side * 0.25
    elbow, hand = (side * 0.31, (shoulder + hip) / 2, -forward * 0.4), (side * 0.30, hip, -forward)
    sculptor.piece()
    sculptor.tube((x, shoulder - 0.05, 0.0), elbow, 0.065, _TOP, taper=0.9)
    sculptor.tube(elbow, hand, 0.058, _TOP, taper=0.8)
    sculptor.box(
        (hand[0] - 0.05, hip - 0.1, -forward - 0.05), (hand[0] + 0.05, hip, -forward + 0.05), _SKIN
    )


def _head(sculptor: Sculptor, center: Point, *, long_hair: bool) -> None:
    x, y, z = center
    sculptor.piece()
    sculptor.lathe(
        [(0.06, y - 0.16), (0.095, y - 0.10), (0.12, y), (0.11, y + 0.08)],
        _SKIN, center=(x, z), n_sides=8,
    )  # fmt: skip
    low = y - 0.12 if long_hair else y + 0.01
    sculptor.lathe(
        [(0.13, low), (0.135, y + 0.05), (0.09, y + 0.14), (0.0, y + 0.15)],
        _HAIR, center=(x, z + 0.035), n_sides=8,
    )  # fmt: skip


@lru_cache(maxsize=8)
def _rider_mesh(is_on_motorcycle: bool, variant: int) -> Mesh:
    """A seated figure whose hands reach the handlebar and whose feet reach the pedals."""
    sculptor = Sculptor()
    seat, lean = (0.86, 0.10) if is_on_motorcycle else (0.98, 0.18 + 0.08 * variant)
    hip: Point = (0.0, seat, 0.28)
    shoulder: Point = (0.0, seat + 0.56, 0.28 - lean * 1.6)
    foot_y, foot_z = (0.32, 0.05) if is_on_motorcycle else (0.24, 0.0)
    for side in (-1, 1):
        sculptor.piece()
        lift = 0.0 if is_on_motorcycle else 0.14 * side
        knee = (side * 0.2, seat - 0.16 + lift, -0.2)
        foot = (side * 0.16, foot_y + lift, foot_z)
        sculptor.tube((side * 0.1, seat, 0.25), knee, 0.10, _BOTTOM, taper=0.85)
        sculptor.tube(knee, foot, 0.085, _BOTTOM, taper=0.8)
        sculptor.box(
            (foot[0] - 0.06, foot[1] - 0.08, foot_z - 0.16),
            (foot[0] + 0.06, foot[1] + 0.04, foot_z + 0.1),
            _SHOES,
        )
        sculptor.piece()
        hand = (side * 0.28, 1.06, -0.36)
        elbow = (side * 0.36, (shoulder[1] + 1.06) / 2 - 0.04, (shoulder[2] - 0.36) / 2)
        sculptor.tube((side * 0.24, shoulder[1] - 0.04, shoulder[2]), elbow, 0.075, _TOP)
        sculptor.tube(elbow, hand, 0.065, _TOP, taper=0.8)
    sculptor.piece()
    _torso(sculptor, hip, shoulder)
    head = (0.0, shoulder[1] + 0.24, shoulder[2] - 0.06)
    _head(sculptor, head, long_hair=variant == 1)
    if is_on_motorcycle or variant != 1:
        _helmet(sculptor, head, is_full=is_on_motorcycle)
    return sculptor.mesh()


def _torso(sculptor: Sculptor, hip: Point, shoulder: Point) -> None:
    """A leaning block, wider at the shoulders."""
    low = (-0.19, 0.19, hip[2] - 0.14, hip[2] + 0.14)
    high = (-0.27, 0.27, shoulder[2] - 0.13, shoulder[2] + 0.13)
    sculptor.frustum(low, hip[1] - 0.08, high, shoulder[1] + 0.05, _TOP)


def _helmet(sculptor: Sculptor, head: Point, *, is_full: bool) -> None:
    x, y, z = head
    low = y - 0.10 if is_full else y + 0.04
    profile = [(0.155, low), (0.165, y + 0.06), (0.11, y + 0.16), (0.0, y + 0.18)]
    sculptor.lathe(profile, Skin("helmet"), center=(x, z), n_sides=8)
    if is_full:
        sculptor.box((-0.11, y - 0.04, z - 0.19), (0.11, y + 0.05, z - 0.1), Skin("visor"))


def wheel_outline(radius: float, inner: float, y: float, z: float, x: float) -> list[Point]:
    """An annulus in the plane of a wheel as one outline that runs out and back."""
    angles = [2 * math.pi * k / 14 for k in range(15)]
    outer = [(x, y + radius * math.sin(a), z + radius * math.cos(a)) for a in angles]
    hole = [(x, y + inner * math.sin(a), z + inner * math.cos(a)) for a in reversed(angles)]
    return [*outer, *hole]
