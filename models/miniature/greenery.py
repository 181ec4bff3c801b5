"""Trees, bushes, hedges and far hills; each shape is built once per variant and then shared."""

import math
from functools import lru_cache

import numpy as np

from models.miniature import labels
from models.miniature.layout import Layout, Thing
from models.miniature.look import PlaceLook
from models.miniature.mesh import Color, Finish, Item, Mesh, Point, Skin
from models.miniature.ordering import STANDING_LAYER
from models.miniature.sculptor import Sculptor
from models.miniature.streams import stream

_LEAF = Skin("leaf", texture="leaves")
_DARK_LEAF = Skin("dark leaf", texture="leaves")
_BARK = Skin("bark", texture="planks")


def plant_item(thing: Thing, look: PlaceLook) -> Item:
    """A tree or bush of the kind that grows in the place, scaled to the thing's size."""
    is_bush = thing.kind.endswith("bush")
    mesh = plant_mesh("bush" if is_bush else look.tree, thing.variant)
    foliage = look.foliage[int(thing.dice[0] * len(look.foliage))]
    if is_bush and look.tree == "bare":
        foliage = look.grass
    layer = 3 if thing.kind.startswith("yard") else STANDING_LAYER
    finish = leaf_finish(foliage, 0.88 + 0.24 * thing.dice[1])
    return Item(mesh, finish, labels.VEGETATION, layer, thing.x, 0.0, thing.z, scale=thing.size)


def leaf_finish(color: Color, tone: float) -> dict[str, Finish]:
    """Leaves of a color and tone, their shaded side, and bark."""
    r, g, b = (min(channel * tone, 1.0) for channel in color)
    return {
        "leaf": Finish((r, g, b)),
        "dark leaf": Finish((r * 0.72, g * 0.76, b * 0.80)),
        "bark": Finish((0.36, 0.28, 0.22)),
    }


@lru_cache(maxsize=128)
def plant_mesh(kind: str, variant: int) -> Mesh:
    """A plant 1 m high: broadleaf, conifer, palm, bare or bush."""
    rng = stream(variant, f"plant {kind}")
    sculptor = Sculptor()
    {
        "broadleaf": _broadleaf,
        "conifer": _conifer,
        "palm": _palm,
        "bare": _bare,
        "bush": _bush,
    }[kind](sculptor, rng)
    return sculptor.mesh()


def _broadleaf(sculptor: Sculptor, rng: np.random.Generator) -> None:
    sculptor.tube((0, 0, 0), (0.0, 0.5, 0.0), 0.035, _BARK, taper=0.6)
    sculptor.tube((0, 0.32, 0), (0.14, 0.52, 0.0), 0.018, _BARK)
    _crown(sculptor, rng, center_y=0.66, radii=(0.33, 0.31), n_clumps=20)


def _bush(sculptor: Sculptor, rng: np.random.Generator) -> None:
    _crown(sculptor, rng, center_y=0.45, radii=(0.5, 0.42), n_clumps=12)


def _crown(
    sculptor: Sculptor,
    rng: np.random.Generator,
    *,
    center_y: float,
    radii: tuple[float, float],
    n_clumps: int,
) -> None:
    """Clumps of leaves on an ellipsoid, the ones in front drawn last; light comes by their side."""
    radius_x, radius_y = radii
    directions = rng.normal(size=(n_clumps, 3))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    directions = directions[np.argsort(-directions[:, 2])]
    _clump(
        sculptor, rng, (0.0, center_y), (radius_x * 0.9, radius_y * 0.9), (0, 0.1, 0.3), _DARK_LEAF
    )
    for nx, ny, nz in directions:
        place = (float(nx) * radius_x * 0.62, center_y + float(ny) * radius_y * 0.62)
        size = float(rng.uniform(0.36, 0.52))
        normal = (float(nx), float(ny) + 0.35, float(nz) * 0.7)
        skin = _LEAF if ny > -0.35 else _DARK_LEAF
        _clump(sculptor, rng, place, (size * radius_x, size * radius_y), normal, skin)


def _clump(
    sculptor: Sculptor,
    rng: np.random.Generator,
    center: tuple[float, float],
    radii: tuple[float, float],
    normal: Point,
    skin: Skin,
) -> None:
    """A ragged disc of leaves."""
    n_corners = 11
    angles = np.arange(n_corners) * 2 * math.pi / n_corners
    reach = rng.uniform(0.78, 1.12, n_corners)
    points = [
        (
            center[0] + radii[0] * float(r * math.cos(a)),
            center[1] + radii[1] * float(r * math.sin(a)),
            0.0,
        )
        for a, r in zip(angles, reach, strict=True)
    ]
    sculptor.card(points, skin, normal=_unit(normal))


