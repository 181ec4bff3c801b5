"""From faces to light: what every pixel of the canvas sends to the camera, in linear units.

Light is kept in three planes, red, green and blue: arithmetic on whole planes is several times
faster than on pixels of three values.
"""

import cv2
import numpy as np
from jaxtyping import Float32

from models.miniature import labels
from models.miniature.camera import CANVAS_HEIGHT, CANVAS_WIDTH, SUPERSAMPLING, Camera
from models.miniature.canvas import Canvas, look_up
from models.miniature.develop import enlarge
from models.miniature.layout import Lamps
from models.miniature.light import Air, glow_table, light_on, shadow_tint
from models.miniature.shadows import SHARP_SUN, cast_shadows, contact_shadows
from models.miniature.surface import Surface
from models.miniature.weather import snow_on_faces, snow_on_ground, wet_colors

_GAMMA = 2.2
_WARM, _COOL = (1.10, 0.74, 0.36), (0.62, 0.78, 0.92)  # light of windows at night
_FACADE_BYTES = 0xFFFFFF00  # all channels of a texel but the first, read as one little-endian word


def shade(
    canvas: Canvas, surface: Surface, camera: Camera, air: Air, lamps: Lamps
) -> Float32[np.ndarray, "3 canvas_height canvas_width"]:
    """Light of every pixel without haze; background pixels are black."""
    faces = canvas.faces
    item_labels = np.array([*(item.label for item in canvas.items), labels.SKY])
    face_labels = item_labels[faces.items]
    is_ground = np.isin(face_labels, labels.ON_GROUND) & (faces.normals[:, 1] > 0.7)
    colors, trims = faces.colors**_GAMMA, faces.trims**_GAMMA
    colors, trims = wet_colors(colors, is_ground, air), wet_colors(trims, is_ground, air)
    snow = snow_on_faces(faces.normals, face_labels, air)[:, None]
    light = light_on(faces.normals, air)
    white = np.array((0.86, 0.89, 0.94))
    lit = (light * (colors + (white - colors) * snow)).astype(np.float32)
    lit_trim = (light * (trims + (white - trims) * snow)).astype(np.float32)
    tone = surface.texels[..., 0].astype(np.float32) * np.float32(1 / 128)
    image = np.empty((3, *canvas.face_ids.shape), dtype=np.float32)
    for plane, values in zip(image, lit.T.copy(), strict=True):
        np.multiply(look_up(values, canvas.face_ids), tone, out=plane)
    _paint_facades(image, canvas, surface, lit_trim, air)
    on_ground = look_up(is_ground, canvas.face_ids)
    if air.snow:
        spots = np.flatnonzero(on_ground)
        ground_labels = face_labels[canvas.face_ids.reshape(-1)[spots]]
        snow_on_ground(image, spots, ground_labels, surface, air)
    _darken_ground(image, on_ground, canvas, camera, air)
    if air.is_night:
        _light_lamps(image, surface, camera, lamps)
    glow = glow_table(air).astype(np.float32)[faces.glows].T
    shining = np.flatnonzero(look_up(faces.glows > 0, canvas.face_ids))
    image.reshape(3, -1)[:, shining] += glow[:, canvas.face_ids.reshape(-1)[shining]]
    return image


def _paint_facades(
    image: np.ndarray, canvas: Canvas, surface: Surface, lit_trim: np.ndarray, air: Air
) -> None:
    """Lay trim and window glass over the pixels whose texels have any, in place."""
    words = surface.texels.view(np.uint32)[..., 0]
    spots = np.flatnonzero(words & np.uint32(_FACADE_BYTES))
    if not len(spots):
        return
    texels = surface.texels.reshape(-1, 4)[spots].T.astype(np.float32, order="C") * np.float32(
        1 / 255
    )
    tone, trim, glass, lamp = texels[0] * np.float32(255 / 128), *texels[1:]
    face_ids = canvas.face_ids.reshape(-1)[spots]
    bare, trimmed = (1 - trim) * (1 - glass), tone * trim * (1 - glass)
    rows = (spots // CANVAS_WIDTH).astype(np.float32) / np.float32(CANVAS_HEIGHT)
    pane, mirrored = (
        np.float32(0.03) * tone * glass,
        (np.float32(0.28) - np.float32(0.23) * rows) * tone * glass,
    )
    shine = lamp * lamp * np.float32(0.8 if air.is_night else 0.0)
    is_cool = canvas.faces.items[face_ids] % 5 == 0
    flat = image.reshape(3, -1)
    for plane, trims in enumerate(lit_trim.T.copy()):
        tint = np.where(is_cool, np.float32(_COOL[plane]), np.float32(_WARM[plane]))
        painted = flat[plane, spots] * bare + look_up(trims, face_ids) * trimmed
        painted += pane + mirrored * np.float32(air.haze[plane]) + shine * tint
        flat[plane, spots] = painted


def _darken_ground(
    image: np.ndarray, on_ground: np.ndarray, canvas: Canvas, camera: Camera, air: Air
) -> None:
    """Shadows on the ground, in place."""
    size = (CANVAS_WIDTH, CANVAS_HEIGHT)
    contact = 1 - np.float32(0.5) * contact_shadows(canvas.items, camera)
    wide = cv2.resize(contact, size, interpolation=cv2.INTER_LINEAR)
    wide[~on_ground] = 1
    image *= wide
    if max(air.sun_light) < SHARP_SUN:
        return
    cast = cv2.resize(cast_shadows(canvas.items, camera, air), size, interpolation=cv2.INTER_LINEAR)
    cast[~on_ground] = 0
    for plane, tint in zip(image, shadow_tint(air), strict=True):
        plane *= 1 - cast * np.float32(1 - tint)


def _light_lamps(image: np.ndarray, surface: Surface, camera: Camera, lamps: Lamps) -> None:
    """Add the light of street lamps and of our own headlights, in place.

    One pixel in four is worked out and serves its neighbors in the same final pixel.
    """
    n = SUPERSAMPLING
    _, up = camera.rays()
    light = _lamp_light(surface.depth[::n, ::n], surface.x[::n, ::n], up[::n], camera, lamps)
    image *= enlarge(light)


def _lamp_light(
    depth: np.ndarray, x: np.ndarray, up: np.ndarray, camera: Camera, lamps: Lamps
) -> np.ndarray:
    """How many times brighter than the night alone each pixel is."""
    height = depth * up[:, None] + np.float32(camera.height)
    along = depth - np.float32(lamps.first)
    spacing = np.float32(lamps.spacing)
    along = along - spacing * np.rint(np.clip(along / spacing, 0, 6))
    rise = height - np.float32(lamps.height - 0.6)
    drop = rise * rise + along * along
    level = np.zeros_like(depth)
    for lamp_x, toward in zip(lamps.x, (1.4, -1.4), strict=True):
        aside = x - np.float32(lamp_x + toward)
        level += np.float32(360.0) / (np.float32(16.0) + np.float32(1.1) * (drop + aside * aside))
    aside = (x - np.float32(camera.x)) / (np.float32(1.6) + np.float32(0.16) * depth)
    low = np.clip(np.float32(1.6) - np.float32(0.45) * height, 0.1, 1.0)
    beam = np.exp(-aside * aside) * low * np.float32(5.5) / (1 + (depth / np.float32(17.0)) ** 2)
    colors = zip((0.325, 0.238, 0.116), (1.0, 0.92, 0.68), strict=True)
    return np.stack(
        [1 + level * np.float32(warm) + beam * np.float32(white) for warm, white in colors]
    )
