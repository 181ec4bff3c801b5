"""Find objects that are in the bank twice: within a source, or in two forms of one data set."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from models.object_bank.quality import Reason
from storage.records import OodObject

MIN_BOX_IOU = 0.8
"""Boxes of one picture in two releases that overlap this much are taken for the same object."""


def reject_doubles(
    objects: Iterable[OodObject], *, dataset_order: Sequence[str]
) -> list[OodObject]:
    """All objects, sorted by id; of each set of doubles all but the first are rejected.

    Two kept objects of one class are doubles when their appearance hashes agree, or when the same
    picture (file name without its ending) in two data sets holds them at the same place. ADE20K's
    150-class form repeats the pictures of the full release. The first is the one whose data set
    comes first in ``dataset_order``, then the one with the smaller id, so that the outcome does not
    depend on the order in which workers finished.

    Raises:
        ValueError: if an object's data set is not in ``dataset_order``.
    """
    rank = {name: position for position, name in enumerate(dataset_order)}
    ordered = sorted(objects, key=lambda row: (_rank(rank, row), row.object_id))
    seen = _Seen()
    judged = [_reject_if_double(row, seen) for row in ordered]
    return sorted(judged, key=lambda row: row.object_id)


def find_doubles(objects: Iterable[OodObject], named: Collection[str]) -> frozenset[str]:
    """Ids of the objects that show what the named ones show, also of those that were rejected.

    The rule is that of `reject_doubles`; the double of a double is one, the named ones are not.
    """
    looks, places = defaultdict(list), defaultdict(list)
    todo = []
    for row in objects:
        if row.appearance_hash:
            looks[_look(row)].append(row)
        if row.area_px:
            places[_place(row)].append(row)
        if row.object_id in named:
            todo.append(row)
    found = set(named)
    while todo:
        row = todo.pop()
        same_look = looks[_look(row)] if row.appearance_hash else []
        same_place = [other for other in places[_place(row)] if _is_same_place(other, row)]
        new = {o.object_id: o for o in (*same_look, *same_place) if o.object_id not in found}
        found.update(new)
        todo += new.values()
    return frozenset(found.difference(named))


class _Seen:
    """The kept objects so far, found again by look and by place."""

    def __init__(self) -> None:
        self.looks: set[tuple[int, str]] = set()
        self.places: dict[tuple[int, str], list[OodObject]] = defaultdict(list)

    def admits(self, row: OodObject) -> bool:
        """Remember a kept row; false if it doubles an earlier one."""
        look, place = _look(row), _place(row)
        is_double = look in self.looks or any(
            _is_same_place(other, row) for other in self.places[place]
        )
        if not is_double:
            self.looks.add(look)
            self.places[place].append(row)
        return not is_double


def _look(row: OodObject) -> tuple[int, str]:
    return row.class_id, row.appearance_hash or row.object_id


def _place(row: OodObject) -> tuple[int, str]:
    return row.class_id, PurePosixPath(row.source_image).stem


def _is_same_place(one: OodObject, other: OodObject) -> bool:
    return one.dataset != other.dataset and _box_iou(one, other) >= MIN_BOX_IOU


def _rank(rank: dict[str, int], row: OodObject) -> int:
    if row.dataset not in rank:
        raise ValueError(f"need a data set of {sorted(rank)}, got {row.dataset!r}")
    return rank[row.dataset]


def _reject_if_double(row: OodObject, seen: _Seen) -> OodObject:
    if row.verdict != "kept" or seen.admits(row):
        return row
    return replace(row, verdict="rejected", reason=str(Reason.DUPLICATE))


def _relative_box(row: OodObject) -> tuple[float, float, float, float]:
    """Left, top, right and bottom edge as shares of the picture, which may differ in size."""
    return (
        row.box_x_px / row.image_width_px,
        row.box_y_px / row.image_height_px,
        (row.box_x_px + row.box_width_px) / row.image_width_px,
        (row.box_y_px + row.box_height_px) / row.image_height_px,
    )


def _box_iou(one: OodObject, other: OodObject) -> float:
    left, top, right, bottom = _relative_box(one)
    left2, top2, right2, bottom2 = _relative_box(other)
    width = max(0.0, min(right, right2) - max(left, left2))
    height = max(0.0, min(bottom, bottom2) - max(top, top2))
    shared = width * height
    both = (right - left) * (bottom - top) + (right2 - left2) * (bottom2 - top2)
    return shared / (both - shared)
