"""From the class names of the object data sets to ADE20K-150: the reviewed tables, read by name.

The key is the name and not the index of a class, since indices may differ between releases.
"""

from functools import cache

from storage.label_space import ade_class, read_table


def fine_class_id(fine_name: str) -> int:
    """ADE20K-150 class of a class of the full release; 0 where it has none or is ambiguous.

    ``fine_name`` is the release's list of synonyms, as in ``"sofa, couch, lounge"``; case and
    blanks around commas do not matter.
    """
    return _fine_class_ids().get(_key(fine_name), 0)


def fine_index(fine_name: str) -> int:
    """Index of a fine class in the 2016 list, from 1, for classes that have an ADE20K-150 class.

    Raises:
        ValueError: if the table holds no such name.
    """
    try:
        return _fine_indices()[_key(fine_name)]
    except KeyError:
        raise ValueError(
            f"need a class name of the table ade20k_fine_to_150, got {fine_name!r}"
        ) from None


def fine_name_of(class_id: int) -> str:
    """Name in the full release of an ADE20K-150 class.

    Of two names the one with the same synonyms, else the one that starts with the class's own name,
    else the later in the 2016 list.

    Raises:
        ValueError: if ``class_id`` lies outside 1 to 150.
    """
    own_name = ade_class(class_id).name
    rows = [row for row in read_table("ade20k_fine_to_150") if int(row["class_id"]) == class_id]
    best = max(
        rows,
        key=lambda row: (
            row["match"] == "exact",
            row["fine_name"].split(",")[0] == own_name,
            int(row["fine_index_2016"]),
        ),
    )
    return best["fine_name"]


def coco_class_id(coco_name: str) -> int:
    """ADE20K-150 class of a COCO category; 0 where it has none."""
    return _coco_class_ids().get(coco_name, 0)


@cache
def _fine_class_ids() -> dict[str, int]:
    return {
        _key(row["fine_name"]): int(row["class_id"]) for row in read_table("ade20k_fine_to_150")
    }


@cache
def _fine_indices() -> dict[str, int]:
    return {
        _key(row["fine_name"]): int(row["fine_index_2016"])
        for row in read_table("ade20k_fine_to_150")
    }


@cache
def _coco_class_ids() -> dict[str, int]:
    return {row["coco_name"]: int(row["class_id"]) for row in read_table("coco_to_ade20k_150")}


def _key(fine_name: str) -> str:
    return ",".join(synonym.strip() for synonym in fine_name.casefold().split(","))
