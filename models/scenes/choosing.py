"""Which objects of the bank a scene shows."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Literal, TypeAlias

import numpy as np

from models.scenes.drawing import pick
from storage.records import OodObject

Choice: TypeAlias = Literal["published", "uniform", "balanced"]
"""How objects are drawn: a source picture and then one of its objects, as published; evenly over
all objects; or a class and then one of its objects."""

ObjectGroups: TypeAlias = tuple[tuple[OodObject, ...], ...]
"""Objects to draw from: a group is drawn evenly, then one of its objects."""


def group_objects(objects: Iterable[OodObject], choice: Choice) -> ObjectGroups:
    """Objects in the groups of a choice, in an order that does not depend on the given one.

    Reference: Gao et al. 2024, first implementation: a picture of the whole index is drawn until
    one holds an object, then one of its objects.
    """
    groups: defaultdict[tuple[str, ...], list[OodObject]] = defaultdict(list)
    for row in sorted(objects, key=lambda row: row.object_id):
        groups[_group_of(row, choice)].append(row)
    return tuple(tuple(group) for _, group in sorted(groups.items()))


def choose_objects(
    groups: ObjectGroups, *, n_objects: tuple[int, int], seed: int
) -> tuple[OodObject, ...]:
    """Different objects for one scene; their number is drawn evenly between least and most.

    All there are, where the groups hold fewer.

    Raises:
        ValueError: if there is no object to draw, and some may be wanted.
    """
    total = sum(map(len, groups))
    least, most = n_objects
    if not total and most:
        raise ValueError("need one or more objects to choose from, got none")
    rng = np.random.default_rng(seed)
    wanted = min(int(rng.integers(least, most + 1)), total)
    chosen: dict[str, OodObject] = {}
    while len(chosen) < wanted:
        drawn = pick(pick(groups, rng), rng)
        chosen.setdefault(drawn.object_id, drawn)
    return tuple(chosen.values())


def _group_of(row: OodObject, choice: Choice) -> tuple[str, ...]:
    if choice == "published":
        return (row.dataset, row.split, row.source_image)
    return (f"{row.class_id:03d}", row.class_name) if choice == "balanced" else ()
