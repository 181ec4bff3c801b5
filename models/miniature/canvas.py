"""The canvas: paints items far to near into a map of face numbers, at twice the final size.

A pixel of the canvas knows only which face it shows; color, light and meaning follow by looking the
face up, so that image and labels cannot disagree.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float64, Int64

from models.miniature.camera import CANVAS_HEIGHT, CANVAS_WIDTH, SUPERSAMPLING, Camera
from models.miniature.mesh import Item
from models.miniature.ordering import drawing_ranks
from models.miniature.textures import TEXTURE_IDS

GLOWS = ("none", "lamp", "headlight", "taillight", "red", "amber", "green", "window", "screen")
_FIXED_POINT_BITS = 4
_SPECK_PX = 0.6  # smaller faces of far things are not worth drawing


@dataclass(frozen=True, eq=False)
class FaceTable:
    """Everything about each face that the canvas may show; row 0 is the empty background.

    Points and normals are relative to the camera; colors are sRGB in [0, 1].
    """

    anchors: Float64[np.ndarray, "faces 3"]
    normals: Float64[np.ndarray, "faces 3"]
    colors: Float64[np.ndarray, "faces 3"]
    trims: Float64[np.ndarray, "faces 3"]
    textures: Int64[np.ndarray, " faces"]
    glows: Int64[np.ndarray, " faces"]
    items: Int64[np.ndarray, " faces"]
    parts: Int64[np.ndarray, " faces"]


@dataclass(frozen=True, eq=False)
class Canvas:
    """The number of the face seen in each pixel of the enlarged picture, and the faces."""

    face_ids: Int64[np.ndarray, "canvas_height canvas_width"]
    faces: FaceTable
    items: tuple[Item, ...]


@dataclass(frozen=True, eq=False)
class Soup:
    """The faces of all items, relative to the camera; `starts` delimits the points of each face."""

    points: Float64[np.ndarray, "points 3"]
    starts: Int64[np.ndarray, " starts"]
    item_ids: Int64[np.ndarray, " faces"]
    table: FaceTable
    is_visible: Bool[np.ndarray, " faces"]
    order: Int64[np.ndarray, " order"]


def paint(items: Sequence[Item], camera: Camera) -> Canvas:
    """Draw all items as the camera sees them."""
    soup = stir(items, camera)
    corners = camera.project(soup.points) * SUPERSAMPLING - 0.5
    limit = 16.0 * CANVAS_WIDTH  # far enough outside, and still inside the fixed-point range
    fixed = np.rint(np.clip(corners, -limit, limit) * 2**_FIXED_POINT_BITS).astype(np.int32)
    on_canvas = _shows_on_canvas(corners, soup.starts)
    canvas = np.zeros((CANVAS_HEIGHT, CANVAS_WIDTH), dtype=np.int32)
    bounds = soup.starts.tolist()
    for face in soup.order[on_canvas[soup.order]].tolist():
        first, end = bounds[face], bounds[face + 1]
        outline, number = fixed[first:end], float(face + 1)
        if end - first <= 4:  # triangles and quads are convex here, and most faces by far
            cv2.fillConvexPoly(canvas, outline, number, cv2.LINE_8, _FIXED_POINT_BITS)
        else:
            cv2.fillPoly(canvas, [outline], number, cv2.LINE_8, _FIXED_POINT_BITS)
    return Canvas(canvas.astype(np.int64), _with_background(soup.table), tuple(items))


def stir(items: Sequence[Item], camera: Camera) -> Soup:
    """Place the meshes of all items in front of the camera and put their faces in drawing order."""
    meshes = [item.mesh for item in items]
    n_points = [len(mesh.vertices) for mesh in meshes]
    n_faces = np.array([len(mesh.counts) for mesh in meshes])
    points = camera.to_camera(_placed(items, np.repeat(np.arange(len(items)), n_points)))
    item_ids = np.repeat(np.arange(len(items)), n_faces)
    starts = np.concatenate([[0], np.cumsum(np.concatenate([mesh.counts for mesh in meshes]))])
    normals = _turned_normals(items, item_ids)
    anchors = points[starts[:-1]]
    is_card = np.concatenate([mesh.is_card for mesh in meshes])
    is_visible = is_card | ((normals * anchors).sum(axis=1) < 0)
    table = _face_table(items, item_ids, anchors, normals)
    depths = np.add.reduceat(points[:, 2], starts[:-1]) / np.diff(starts)
    order = _drawing_order(items, item_ids, depths, camera)
    return Soup(points, starts, item_ids, table, is_visible, order[is_visible[order]])


def _placed(items: Sequence[Item], owners: np.ndarray) -> np.ndarray:
    """All vertices in the world: scaled, turned and moved as their items say."""
    local = np.concatenate([item.mesh.vertices for item in items])
    places = np.array(
        [(item.x, item.y, item.z, np.cos(item.yaw), np.sin(item.yaw)) for item in items]
    )
    scales = np.array([item.scale for item in items])
    x, y, z, cos, sin = places[owners].T
    local = local * scales[owners]
    turned_x = local[:, 0] * cos - local[:, 2] * sin
    turned_z = local[:, 0] * sin + local[:, 2] * cos
    return np.stack([turned_x + x, local[:, 1] + y, turned_z + z], axis=1)


def _turned_normals(items: Sequence[Item], owners: np.ndarray) -> np.ndarray:
    local = np.concatenate([item.mesh.normals for item in items])
    turns = np.array([(np.cos(item.yaw), np.sin(item.yaw)) for item in items])
    scales = np.array([item.scale for item in items])
    cos, sin = turns[owners].T
    local = local / scales[owners]  # normals stretch inversely
    local /= np.maximum(np.linalg.norm(local, axis=1, keepdims=True), 1e-9)
    x = local[:, 0] * cos - local[:, 2] * sin
    z = local[:, 0] * sin + local[:, 2] * cos
    return np.stack([x, local[:, 1], z], axis=1)


def _drawing_order(
    items: Sequence[Item], item_ids: np.ndarray, depths: np.ndarray, camera: Camera
) -> np.ndarray:
    """Faces by layer and rank of their item, then by depth of their piece, then as built."""
    ranks = drawing_ranks(items, camera)[item_ids]
    n_pieces = np.array([item.mesh.pieces[-1] + 1 for item in items])
    first_piece = np.concatenate([[0], np.cumsum(n_pieces)[:-1]])
    pieces = np.concatenate([item.mesh.pieces for item in items]) + first_piece[item_ids]
    total = np.bincount(pieces, weights=depths)
    piece_depth = (total / np.maximum(np.bincount(pieces), 1))[pieces]
    order: np.ndarray = np.lexsort((np.arange(len(pieces)), -piece_depth, ranks))
    return order


def _face_table(
    items: Sequence[Item], item_ids: np.ndarray, anchors: np.ndarray, normals: np.ndarray
) -> FaceTable:
    """Resolve the skins of all faces to colors, textures and glows."""
    rows: list[tuple[float, ...]] = []
    first_rows: list[int] = []
    for item in items:
        first_rows.append(len(rows))
        for skin in item.mesh.skins:
            finish = item.finish[skin.paint]
            trim = item.finish[skin.trim].color if skin.trim else finish.color
            texture = TEXTURE_IDS[finish.texture or skin.texture]
            rows.append((*finish.color, *trim, texture, GLOWS.index(skin.glow)))
    skins = np.concatenate([item.mesh.skin_ids for item in items])
    looks = np.array(rows)[skins + np.array(first_rows)[item_ids]]
    parts = np.concatenate([item.mesh.part_ids for item in items])
    return FaceTable(
        anchors=anchors,
        normals=normals,
        colors=looks[:, 0:3],
        trims=looks[:, 3:6],
        textures=looks[:, 6].astype(np.int64),
        glows=looks[:, 7].astype(np.int64),
        items=item_ids,
        parts=parts,
    )


def _with_background(table: FaceTable) -> FaceTable:
    """The table with a row for the empty background before all others; its item is -1."""
    far_away = np.array([[0.0, 0.0, 1e4]])
    return FaceTable(
        anchors=np.concatenate([far_away, table.anchors]),
        normals=np.concatenate([[[0.0, 0.0, -1.0]], table.normals]),
        colors=np.concatenate([np.zeros((1, 3)), table.colors]),
        trims=np.concatenate([np.zeros((1, 3)), table.trims]),
        textures=np.concatenate([[0], table.textures]),
        glows=np.concatenate([[0], table.glows]),
        items=np.concatenate([[-1], table.items]),
        parts=np.concatenate([[0], table.parts]),
    )


def _shows_on_canvas(corners: np.ndarray, starts: np.ndarray) -> np.ndarray:
    low = np.minimum.reduceat(corners, starts[:-1])
    high = np.maximum.reduceat(corners, starts[:-1])
    size = (CANVAS_WIDTH, CANVAS_HEIGHT)
    is_speck = ((high - low) < _SPECK_PX).all(axis=1)
    return np.asarray(((high >= 0) & (low <= size)).all(axis=1) & ~is_speck)
