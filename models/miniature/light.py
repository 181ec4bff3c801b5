"""Light and air of the ten conditions, as numbers: what shines, from where, and how far one sees.

Light is linear; a white sheet in full light reflects about 1.
"""

from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float64

from models.miniature.mesh import Color, Point
from models.miniature.streams import stream


@dataclass(frozen=True)
class Air:
    """The condition of a scene.

    Ambient light comes from the sky above and the ground below; the sun from `sun_direction`
    (toward the sun). Haze replaces what is seen with its own color over `sight_m`. Wetness and
    snow run from 0 to 1.
    """

    sky_light: Color
    ground_light: Color
    haze: Color
    sight_m: float
    exposure: float
    clouds: float
    sun_light: Color = (0.0, 0.0, 0.0)
    sun_direction: Point = (0.3, 0.9, -0.3)
    wetness: float = 0.0
    snow: float = 0.0
    rain: float = 0.0
    is_night: bool = False
    glow: float = 0.0


_DAY = {
    "clear": Air(
        sky_light=(0.32, 0.41, 0.56),
        ground_light=(0.17, 0.155, 0.13),
        sun_light=(1.48, 1.26, 0.92),
        haze=(0.62, 0.74, 0.86),
        sight_m=700,
        exposure=1.0,
        clouds=0.25,
    ),
    "cloudy": Air(
        sky_light=(0.78, 0.82, 0.88),
        ground_light=(0.26, 0.26, 0.26),
        sun_light=(0.1, 0.1, 0.09),
        haze=(0.7, 0.73, 0.77),
        sight_m=320,
        exposure=0.95,
        clouds=1.0,
    ),
    "rainy": Air(
        sky_light=(0.45, 0.51, 0.58),
        ground_light=(0.2, 0.21, 0.22),
        haze=(0.46, 0.51, 0.56),
        sight_m=140,
        exposure=0.95,
        clouds=1.0,
        wetness=1.0,
        rain=1.0,
    ),
    "snowy": Air(
        sky_light=(0.72, 0.79, 0.9),
        ground_light=(0.46, 0.49, 0.54),
        sun_light=(0.05, 0.05, 0.05),
        haze=(0.7, 0.75, 0.82),
        sight_m=220,
        exposure=0.95,
        clouds=1.0,
        snow=1.0,
    ),
    "foggy": Air(
        sky_light=(0.8, 0.82, 0.83),
        ground_light=(0.44, 0.44, 0.44),
        haze=(0.7, 0.72, 0.73),
        sight_m=55,
        exposure=0.98,
        clouds=1.0,
    ),
}

_NIGHT = {
    "clear": Air(
        sky_light=(0.055, 0.07, 0.125),
        ground_light=(0.045, 0.045, 0.055),
        haze=(0.018, 0.024, 0.055),
        sight_m=420,
        exposure=1.15,
        clouds=0.2,
    ),
    "cloudy": Air(
        sky_light=(0.07, 0.072, 0.085),
        ground_light=(0.048, 0.046, 0.046),
        haze=(0.06, 0.05, 0.052),
        sight_m=260,
        exposure=1.15,
        clouds=1.0,
    ),
    "rainy": Air(
        sky_light=(0.058, 0.064, 0.082),
        ground_light=(0.042, 0.042, 0.046),
        haze=(0.05, 0.054, 0.066),
        sight_m=100,
        exposure=1.15,
        clouds=1.0,
        wetness=1.0,
        rain=1.0,
    ),
    "snowy": Air(
        sky_light=(0.056, 0.064, 0.105),
        ground_light=(0.045, 0.05, 0.072),
        haze=(0.075, 0.078, 0.11),
        sight_m=110,
        exposure=1.1,
        clouds=1.0,
        snow=1.0,
    ),
    "foggy": Air(
        sky_light=(0.085, 0.085, 0.09),
        ground_light=(0.06, 0.058, 0.056),
        haze=(0.14, 0.122, 0.102),
        sight_m=55,
        exposure=1.15,
        clouds=1.0,
    ),
}


def air_of(weather: str, time: str, seed: int) -> Air:
    """The air of a scene; the sun's place and small variations follow the seed."""
    rng = stream(seed, "light")
    azimuth, elevation = float(rng.uniform(-2.6, 2.6)), float(rng.uniform(0.45, 1.0))
    direction = (
        float(np.sin(azimuth) * np.cos(elevation)),
        float(np.sin(elevation)),
        float(-np.cos(azimuth) * np.cos(elevation)),
    )
    tone, sight = float(rng.uniform(0.92, 1.08)), float(rng.uniform(0.85, 1.25))
    warmth = float(rng.uniform(-0.06, 0.06)) + 0.10 * (0.8 - elevation)
    air = (_NIGHT if time == "night" else _DAY)[weather]
    r, g, b = air.sun_light
    return replace(
        air,
        sun_direction=direction,
        sun_light=(r * (1 + warmth), g, b * (1 - 1.5 * warmth)),
        sight_m=air.sight_m * sight,
        exposure=air.exposure * tone,
        is_night=time == "night",
        glow=1.0 if time == "night" else 0.25,
    )


GLOW_COLORS = {
    "none": (0.0, 0.0, 0.0),
    "lamp": (6.0, 4.4, 2.4),
    "headlight": (6.5, 6.2, 5.2),
    "taillight": (2.6, 0.10, 0.06),
    "red": (3.4, 0.16, 0.10),
    "amber": (3.2, 1.7, 0.10),
    "green": (0.12, 2.8, 0.9),
    "window": (1.0, 0.72, 0.38),
    "screen": (1.9, 1.1, 0.25),
}
_BY_DAY = {
    "red": 0.35,
    "amber": 0.35,
    "green": 0.35,
    "screen": 0.3,
    "headlight": 0.06,
    "taillight": 0.08,
}


def glow_table(air: Air) -> Float64[np.ndarray, "glows 3"]:
    """Light given off by faces of each glow; by day hardly more than signals shine."""
    dusk = 1.0 if air.is_night else 0.0
    murk = 0.35 if air.sight_m < 150 and not air.is_night else 0.0
    rows = [
        np.array(color) * max(dusk, _BY_DAY.get(name, 0.0), murk if "light" in name else 0.0)
        for name, color in GLOW_COLORS.items()
    ]
    return np.array(rows)


def light_on(normals: Float64[np.ndarray, "faces 3"], air: Air) -> Float64[np.ndarray, "faces 3"]:
    """Light that falls on faces by their normals: sky, ground and sun."""
    up = 0.5 + 0.5 * normals[:, 1:2]
    ambient = up * np.array(air.sky_light) + (1 - up) * np.array(air.ground_light)
    # Walls that face the camera get a little less than side walls, so that boxes show their edges.
    ambient = ambient * (1 + 0.10 * np.abs(normals[:, 0:1]) - 0.06 * np.abs(normals[:, 2:3]))
    facing = np.maximum(normals @ np.array(air.sun_direction), 0)[:, None]
    lit: Float64[np.ndarray, "faces 3"] = ambient + facing * np.array(air.sun_light)
    return lit


def shadow_tint(air: Air) -> Color:
    """What is left of the light on level ground where the sun does not reach."""
    sun = max(air.sun_direction[1], 0.0)
    r, g, b = (
        sky / (sky + sun * shine) for sky, shine in zip(air.sky_light, air.sun_light, strict=True)
    )
    return r, g, b
