"""File names of scenes in the published form, one for each scene, as `parse_name` reads them back.

The form has room for one object and one condition. What it cannot carry is left out of the name and
kept in the table of the export; nothing that a name says is made up, but for the last digit of an
IoU where two scenes would have one name.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from storage.datasets.cityscapes import FRAME_NAME
from storage.datasets.generated import LAYOUT_SUFFIX, GeneratedName, format_name
from storage.rle import mask_area
from storage.scene_records import LabelledScene

NO_OBJECT = "nothing"
"""Stands for the class where a scene has no object."""

MAX_NAME_BYTES = 255 - len(LAYOUT_SUFFIX)
"""File systems take 255 bytes, the longest suffix included."""

_MAX_CLASS_CHARS = 60
_FOREIGN = re.compile(r"[^\w .,()&'+-]")
_HUNDREDTHS = 100


def scene_names(rows: Sequence[LabelledScene]) -> list[str]:
    """Name of each scene, without suffix, in the order of the rows; all differ, also in lower case.

    The name states the object with the largest label. Where scenes would share a name (same frame,
    condition, class and IoU), the first keeps it and each other one gets the nearest lower IoU that
    is free, or the nearest higher one where none is.

    Raises:
        ValueError: if a frame has no name of Cityscapes, or more than 101 scenes share a name.
    """
    wanted = [_spelled(row) for row in rows]
    taken: set[str] = set()
    exact = [_claim(name, taken) for name in wanted]
    return [
        name or _claim_near(near, row, taken)
        for name, near, row in zip(exact, wanted, rows, strict=True)
    ]


def scene_title(row: LabelledScene) -> str:
    """A scene as messages name it."""
    return f"scene {row.frame_id}, variant {row.variant} of {row.round}"


def _claim(name: str, taken: set[str]) -> str | None:
    if name.casefold() in taken:
        return None
    taken.add(name.casefold())
    return name


def _claim_near(name: str, row: LabelledScene, taken: set[str]) -> str:
    """The name with the nearest free IoU, which is its last four characters."""
    stem, stated = name[:-4], round(float(name[-4:]) * _HUNDREDTHS)
    for hundredths in (*range(stated - 1, -1, -1), *range(stated + 1, _HUNDREDTHS + 1)):
        claimed = _claim(f"{stem}{hundredths / _HUNDREDTHS:.2f}", taken)
        if claimed is not None:
            return claimed
    raise ValueError(
        f"{scene_title(row)}: need at most {_HUNDREDTHS + 1} scenes of one frame, condition and "
        "class, got more; export fewer rounds at a time"
    )


def _spelled(row: LabelledScene) -> str:
    """The name with all that it can carry."""
    for facts in filter(_is_plain, _spellings(row)):
        try:
            name = format_name(facts)
        except ValueError:
            continue
        if len(name.encode()) <= MAX_NAME_BYTES:
            return name
    raise ValueError(
        f"{scene_title(row)}: need a frame named as Cityscapes does ({FRAME_NAME.pattern}), got "
        f"{row.frame_id!r}; the published layout has no other names"
    )


def _spellings(row: LabelledScene) -> Iterator[GeneratedName]:
    """From exact, over words without characters that files cannot have, to no condition at all."""
    ood_class, iou = _named_object(row)
    exact = GeneratedName(
        source_frame_id=row.frame_id,
        weather=row.weather,
        time=row.time,
        place=row.place,
        ood_class=ood_class,
        sam_iou=iou,
    )
    yield exact
    cleaned = replace(exact, ood_class=_cleaned(ood_class)[:_MAX_CLASS_CHARS].strip())
    if row.place is not None:
        yield replace(cleaned, place=_cleaned(row.place))
    yield replace(cleaned, weather=None, time=None, place=None)


def _named_object(row: LabelledScene) -> tuple[str, float]:
    """Class and IoU of the object with the largest label; the first of equal ones."""
    if not row.object_class_names:
        return NO_OBJECT, 0.0
    size = {"height_px": row.height_px, "width_px": row.width_px}
    areas = [mask_area(rle, **size) for rle in row.object_mask_rles]
    largest = areas.index(max(areas))
    return row.object_class_names[largest], row.object_ious[largest]


def _is_plain(facts: GeneratedName) -> bool:
    """Whether no word holds a line break, or blanks that nobody would see."""
    return all(
        word == " ".join(word.split()) != "" for word in (facts.ood_class, facts.place or "-")
    )


def _cleaned(words: str) -> str:
    """Words that a file can be named by and that have no underscore, which stands for a blank."""
    plain = _FOREIGN.sub("-", " ".join(words.replace("_", " ").split()))
    return plain or "unnamed"
