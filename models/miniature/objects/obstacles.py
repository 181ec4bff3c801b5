"""What stands in the way of an object: boxes on the ground, and boxes in the picture."""

import math
from collections.abc import Sequence

import numpy as np

from models.miniature.camera import Camera
from models.miniature.mesh import Item
from models.miniature.world import HEIGHT, WIDTH

Bounds = tuple[float, float, float, float, float, float]


class Obstacles:
    """What stands on the street, as boxes on the ground and in the picture."""

    def __init__(self, others: Sequence[Item], camera: Camera) -> None:
        """Measure every obstacle once."""
        boxes = [_bounds(other) for other in others]
        self._is_object = np.array([other.object_index >= 0 for other in others], dtype=np.bool_)
        self._ground = np.array(boxes).reshape(-1, 6)
        self._picture = np.array([_outline_px(box, camera) for box in boxes]).reshape(-1, 4)
        width, height = (self._picture[:, 2:] - self._picture[:, :2]).T
        self._areas = np.maximum(width * height, 1e-6)

    def with_object(self, item: Item, camera: Camera) -> "Obstacles":
        """These obstacles and one more."""
        more = Obstacles([item], camera)
        both = Obstacles([], camera)
        both._is_object = np.concatenate([self._is_object, more._is_object])
        both._ground = np.concatenate([self._ground, more._ground])
        both._picture = np.concatenate([self._picture, more._picture])
        both._areas = np.concatenate([self._areas, more._areas])
        return both

    def cost(
        self, item: Item, camera: Camera, *, min_inside: float = 0.92, max_hidden: float = 0.0
    ) -> float:
        """How badly an item stands: hidden by what is nearer, hiding an object, cut off, colliding.

        Zero where at least `min_inside` of its outline box is in the picture, and boxes of nearer
        obstacles and of other objects share `max_hidden` of it at most.
        """
        box = _bounds(item)
        left, top, right, bottom = _outline_px(box, camera)
        area = max((right - left) * (bottom - top), 1e-6)
        seen_width = max(min(right, WIDTH) - max(left, 0), 0)
        inside = seen_width * max(min(bottom, HEIGHT) - max(top, 0), 0)
        cost = float(3.0 * max(min_inside - inside / area, 0.0))
        if not len(self._ground):
            return cost
        x0, x1, _, _, z0, z1 = box
        ground = self._ground
        collides = (
            (ground[:, 0] < x1) & (ground[:, 1] > x0) & (ground[:, 4] < z1) & (ground[:, 5] > z0)
        )
        across = np.minimum(self._picture[:, 2], right) - np.maximum(self._picture[:, 0], left)
        down = np.minimum(self._picture[:, 3], bottom) - np.maximum(self._picture[:, 1], top)
        shared = np.maximum(across, 0) * np.maximum(down, 0)
        hidden = (shared / area)[(ground[:, 4] < z1) | self._is_object].sum()
        hidden = max(float(hidden), float((shared / self._areas)[self._is_object].max(initial=0.0)))
        return float(cost + 3.0 * max(hidden - max_hidden, 0.0) + int(collides.sum()))


def _bounds(item: Item) -> Bounds:
    """Box around an item in the world: least and greatest x, y and z."""
    (x0, y0, z0), (x1, y1, z1) = item.mesh.low.tolist(), item.mesh.high.tolist()
    width, height, length = item.scale
    cos, sin = math.cos(item.yaw), math.sin(item.yaw)
    corners = [(x * width, z * length) for x in (x0, x1) for z in (z0, z1)]
    xs = [item.x + x * cos - z * sin for x, z in corners]
    zs = [item.z + x * sin + z * cos for x, z in corners]
    return min(xs), max(xs), item.y + y0 * height, item.y + y1 * height, min(zs), max(zs)


def _outline_px(box: Bounds, camera: Camera) -> tuple[float, float, float, float]:
    """Left, top, right and bottom in the picture of a box in the world."""
    x0, x1, y0, y1, z0, z1 = box
    columns, rows = [], []
    for z in (max(z0, 1.0), max(z1, 1.5)):
        px_per_m = camera.focal_px / z
        aside = camera.bend * z * z - camera.x
        columns += [camera.center_x + (x + aside) * px_per_m for x in (x0, x1)]
        rows += [camera.horizon_y + (camera.height - y) * px_per_m for y in (y0, y1)]
    return min(columns), min(rows), max(columns), max(rows)
