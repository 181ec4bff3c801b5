"""Weather on and before the world: wet roads, snow, haze, rain streaks and flakes."""

from functools import lru_cache

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Float64, Int64

from models.miniature import labels
from models.miniature.light import Air
from models.miniature.noise import smooth_noise
from models.miniature.streams import stream
from models.miniature.surface import Surface
from models.miniature.world import HEIGHT, WIDTH

_SNOW_WHITE = (0.84, 0.88, 0.94)
_SOFT_SNOW = (labels.VEGETATION, labels.BUILDING, labels.WALL, labels.FENCE)


def wet_colors(
    colors: Float64[np.ndarray, "faces 3"], is_ground: Bool[np.ndarray, " faces"], air: Air
) -> Float64[np.ndarray, "faces 3"]:
    """Water darkens what it soaks: the ground most."""
    factor = np.where(is_ground, 1 - 0.36 * air.wetness, 1 - 0.15 * air.wetness)
    return colors * factor[:, None]


def snow_on_faces(
    normals: Float64[np.ndarray, "faces 3"], face_labels: Int64[np.ndarray, " faces"], air: Air
) -> Float64[np.ndarray, " faces"]:
    """Share of each face under snow: what looks up is white, the ground has its own rule."""
    if not air.snow:
        return np.zeros(len(normals))
    up = np.clip((normals[:, 1] - 0.25) / 0.5, 0, 1)
    cover = np.where(np.isin(face_labels, _SOFT_SNOW), up * 0.92, np.where(up > 0.8, 0.88, 0.0))
    cover[face_labels == labels.VEGETATION] = (0.22 + 0.66 * up)[face_labels == labels.VEGETATION]
    cover[np.isin(face_labels, labels.ON_GROUND)] = 0.0
    return cover * air.snow


def snow_on_ground(
    image: Float32[np.ndarray, "3 canvas_height canvas_width"],
    spots: Int64[np.ndarray, " spots"],
    ground: Int64[np.ndarray, " spots"],
    surface: Surface,
    air: Air,
) -> None:
    """Cover the ground in place: deep beside the road, thin in the tracks that wheels have left.

    `spots` are the flat indices of ground pixels, `ground` their labels.
    """
    x = surface.x.reshape(-1)[spots]
    z = surface.depth.reshape(-1)[spots]
    track = 0.5 + 0.5 * np.cos(
        x * np.float32(2 * np.pi / 1.62) + 0.25 * np.sin(z * np.float32(0.35))
    )
    ripple = 0.5 + 0.5 * np.sin(z * np.float32(0.6) + x * np.float32(0.9))
    cover = np.where(ground == labels.ROAD, 0.62 - 0.5 * track * track, 0.85) - 0.05 * ripple
    cover = cover.astype(np.float32)
    flat = image.reshape(3, -1)
    for plane, (white, shine) in enumerate(zip(_SNOW_WHITE, air.sky_light, strict=True)):
        flat[plane, spots] = flat[plane, spots] * (1 - cover) + np.float32(white * shine) * cover


def add_haze(
    image: Float32[np.ndarray, "3 canvas_height canvas_width"],
    surface: Surface,
    is_sky: Bool[np.ndarray, "canvas_height canvas_width"],
    air: Air,
) -> None:
    """Let the haze of the air swallow what is far, in place; fog swallows the sky as well."""
    clear = np.exp(surface.depth * np.float32(-1 / air.sight_m))
    clear[is_sky] = np.float32(np.clip(air.sight_m / 130, 0.08, 1.0))
    for plane, haze in zip(image, air.haze, strict=True):
        plane -= np.float32(haze)
        plane *= clear
        plane += np.float32(haze)


def reflect_on_wet_ground(
    image: Float32[np.ndarray, "height width 3"],
    on_ground: Bool[np.ndarray, "height width"],
    seed: int,
    air: Air,
) -> None:
    """Mirror what stands on wet ground in it, in place, broken by ripples and puddles."""
    rows = np.arange(HEIGHT)[:, None]
    foot = np.maximum.accumulate(np.where(on_ground, -1, rows), axis=0)
    source = np.clip(2 * foot - rows + 1, 0, HEIGHT - 1)
    mirrored = cv2.blur(image[source, np.arange(WIDTH)], (1, 9))
    puddles = np.roll(_puddles(), int(stream(seed, "puddles").integers(WIDTH)), axis=1)
    grazing = 1.0 - 0.45 * np.clip((rows - 64) / 64, 0, 1)
    strength = (puddles * grazing * (0.6 if air.is_night else 0.42) * air.wetness).astype(
        np.float32
    )
    strength = np.where(on_ground & (foot >= 0), strength, np.float32(0))[..., None]
    image += (mirrored - image) * strength


@lru_cache(maxsize=1)
def _puddles() -> np.ndarray:
    """How much each part of the ground mirrors, from 0.35 to 1; wide shapes, as seen at a slant."""
    noise = smooth_noise(stream(0, "puddle shapes"), 128, 10.0)[:64]
    wide = cv2.resize(noise, (WIDTH, HEIGHT // 2), interpolation=cv2.INTER_LINEAR)
    return np.concatenate([wide, wide[::-1]]).clip(-1, 1) * 0.32 + 0.68


def add_precipitation(image: Float32[np.ndarray, "height width 3"], air: Air, seed: int) -> None:
    """Draw rain streaks or snowflakes before the scene, in place."""
    rng = stream(seed, "precipitation")
    if air.rain:
        _blend(image, _streaks(rng), np.array(air.sky_light) * 1.2 + 0.10, 0.34)
    if air.snow:
        _blend(
            image, _flakes(rng), np.array((0.95, 0.97, 1.0)) * (0.55 if air.is_night else 1.0), 0.85
        )


def _blend(image: np.ndarray, mask: np.ndarray, color: np.ndarray, strength: float) -> None:
    cover = cv2.cvtColor(mask, cv2.COLOR_GRAY2RGB).astype(np.float32) * np.float32(strength / 255)
    image += (color.astype(np.float32) - image) * cover


def _streaks(rng: np.random.Generator) -> np.ndarray:
    """Slanted strokes of rain, all falling alike."""
    mask = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    slant = float(rng.uniform(-0.25, 0.25))
    for x, y, length, level in zip(
        rng.uniform(0, WIDTH, 90), rng.uniform(-8, HEIGHT, 90), rng.uniform(4, 13, 90),
        rng.uniform(60, 190, 90), strict=True,
    ):  # fmt: skip
        start = (round(x * 16), round(y * 16))
        end = (round((x + slant * length) * 16), round((y + length) * 16))
        cv2.line(mask, start, end, float(level), 1, cv2.LINE_AA, 4)
    return mask


def _flakes(rng: np.random.Generator) -> np.ndarray:
    """Round flakes, most of them small and faint."""
    mask = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    for x, y, radius, level in zip(
        rng.uniform(0, WIDTH, 150), rng.uniform(0, HEIGHT, 150), rng.exponential(0.32, 150) + 0.35,
        rng.uniform(90, 255, 150), strict=True,
    ):  # fmt: skip
        cv2.circle(
            mask,
            (round(x * 16), round(y * 16)),
            round(min(radius, 1.7) * 16),
            float(level),
            -1,
            cv2.LINE_AA,
            4,
        )
    return cv2.GaussianBlur(mask, (3, 3), 0.5)
