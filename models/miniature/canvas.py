"""The canvas: paints items far to near into a map of face numbers, at twice the final size.

A pixel of the canvas knows only which face it shows; color, light and meaning follow by looking the
face up, so that image and labels cannot disagree.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Bool, Float64, Int64, Shaped

from models.miniature.camera import CANVAS_HEIGHT, CANVAS_WIDTH, SUPERSAMPLING, Camera
from models.miniature.mesh import Item
from models.miniature.ordering import drawing_ranks
from models.miniature.textures import TEXTURE_IDS

GLOWS = ("none", "lamp", "headlight", "taillight", "red", "amber", "green", "window", "screen")
_FIXED_POINT_BITS = 4
_SPECK_PX = 0.6  # smaller faces of far things are not worth drawing


_SKY_M = 1e4


@dataclass(frozen=True, eq=False)
class FaceTable:
    """Everything about each face that was drawn; row 0 is the empty background.

    Points and normals are relative to the camera; colors are sRGB in [0, 1]; `nearest` and
    `farthest` are the depths of a face's points in meters.
    """

    anchors: Float64[np.ndarray, "faces 3"]
    nearest: Float64[np.ndarray, " faces"]
    farthest: Float64[np.ndarray, " faces"]
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


def look_up(
    values: Shaped[np.ndarray, " faces"], face_ids: Int64[np.ndarray, "*shape"]
) -> Shaped[np.ndarray, "*shape"]:
    """The values of faces; ids are in range, and "wrap" is the quickest way to trust them."""
    return values.take(face_ids, mode="wrap")


@dataclass(frozen=True, eq=False)
class Soup:
    """The faces of all items, relative to the camera; `starts` delimits the points of each face."""

    points: Float64[np.ndarray, "points 3"]
    starts: Int64[np.ndarray, " starts"]
    normals: Float64[np.ndarray, "faces 3"]
    item_ids: Int64[np.ndarray, " faces"]
    is_visible: Bool[np.ndarray, " faces"]


def paint(items: Sequence[Item], camera: Camera) -> Canvas:
    """Draw all items as the camera sees them."""
    soup = stir(items, camera)
    corners = _canvas_corners(soup, camera)
    order = _drawing_order(items, soup, camera)
    # Most faces never reach the canvas; the others are numbered as they are drawn.
    drawn = order[_is_drawn(soup, corners)[order]]
    canvas = np.zeros((CANVAS_HEIGHT, CANVAS_WIDTH), dtype=np.int32)
    for number, outline in enumerate(_outlines(soup, corners, drawn), start=1):
        _fill(canvas, outline, number)
    return Canvas(canvas.astype(np.int64), _face_table(items, soup, drawn), tuple(items))


def covered_px(item: Item, camera: Camera) -> int:
    """How many pixels of the canvas the item would cover if nothing stood before it."""
    soup = stir([item], camera)
    corners = _canvas_corners(soup, camera)
    silhouette = np.zeros((CANVAS_HEIGHT, CANVAS_WIDTH), dtype=np.uint8)
    for outline in _outlines(soup, corners, np.flatnonzero(_is_drawn(soup, corners))):
        _fill(silhouette, outline, 1)
    return int(np.count_nonzero(silhouette))


def stir(items: Sequence[Item], camera: Camera) -> Soup:
    """Place the meshes of all items in front of the camera."""
    meshes = [item.mesh for item in items]
    n_points = [len(mesh.vertices) for mesh in meshes]
    n_faces = [len(mesh.counts) for mesh in meshes]
    points = camera.to_camera(_placed(items, n_points))
    starts = np.concatenate([[0], np.cumsum(np.concatenate([mesh.counts for mesh in meshes]))])
    normals = _turned_normals(items, n_faces)
    is_card = np.concatenate([mesh.is_card for mesh in meshes])
    is_visible = is_card | ((normals * points[starts[:-1]]).sum(axis=1) < 0)
    return Soup(points, starts, normals, np.repeat(np.arange(len(items)), n_faces), is_visible)


def _canvas_corners(soup: Soup, camera: Camera) -> np.ndarray:
    """The points of all faces in pixels of the canvas; (0, 0) is the middle of the first."""
    return camera.project(soup.points) * SUPERSAMPLING - 0.5


def _outlines(soup: Soup, corners: np.ndarray, faces: np.ndarray) -> Iterator[np.ndarray]:
    """The corners of some faces, one face after another, in fixed point."""
    limit = 16.0 * CANVAS_WIDTH  # far enough outside, and still inside the fixed-point range
    fixed = np.rint(np.clip(corners, -limit, limit) * 2**_FIXED_POINT_BITS).astype(np.int32)
    for first, end in zip(
        soup.starts[faces].tolist(), soup.starts[faces + 1].tolist(), strict=True
    ):
        yield fixed[first:end]


def _fill(canvas: np.ndarray, outline: np.ndarray, number: float) -> None:
    if len(outline) <= 4:  # triangles and quads are convex here, and most faces by far
        cv2.fillConvexPoly(canvas, outline, number, cv2.LINE_8, _FIXED_POINT_BITS)
    else:
        cv2.fillPoly(canvas, [outline], number, cv2.LINE_8, _FIXED_POINT_BITS)


def _placed(items: Sequence[Item], n_points: Sequence[int]) -> np.ndarray:
    """All vertices in the world: scaled, turned and moved as their items say."""
    local_x, local_y, local_z = np.concatenate([item.mesh.vertices for item in items]).T
    places = np.array([(item.x, item.y, item.z, *item.scale, *_turn(item)) for item in items])
    x, y, z, width, height, length, cos, sin = places.T.repeat(n_points, axis=1)
    local_x, local_z = local_x * width, local_z * length
    turned_x = local_x * cos - local_z * sin
    turned_z = local_x * sin + local_z * cos
    return np.stack([turned_x + x, local_y * height + y, turned_z + z], axis=1)


def _turned_normals(items: Sequence[Item], n_faces: Sequence[int]) -> np.ndarray:
    local = np.concatenate([item.mesh.normals for item in items])
    turns = np.array([(*item.scale, *_turn(item)) for item in items]).repeat(n_faces, axis=0)
    local /= turns[:, :3]  # normals stretch inversely
    local /= np.maximum(np.linalg.norm(local, axis=1, keepdims=True), 1e-9)
    cos, sin = turns[:, 3], turns[:, 4]
    x = local[:, 0] * cos - local[:, 2] * sin
    z = local[:, 0] * sin + local[:, 2] * cos
    return np.stack([x, local[:, 1], z], axis=1)


def _turn(item: Item) -> tuple[float, float]:
    return float(np.cos(item.yaw)), float(np.sin(item.yaw))


def _drawing_order(items: Sequence[Item], soup: Soup, camera: Camera) -> np.ndarray:
    """Faces by layer and rank of their item, then by depth of their piece, then as built."""
    n_pieces = np.array([item.mesh.pieces[-1] + 1 for item in items])
    first_piece = np.concatenate([[0], np.cumsum(n_pieces)[:-1]])
    pieces = np.concatenate([item.mesh.pieces for item in items]) + first_piece[soup.item_ids]
    depths = np.add.reduceat(soup.points[:, 2], soup.starts[:-1]) / np.diff(soup.starts)
    total = np.bincount(pieces, weights=depths)
    piece_depth = (total / np.maximum(np.bincount(pieces), 1))[pieces]
    order: np.ndarray = np.lexsort((-piece_depth, drawing_ranks(items, camera)[soup.item_ids]))
    return order


def _is_drawn(soup: Soup, corners: np.ndarray) -> np.ndarray:
    """Whether a face looks to the camera, touches the canvas and is more than a speck."""
    low = np.minimum.reduceat(corners, soup.starts[:-1])
    high = np.maximum.reduceat(corners, soup.starts[:-1])
    size = (CANVAS_WIDTH, CANVAS_HEIGHT)
    is_speck = ((high - low) < _SPECK_PX).all(axis=1)
    touches = ((high >= 0) & (low <= size)).all(axis=1)
    return np.asarray(soup.is_visible & touches & ~is_speck)


def _face_table(items: Sequence[Item], soup: Soup, drawn: np.ndarray) -> FaceTable:
    """The table of the drawn faces, after a row for the empty background; its item is -1."""
    owners = soup.item_ids[drawn]
    looks = np.concatenate([np.zeros((1, 8)), _looks(items, owners, drawn)])
    parts = np.concatenate([item.mesh.part_ids for item in items])
    depths = soup.points[:, 2]
    return FaceTable(
        anchors=np.concatenate([[[0.0, 0.0, _SKY_M]], soup.points[soup.starts[drawn]]]),
        nearest=np.append(_SKY_M, np.minimum.reduceat(depths, soup.starts[:-1])[drawn]),
        farthest=np.append(_SKY_M, np.maximum.reduceat(depths, soup.starts[:-1])[drawn]),
        normals=np.concatenate([[[0.0, 0.0, -1.0]], soup.normals[drawn]]),
        colors=looks[:, 0:3],
        trims=looks[:, 3:6],
        textures=looks[:, 6].astype(np.int64),
        glows=looks[:, 7].astype(np.int64),
        items=np.concatenate([[-1], owners]),
        parts=np.concatenate([[0], parts[drawn]]),
    )


def _looks(items: Sequence[Item], owners: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """Color, trim, texture and glow of the drawn faces, as the finish of their items has it."""
    rows: list[tuple[float, ...]] = []
    first_rows: list[int] = []
    for item in items:
        first_rows.append(len(rows))
        for skin in item.mesh.skins:
            finish = item.finish[skin.paint]
            trim = item.finish[skin.trim].color if skin.trim else finish.color
            texture = TEXTURE_IDS[finish.texture or skin.texture]
            rows.append((*finish.color, *trim, texture, GLOWS.index(skin.glow)))
    skins = np.concatenate([item.mesh.skin_ids for item in items])[drawn]
    return np.asarray(np.array(rows)[skins + np.array(first_rows)[owners]])
