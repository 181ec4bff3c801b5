"""Which weather a frame gets, and the part of the frame in it."""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import UInt8

from models.training_data.config import WeatherConfig
from models.training_data.order import draws_of
from models.training_data.weather.fog import Fog, draw_fog
from models.training_data.weather.night import Night, draw_night
from models.training_data.weather.part import Part, Picture
from models.training_data.weather.rain import Rain, draw_rain
from models.training_data.weather.snow import Snow, draw_snow
from models.training_data.windows import Window

Change = Fog | Rain | Snow | Night
"""Each changes every pixel by itself, which may depend on where it lies in the frame."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Weather:
    """What happens to one frame: first all gets softer, then come the changes in their order.

    Attributes:
        frame: (height, width).
        changes: may be none.
        blur_px: deviation of the blur; 0 blurs nothing.
    """

    frame: tuple[int, int]
    changes: tuple[Change, ...] = ()
    blur_px: float = 0.0


def draw_weather(config: WeatherConfig, frame: tuple[int, int], *, seed: int) -> Weather:
    """The weather of a frame of that (height, width); each kind draws from its own stream."""
    draws = draws_of(seed, "weather")
    kind, is_night = draws.random(), draws.random() < config.night
    strength, darkness = draws.uniform(*config.strength, 2).tolist()
    horizon = draws.uniform(*config.horizon)
    own = draws_of(seed, "weather of the day")
    changes: list[Change] = []
    blur_px = 0.0
    if kind < config.fog:
        changes.append(draw_fog(strength, horizon, own))
    elif kind < config.fog + config.rain:
        changes.append(draw_rain(frame, strength, horizon, own))
        blur_px = 0.005 * strength * frame[0]
    elif kind < config.fog + config.rain + config.snow:
        changes.append(draw_snow(frame, strength, horizon, own))
    if is_night:
        changes.append(draw_night(darkness, draws_of(seed, "night")))
    return Weather(frame=frame, changes=tuple(changes), blur_px=blur_px)


def weathered(
    whole: UInt8[np.ndarray, "height width 3"], weather: Weather, window: Window, stride: int = 1
) -> UInt8[np.ndarray, "h w 3"]:
    """The window of a frame in its weather, or every `stride`-th row and column of it.

    Equal to the window of the whole frame in that weather, to the last bit.

    Raises:
        ValueError: if the weather is that of a frame of another size.
    """
    if whole.shape[:2] != weather.frame:
        raise ValueError(f"need a frame of {weather.frame}, got {whole.shape[:2]}")
    part = Part(
        weather.frame,
        slice(window.top, window.bottom, stride),
        slice(window.left, window.right, stride),
    )
    picture = _softened(whole, weather, window)[::stride, ::stride]
    for change in weather.changes:
        picture = change.changed(picture, part)
    return picture


def _softened(whole: Picture, weather: Weather, window: Window) -> Picture:
    reach = math.ceil(3 * weather.blur_px)
    if not reach:
        return whole[window.slices]
    wide = window.grown(reach).within(weather.frame)
    side = 2 * reach + 1
    # Of bytes the blur is computed in integers, so that it does not depend on the window.
    soft = cv2.GaussianBlur(np.ascontiguousarray(whole[wide.slices]), (side, side), weather.blur_px)
    return np.asarray(soft)[window.seen_from(wide).slices]
