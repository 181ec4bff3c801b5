"""What the generator is told in words.

Reference: Gao et al. 2024, first implementation (CGAug): two templates, the object's sentence, the
suffix and the negative prompt. Deviations: the words of a scene are the same in all attempts, as
published, but the object's sentence names the object of the attempt; several objects share one
sentence, and a scene without objects has none.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.scenes.drawing import pick
from models.scenes.words import WordLists

NEGATIVE_PROMPT = (
    "longbody, lowres, bad anatomy, bad hands, missing fingers, extra digit, fewer digits, "
    "cropped, worst quality, low quality, time-lapse photography, blurry, pixelated, cartoon, "
    "video progress bar, TV program icon, grey picture"
)
"""ControlNet's usual list, then what the first implementation adds."""

_TEMPLATE = "An image sampled from various stereo video sequences taken by dash cam"
_SUFFIX = "best quality, extremely detailed, realistic, high resolution"
_NIGHT = "night"


@dataclass(frozen=True, kw_only=True)
class Condition:
    """What a prompt says of the surroundings; the plain template says nothing (None)."""

    place: str | None = None
    weather: str | None = None
    time: str | None = None


@dataclass(frozen=True, kw_only=True)
class PromptMix:
    """How often a scene has the plain template, and how often the others are night scenes."""

    plain_frac: float = 0.5
    night_frac: float = 0.3


def draw_condition(seed: int, words: WordLists, mix: PromptMix) -> Condition:
    """Condition of one scene: plain, or a place, a weather and a time.

    Places and weathers are drawn evenly. ``night`` has the share ``night_frac`` where the list of
    times names it; the rest goes evenly to the other times. Every call draws all of them, so that
    another ``plain_frac`` changes which scenes are plain and nothing of those that stay.
    """
    rng = np.random.default_rng(seed)
    is_plain = rng.random() < mix.plain_frac
    condition = Condition(
        place=pick(words.places, rng),
        weather=pick(words.weathers, rng),
        time=_draw_time(words.times, mix.night_frac, rng),
    )
    return Condition() if is_plain else condition


def write_prompt(condition: Condition, class_names: Sequence[str]) -> str:
    """Positive prompt of a scene with objects of these classes; none is named where there is none.

    Raises:
        ValueError: if the condition names only some of its three words.
    """
    return f"{_setting(condition)}, {_objects(class_names)}{_SUFFIX}"


def without_objects(prompt: str, class_names: Sequence[str]) -> str:
    """The prompt without the sentence that names these objects; one of other words stays as it is.

    Of a prompt of `write_prompt` that is the one of the same scene without objects.
    """
    sentence = _objects(class_names)
    return prompt.replace(sentence, "", 1) if sentence else prompt


def _objects(class_names: Sequence[str]) -> str:
    """The sentence of the objects with what parts it from the next one; empty without objects."""
    if not class_names:
        return ""
    objects = [f"a {name}" for name in class_names]
    listed = " and ".join(filter(None, [", ".join(objects[:-1]), objects[-1]]))
    return f"There is {listed} accidentally staying on the road., "


def _setting(condition: Condition) -> str:
    words = (condition.place, condition.weather, condition.time)
    if words == (None, None, None):
        return f"{_TEMPLATE}."
    if None in words:
        raise ValueError(f"need place, weather and time, or none of them, got {words}")
    return f"{_TEMPLATE} in {condition.place} in a {condition.weather} {condition.time}."


def _draw_time(times: Sequence[str], night_frac: float, rng: np.random.Generator) -> str:
    is_night = rng.random() < night_frac
    others = [time for time in times if time != _NIGHT]
    other = pick(others or times, rng)
    return _NIGHT if is_night and _NIGHT in times else other
