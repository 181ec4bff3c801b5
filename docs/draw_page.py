"""Bring `docs/miniature.md` up to date: `python docs/draw_page.py [JSON ...]`.

The parts between its markers are written from the code, and from what
`benchmarks/miniature_difficulty.py --json` measured: one file a training, by default all
`docs/measured/miniature_difficulty_<seed>.json`.
"""

import sys
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path

from draw_difficulty import Run, difficulty_table, draw_chart, read_runs

from models.miniature import OBJECT_KINDS, PLACES, TIMES, WEATHERS
from models.miniature.plan import RECIPES, PlannedFrame, Recipe, plan_world

FOLDER = Path(__file__).parent
PAGE = FOLDER / "miniature.md"
CHART = FOLDER / "pictures" / "miniature_difficulty.webp"

_TRAINING = frozenset(place.name for place in PLACES if place.is_training)
_RESERVED = frozenset(place.name for place in PLACES if place.is_reserved)
_ALL = frozenset(place.name for place in PLACES)
_PLACE_SETS = {
    _TRAINING: f"the {len(_TRAINING)} of training",
    _ALL - _TRAINING: f"the {len(_ALL - _TRAINING)} others",
    _ALL - _RESERVED: f"all but the {len(_RESERVED)} reserved",
}


def measured() -> list[Path]:
    """Files of numbers of the training on the 300 frames, one a seed."""
    return sorted((FOLDER / "measured").glob("miniature_difficulty_[0-9].json"))


def with_parts(text: str, runs: Sequence[Run]) -> str:
    """The page with current parts between its markers.

    Raises:
        ValueError: if a marker is missing.
    """
    parts = {"places": places(), "kinds": kinds(), "recipes": recipes_table()}
    parts["difficulty"] = _difficulty(runs)
    for name, part in parts.items():
        begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        if begin not in text or end not in text:
            raise ValueError(f"{PAGE}: need the markers {begin} and {end}")
        before, rest = text.split(begin, 1)
        text = f"{before}{begin}\n{part}\n{end}{rest.split(end, 1)[1]}"
    return text


def places() -> str:
    """The names of the places by their part."""
    widening = [place.name for place in PLACES if not place.is_training and not place.is_reserved]
    return "\n".join(
        (
            f"- *training*, {_named([p.name for p in PLACES if p.is_training])}",
            f"- *object photos only*, {_named(widening)}",
            f"- *reserved*, {_named([p.name for p in PLACES if p.is_reserved])}",
        )
    )


def kinds() -> str:
    """The names of the object kinds by their part."""
    in_coco = {kind for recipe in RECIPES if recipe.dataset == "coco" for kind in recipe.kinds}
    known = [kind.name for kind in OBJECT_KINDS if not kind.is_reserved]
    return "\n".join(
        (
            f"- *known*, in COCO and ADE20K, {_named([k for k in known if k in in_coco])}",
            f"- *known*, in ADE20K only, {_named([k for k in known if k not in in_coco])}",
            f"- *reserved*, {_named([kind.name for kind in OBJECT_KINDS if kind.is_reserved])}",
        )
    )


def recipes_table() -> str:
    """A row for each data set: how many frames, under which conditions, where, with what."""
    head = ["| data set | frames | weather and time | places | objects in a frame | unseen |"]
    head.append("| --- | --- | --- | --- | --- | --- |")
    plan = plan_world()
    rows = [_recipe_row(list(group), plan) for _, group in groupby(RECIPES, key=_make_up)]
    return "\n".join([*head, *rows, f"| all | {len(plan)} | | | | |"])


def _make_up(recipe: Recipe) -> tuple[object, ...]:
    """What all splits in one row share."""
    objects = (recipe.kinds, recipe.n_objects, recipe.reserved_frac, recipe.indoor_frac)
    return recipe.dataset, recipe.places, objects


def _recipe_row(recipes: Sequence[Recipe], plan: Sequence[PlannedFrame]) -> str:
    first = recipes[0]
    frames = [frame for frame in plan if frame.dataset == first.dataset]
    pairs = [pair for recipe in recipes for pair in recipe.conditions]
    places = _PLACE_SETS.get(frozenset(first.places), ", ".join(first.places))
    n_unseen = sum(frame.is_unseen for frame in frames)
    cells = (
        f"`{first.dataset}`",
        ", ".join(
            _split(split, list(group))
            for split, group in groupby(frames, lambda frame: frame.split)
        ),
        _conditions(pairs),
        places,
        _objects(first),
        str(n_unseen or ""),
    )
    return f"| {' | '.join(cells)} |"


def _split(split: str, frames: Sequence[PlannedFrame]) -> str:
    domains = list(dict.fromkeys(frame.domain for frame in frames if frame.domain))
    return f"{split} {len(frames)}" + (f" ({', '.join(domains)})" if domains else "")


def _conditions(pairs: Iterable[tuple[str, str]]) -> str:
    """By day and by night, which weathers: `day: clear, cloudy; night: any`."""
    drawn = set(pairs)
    if len(drawn) == len(WEATHERS) * len(TIMES):
        return "any"
    told = []
    for time in TIMES:
        weathers = [weather for weather in WEATHERS if (weather, time) in drawn]
        if weathers:
            all_of_them = len(weathers) == len(WEATHERS)
            told.append(f"{time}: {'any' if all_of_them else ', '.join(weathers)}")
    return "; ".join(told)


def _objects(recipe: Recipe) -> str:
    least, most = recipe.n_objects
    if not most:
        return "none"
    told = f"{least} to {most} of {len(recipe.kinds)} known kinds"
    if recipe.reserved_frac:
        n_reserved = sum(kind.is_reserved for kind in OBJECT_KINDS)
        told += f"; {recipe.reserved_frac:.0%} of the frames: of {n_reserved} reserved kinds"
    if recipe.indoor_frac:
        told += f"; {recipe.indoor_frac:.0%} rooms"
    return told


def _named(names: Sequence[str]) -> str:
    return f"{len(names)}: {', '.join(names)}"


def _difficulty(runs: Sequence[Run]) -> str:
    if not runs:
        return "Not measured yet for this version."
    picture = (
        "![mIoU by condition, and AP of the maximum logit](pictures/miniature_difficulty.webp)"
    )
    return f"{picture}\n\n{difficulty_table(runs)}"


def main() -> None:
    """Write the page and, where there are numbers, the chart."""
    runs = read_runs([Path(name) for name in sys.argv[1:]] or measured())
    PAGE.write_text(with_parts(PAGE.read_text(encoding="utf-8"), runs), encoding="utf-8")
    if runs:
        draw_chart(runs).save(CHART, quality=90, method=6)


if __name__ == "__main__":
    main()
