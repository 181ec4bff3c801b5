"""Shadows on the ground: those the sun casts, and the soft dark where things touch the ground."""

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import Float32

from models.miniature.camera import Camera
from models.miniature.light import Air
from models.miniature.mesh import Item
from models.miniature.ordering import STANDING_LAYER
from models.miniature.world import HEIGHT, WIDTH

SHARP_SUN = 0.3  # weaker suns cast no shadow that one would see
_LIMIT_PX = 4000.0
_NEAR_M = 2.0
# Corners of a bulk as shares of its box (x, y, z): its upper edges are cut off, so that the shadow
# looks less square.
_BULK = np.array(
    [(x, 0.0, z) for x in (0, 1) for z in (0, 1)]
    + [(x, 0.75, z) for x in (0, 1) for z in (0, 1)]
    + [(x, 1.0, z) for x in (0.12, 0.88) for z in (0.12, 0.88)]
)
_FOOTPRINT = np.array([(x, 0.0, z) for x in (0, 1) for z in (0, 1)])
_TRUNK, _CROWN = ((-0.03, 0.0, -0.03), (0.03, 0.5, 0.03)), ((-0.3, 0.4, -0.3), (0.3, 0.95, 0.3))


def cast_shadows(
    items: Sequence[Item], camera: Camera, air: Air
) -> Float32[np.ndarray, "height width"]:
    """How much of the sun is kept off the ground, from 0 to 1, as if nothing stood before it."""
    bulks: list[tuple[Item, object, object]] = []
    for item in items:
        if item.has_shadow and _is_plant(item):
            bulks += [(item, *_TRUNK), (item, *_CROWN)]
        elif item.has_shadow:
            bulks.append((item, item.mesh.low, item.mesh.high))
    corners = _corners([bulk[0] for bulk in bulks], [bulk[1:] for bulk in bulks], _BULK)
    dx, dy, dz = air.sun_direction
    drop = corners[..., 1:2] / dy
    return _filled(corners - drop * np.array((dx, dy, dz)), camera, 0.7)


def contact_shadows(items: Sequence[Item], camera: Camera) -> Float32[np.ndarray, "height width"]:
    """Darkness below things that stand on the street, from 0 to 1, the same in every weather."""
    standing = [
        item for item in items if item.layer == STANDING_LAYER and item.has_shadow and item.y < 0.5
    ]
    boxes = [_TRUNK if _is_plant(item) else (item.mesh.low, item.mesh.high) for item in standing]
    return _filled(_corners(standing, boxes, _FOOTPRINT, margin=0.08), camera, 1.6)


def _is_plant(item: Item) -> bool:
    """Plants are meshes 1 m high, scaled to their size."""
    return item.scale[1] > 2 and float(item.mesh.high[1]) <= 1.01


def _corners(
    items: Sequence[Item],
    boxes: Sequence[tuple[object, ...]],
    shares: np.ndarray,
    *,
    margin: float = 0.0,
) -> np.ndarray:
    """World points, one row of corners per item, of boxes given by low and high local corners."""
    box = np.array(boxes, dtype=np.float64).reshape(-1, 2, 1, 3)
    scale = np.array([item.scale for item in items]).reshape(-1, 1, 3)
    local = (box[:, 0] + (box[:, 1] - box[:, 0]) * shares) * scale
    local += margin * np.sign(shares - 0.5)
    places = np.array(
        [(item.x, item.y, item.z, np.cos(item.yaw), np.sin(item.yaw)) for item in items]
    )
    x, y, z, cos, sin = places.reshape(-1, 5).T[..., None]
    turned_x, turned_z = (
        local[..., 0] * cos - local[..., 2] * sin,
        local[..., 0] * sin + local[..., 2] * cos,
    )
    return np.stack([turned_x + x, np.maximum(local[..., 1], 0) + y, turned_z + z], axis=-1)


def _filled(ground: np.ndarray, camera: Camera, softness_px: float) -> np.ndarray:
    """Fill the convex outlines of rows of ground points, seen by the camera, and soften them."""
    shade = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    n_outlines, n_corners, _ = ground.shape
    is_ahead = ground[..., 2].max(axis=1) > _NEAR_M + 1
    flat = ground.reshape(-1, 3) * (1.0, 0.0, 1.0)
    flat[:, 2] = np.maximum(flat[:, 2], _NEAR_M)
    pixels = camera.project(camera.to_camera(flat)) - 0.5
    fixed = np.rint(np.clip(pixels, -_LIMIT_PX, _LIMIT_PX) * 16).astype(np.int32)
    for outline in fixed.reshape(n_outlines, n_corners, 2)[is_ahead]:
        cv2.fillConvexPoly(shade, cv2.convexHull(outline), 255.0, cv2.LINE_8, 4)
    soft = cv2.GaussianBlur(shade, (0, 0), softness_px)
    return soft.astype(np.float32) / np.float32(255)
