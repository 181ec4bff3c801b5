"""Where each pixel of the canvas lies in the world, and which texel covers it."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, UInt8

from models.miniature.camera import Camera
from models.miniature.canvas import Canvas, FaceTable, look_up
from models.miniature.facade_textures import CELL
from models.miniature.textures import N_LEVELS, SIZE, TEXTURE_NAMES, atlas

NEAR_M, FAR_M = 0.5, 2000.0
BAND_ROWS = 32  # worked on at a time, so that everything stays in the cache
IS_FACADE = np.array(["/" in name for name in TEXTURE_NAMES])


@dataclass(frozen=True, eq=False)
class Surface:
    """Depth in meters and place sideways (x), both per canvas pixel, and the texel seen there."""

    depth: Float32[np.ndarray, "canvas_height canvas_width"]
    x: Float32[np.ndarray, "canvas_height canvas_width"]
    texels: UInt8[np.ndarray, "canvas_height canvas_width 4"]


def surface(canvas: Canvas, camera: Camera) -> Surface:
    """Intersect the ray of every pixel with the plane of its face."""
    right, up = camera.rays()
    planes = list(_planes(canvas.faces).T.copy())
    texels_per_m = atlas().texels_per_m.mean(axis=1).astype(np.float32)[canvas.faces.textures]
    first_texels = canvas.faces.textures * atlas().n_texels
    depth = np.empty(canvas.face_ids.shape, dtype=np.float32)
    x, words = np.empty_like(depth), np.empty(depth.shape, dtype=np.uint32)
    for row in range(0, len(up), BAND_ROWS):
        band = slice(row, row + BAND_ROWS)
        face_ids = canvas.face_ids[band]
        depth[band], u, v = _intersect(planes, face_ids, right[None, :], up[band, None])
        reach = depth[band]
        x[band] = reach * right[None, :] - np.float32(camera.bend) * reach * reach
        footprint = reach * np.float32(1 / camera.focal_px) * look_up(texels_per_m, face_ids)
        words[band] = _texel_words(look_up(first_texels, face_ids), u, v, footprint)
    x += np.float32(camera.x)
    return Surface(depth, x, words[..., None].view(np.uint8))


def _intersect(
    planes: list[np.ndarray], face_ids: np.ndarray, slope_x: np.ndarray, slope_y: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Depth, and texture u and v in texels, where rays of these slopes meet the planes of faces."""
    a, b, c, u_x, u_z, u_0, v_y, v_z, v_0, low, high = (
        look_up(plane, face_ids) for plane in planes
    )
    # A face seen edge on, or not quite flat, meets a ray far from where it is drawn: no pixel of it
    # is nearer or farther than its own points.
    inverse = np.minimum(np.maximum(a * slope_x + b * slope_y + c, low), high)
    depth = 1 / inverse
    return depth, depth * (u_x * slope_x + u_z) + u_0, depth * (v_y * slope_y + v_z) + v_0


def _planes(faces: FaceTable) -> np.ndarray:
    """Coefficients of each face, in the order in which `_intersect` takes them.

    Three of the inverse depth, three each of texture u and v in texels, the least and the greatest
    inverse depth.

    Level faces carry their texture along x and z, anchored in the world; upright ones along their
    own horizontal and y, anchored at their first corner.
    """
    normals, anchors = faces.normals, faces.anchors
    offset = (normals * anchors).sum(axis=1)
    offset = np.where(np.abs(offset) < 1e-3, -1e-3, offset)
    is_level = np.abs(normals[:, 1]) > 0.7
    along = np.stack([-normals[:, 2], normals[:, 0]], axis=1)
    along /= np.maximum(np.linalg.norm(along, axis=1, keepdims=True), 1e-9)
    along = np.where(is_level[:, None], (1.0, 0.0), along)
    scale = atlas().texels_per_m[faces.textures]
    u_offset = np.where(is_level, 0.0, -(along * anchors[:, [0, 2]]).sum(axis=1))
    shift = np.where(IS_FACADE[faces.textures], faces.items % 4 * CELL, 0)  # other windows are lit
    v_axes = np.where(is_level[:, None], (0.0, 1.0), (1.0, 0.0))
    v_offset = np.where(is_level, 0.0, -anchors[:, 1])
    table = np.column_stack(
        [
            normals / offset[:, None],
            along * scale[:, :1],
            u_offset * scale[:, 0] + shift,
            v_axes * scale[:, 1:],
            v_offset * scale[:, 1] + shift,
            1 / np.clip(faces.farthest, NEAR_M, FAR_M),
            1 / np.clip(faces.nearest, NEAR_M, FAR_M),
        ]
    )
    return table.astype(np.float32)


def _texel_words(
    first_texels: np.ndarray, u: np.ndarray, v: np.ndarray, footprint: np.ndarray
) -> np.ndarray:
    """The texel of each pixel, as one word, at the level whose texels are as large as the pixel.

    `first_texels` is where the texture of each pixel begins in the atlas; `footprint` is the size
    of the pixel in texels.
    """
    table = atlas()
    exponent = (footprint.view(np.int32) >> 23) - 126  # that of the float: log2, rounded up
    level = np.minimum(np.maximum(exponent, 0), N_LEVELS - 1)
    row = (_whole(v) & (SIZE - 1)) >> level
    column = (_whole(u) & (SIZE - 1)) >> level
    index = first_texels + table.level_starts.take(level, mode="wrap")
    index += (row << (SIZE.bit_length() - 1 - level)) + column
    return np.asarray(table.texels.view(np.uint32)[:, 0].take(index, mode="wrap"))


def _whole(texel: np.ndarray) -> np.ndarray:
    """Round down; a multiple of every texture's size keeps negative places from rounding up."""
    return (texel + np.float32(2**16)).astype(np.int32)
