"""The published generated set (hub name Cuttle-fish-my/DTWP_ADE), read and written.

Its file names carry what is known of each image; this module is the only one that spells them.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from storage.datasets.cityscapes import FRAME_NAME, IMAGE_SUFFIX, SPLITS, first_frame_name
from storage.datasets.codings import CODINGS, check_values
from storage.datasets.dataset import Dataset
from storage.datasets.layout import (
    Entry,
    files_by_key,
    locate_by,
    subfolders,
    to_findings,
    to_frame,
)
from storage.images import write_png
from storage.label_space import ADE_CLASSES
from storage.records import Finding, GeneratedFrame

NAME = "multishift_cityscapes"
WEATHERS = ("cloudy", "rainy", "snowy", "foggy", "clear")
TIMES = ("day", "night")

LABEL_SUFFIX = "_gtFine_labelTrainIds.png"
LAYOUT_SUFFIX = "_gtFine_ADEcolor_paste.png"
"""Layout in ADE20K colors that the generator was given, with the pasted mask."""

SAM_LAYOUT_SUFFIX = "_gtFine_ADEcolor.png"
"""The same with SAM's mask in (254, 254, 254) in place of the pasted one."""

_FILE_NAME = re.compile(
    rf"(?P<source>{FRAME_NAME.pattern})"
    rf"(?:_(?P<weather>{'|'.join(WEATHERS)})_(?P<time>{'|'.join(TIMES)})_(?P<place>.+?))?"
    r"_(?P<ood_class>[^_]+(?:_[^_]+)*?)_(?P<iou>0\.\d\d|1\.00)"
)
_CLASS_NAMES = frozenset(ade_class.name for ade_class in ADE_CLASSES)


@dataclass(frozen=True, kw_only=True)
class GeneratedName:
    """What the name of a generated image states; ``None`` where the plain template was used."""

    source_frame_id: str
    weather: str | None
    time: str | None
    place: str | None
    ood_class: str
    sam_iou: float


def parse_name(name: str) -> GeneratedName | None:
    """Facts in a generated file's name (its suffix removed); None where it has another form.

    Form: ``<city>_<sequence>_<frame>[_<weather>_<time>_<Place_With_Underscores>]_<class>_<iou>``.
    Where underscores leave it open which words are the class, the longest ADE20K name is taken.
    Reference: generated file names of Gao et al. 2024 (method's published code).
    """
    found = _FILE_NAME.fullmatch(name)
    if found is None:
        return None
    place, ood_class = found["place"], found["ood_class"]
    if place is not None:
        place, ood_class = _split_class(f"{place}_{ood_class}".split("_"))
        place = html.unescape(place)
    return GeneratedName(
        source_frame_id=found["source"],
        weather=found["weather"],
        time=found["time"],
        place=place,
        ood_class=ood_class.replace("_", " "),
        sam_iou=float(found["iou"]),
    )


def _split_class(words: list[str]) -> tuple[str, str]:
    for start in range(1, len(words)):
        if " ".join(words[start:]) in _CLASS_NAMES:
            return " ".join(words[:start]), " ".join(words[start:])
    return " ".join(words[:-1]), words[-1]


def format_name(facts: GeneratedName) -> str:
    """File name (without suffix) of a generated image; the inverse of `parse_name`.

    Raises:
        ValueError: if a fact cannot be spelled so that it reads back the same.
    """
    shift = (facts.weather, facts.time, facts.place)
    words = [facts.source_frame_id]
    if None not in shift:
        words += [str(word).replace(" ", "_") for word in shift]
    elif shift != (None, None, None):
        raise ValueError(f"need weather, time and place, or none of them, got {shift}")
    name = "_".join([*words, facts.ood_class, f"{facts.sam_iou:.2f}"])
    if parse_name(name) != GeneratedName(
        **{**asdict(facts), "sam_iou": round(facts.sam_iou, 2)}
    ) or set(name) & set('/\\:*?"<>|\0'):
        raise ValueError(f"need facts that a file name can carry, got {facts}")
    return name


def _entries(folder: Path) -> Iterator[Entry]:
    for split in SPLITS:
        images, labels = folder / "leftImg8bit" / split, folder / "gtFine" / split
        for city in sorted({path.name for top in (images, labels) for path in subfolders(top)}):
            photos = files_by_key(images / city, IMAGE_SUFFIX)
            targets = files_by_key(labels / city, LABEL_SUFFIX)
            for name in sorted({*photos, *targets}):
                facts = parse_name(name)
                yield Entry(
                    split=split,
                    frame_id=name,
                    group=city,
                    domain=(facts and facts.weather) or "",
                    image=images / city / f"{name}{IMAGE_SUFFIX}",
                    has_image=name in photos,
                    label=labels / city / f"{name}{LABEL_SUFFIX}",
                    has_label=name in targets,
                    coding="train_ids_with_ood",
                )


def _frames(root: Path, folder: Path) -> Iterator[GeneratedFrame]:
    for entry in _entries(folder):
        facts = parse_name(entry.frame_id)
        if facts is not None:
            frame = to_frame(entry, dataset=NAME, root=root)
            yield GeneratedFrame(**asdict(frame), **asdict(facts))


def _findings(root: Path, folder: Path) -> Iterator[Finding]:
    for entry in _entries(folder):
        yield from to_findings(entry, dataset=NAME, root=root)
        if parse_name(entry.frame_id) is None:
            yield Finding(
                dataset=NAME,
                split=entry.split,
                path=(entry.image if entry.has_image else entry.label).relative_to(root).as_posix(),
                fact="file name states no frame, object class and IoU",
                cure="give it the name it was published under",
            )


def _holds(folder: Path) -> bool:
    name = first_frame_name(folder)
    return name is not None and parse_name(name) is not None


GENERATED = Dataset(
    name=NAME,
    title="Published generated set (DTWP_ADE)",
    kinds=("training", "generated"),
    url="https://huggingface.co/datasets/Cuttle-fish-my/DTWP_ADE",
    license="made from Cityscapes labels and ADE20K masks: their terms apply",
    layout="leftImg8bit/<split>/<city>/<frame>[_<weather>_<time>_<Place>]_<class>_<iou>"
    "_leftImg8bit.png\ngtFine/<split>/<city>/<same>_gtFine_labelTrainIds.png",
    is_documented_only=True,
    locate=locate_by(_holds, NAME, "DTWP_ADE_final"),
    frames=_frames,
    findings=_findings,
)


def write_generated_frame(
    folder: Path,
    *,
    split: str,
    facts: GeneratedName,
    image: UInt8[np.ndarray, "height width 3"],
    train_ids: UInt8[np.ndarray, "height width"],
) -> str:
    """Write a generated image and its label (train ids, 254 unknown object); gives its name.

    Raises:
        ValueError: if sizes differ, a value lies outside the coding, or a fact cannot be a name.
    """
    name = format_name(facts)
    if split not in SPLITS or image.shape[:2] != train_ids.shape:
        raise ValueError(
            f"need a split of {SPLITS} and one size for {name}, got {split!r}, {image.shape} and "
            f"{train_ids.shape}"
        )
    check_values(CODINGS["train_ids_with_ood"], train_ids, path=name)
    city = name.split("_", 1)[0]
    write_png(folder / "gtFine" / split / city / f"{name}{LABEL_SUFFIX}", train_ids)
    write_png(folder / "leftImg8bit" / split / city / f"{name}{IMAGE_SUFFIX}", image)
    return name