def _conifer(sculptor: Sculptor, rng: np.random.Generator) -> None:
    sculptor.tube((0, 0, 0), (0, 0.25, 0), 0.03, _BARK)
    n_tiers = 6
    for k in range(n_tiers):
        low = 0.12 + 0.78 * k / n_tiers
        high = low + 0.30 - 0.02 * k
        width = 0.27 * (1 - k / (n_tiers + 0.6)) * float(rng.uniform(0.9, 1.1))
        for side, skin in ((-1, _DARK_LEAF), (1, _LEAF)):
            edge = [
                (side * width * (1 - j / 4), low + (high - low) * j / 4 - 0.02 * (j % 2))
                for j in range(4)
            ]
            points = [
                (0.0, low - 0.02, 0.0),
                *[(x, y, 0.0) for x, y in edge],
                (0.0, min(high, 1.0), 0.0),
            ]
            sculptor.card(points, skin, normal=_unit((side * 0.7, 0.45, -0.5)))


def _palm(sculptor: Sculptor, rng: np.random.Generator) -> None:
    lean = float(rng.uniform(-0.08, 0.08))
    for k in range(4):
        start = (lean * (k / 4) ** 2, 0.75 * k / 4, 0.0)
        end = (lean * ((k + 1) / 4) ** 2, 0.75 * (k + 1) / 4, 0.0)
        sculptor.tube(start, end, 0.026 - 0.003 * k, _BARK, taper=0.85)
    n_fronds = 11
    for k in range(n_fronds):
        angle = math.pi * (k + 0.5) / n_fronds + float(rng.uniform(-0.1, 0.1))
        reach = 0.34 * float(rng.uniform(0.85, 1.1))
        skin = _LEAF if k % 2 else _DARK_LEAF
        _frond(sculptor, (lean, 0.75), angle, reach, skin)


def _frond(
    sculptor: Sculptor, root: tuple[float, float], angle: float, reach: float, skin: Skin
) -> None:
    """A leaf that rises along `angle` and droops; its lower edge is toothed."""
    upper, lower = [], []
    for k in range(7):
        t = k / 6
        x = root[0] + math.cos(angle) * reach * t
        y = root[1] + math.sin(angle) * reach * t * 0.75 - 0.26 * t * t
        width = 0.055 * math.sin(math.pi * min(t + 0.12, 1.0)) + 0.004
        upper.append((x, y + width * 0.6, 0.0))
        lower.append((x, y - width * (1.5 if k % 2 else 0.5), 0.0))
    normal = _unit((math.cos(angle) * 0.6, 0.7, -0.5))
    sculptor.card([*upper, *lower[::-1]], skin, normal=normal)


def _bare(sculptor: Sculptor, rng: np.random.Generator) -> None:
    """A trunk that forks four times, with a thin veil of twigs."""
    _crown_veil = [(0.0, 0.3, math.pi / 2, 0.3, 0.036)]
    sculptor.tube((0, 0, 0), (0, 0.32, 0), 0.036, _BARK, taper=0.8)
    for _ in range(4):
        forks = []
        for x, y, angle, length, radius in _crown_veil:
            for turn in (-1, 0.2, 1) if radius > 0.02 else (-1, 1):
                heading = angle + turn * float(rng.uniform(0.3, 0.6))
                reach = length * float(rng.uniform(0.65, 0.85))
                end_x, end_y = x + math.cos(heading) * reach, y + math.sin(heading) * reach
                _branch(sculptor, (x, y), (end_x, end_y), radius * 0.62)
                forks.append((end_x, end_y, heading, reach, radius * 0.62))
        _crown_veil = forks


def _branch(
    sculptor: Sculptor, start: tuple[float, float], end: tuple[float, float], radius: float
) -> None:
    across = _unit((end[1] - start[1], start[0] - end[0], 0.0))
    dx, dy = across[0] * radius, across[1] * radius
    (x0, y0), (x1, y1) = start, end
    points = [
        (x0 - dx, y0 - dy, 0.0),
        (x0 + dx, y0 + dy, 0.0),
        (x1 + dx * 0.6, y1 + dy * 0.6, 0.0),
        (x1 - dx * 0.6, y1 - dy * 0.6, 0.0),
    ]
    sculptor.card(points, Skin("leaf"), normal=_unit((across[0] * 0.4, 0.6, -0.6)))


def far_greenery(layout: Layout, look: PlaceLook) -> list[Item]:
    """Woods or hills where the street ends, and a far line of trees behind everything."""
    sculptor = Sculptor()
    rng = stream(0, "far greenery")
    is_hill = layout.vista == "hills"
    height, step = (26.0, 40.0) if is_hill else (11.0, 9.0)
    phase = layout.lamps.spacing
    xs = np.arange(-260.0, 261.0, step)
    tops = height * (
        0.7 + 0.35 * np.sin(xs / (3.1 * step) + phase) + 0.10 * rng.standard_normal(len(xs))
    )
    outline = [(float(x), float(max(top, 2.0)), 190.0) for x, top in zip(xs, tops, strict=True)]
    face = [(-260.0, 0.0, 190.0), *outline, (260.0, 0.0, 190.0)]
    sculptor.face(face, _DARK_LEAF, normal=(0.0, 0.5, -0.87))
    color = look.grass if look.tree == "bare" else look.foliage[0]
    finish = leaf_finish(color, 0.85)
    return [Item(sculptor.mesh(), finish, labels.VEGETATION, 2, has_shadow=False)]


def _unit(vector: Point) -> Point:
    length = math.sqrt(sum(value * value for value in vector)) or 1.0
    return vector[0] / length, vector[1] / length, vector[2] / length
