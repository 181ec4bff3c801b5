"""What the readers share: walking folders, pairing images with labels, naming what lacks a partner.

A reader only lists `Entry` values; frames and findings follow from them in one way for all.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from storage.records import Finding, Frame


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One frame as its files stand; ``image`` and ``label`` say where they are, or belong.

    ``is_hidden``: the makers of the data set withhold the label, so its absence is no gap.
    ``label_note``: what lies there instead of the label, for the finding.
    """

    split: str
    frame_id: str
    group: str = ""
    domain: str = ""
    image: Path
    has_image: bool
    label: Path
    has_label: bool
    coding: str
    instances: Path | None = None
    is_hidden: bool = False
    label_note: str = ""
    label_cure: str = ""


def subfolders(folder: Path) -> list[Path]:
    """Folders directly below ``folder``, sorted, without hidden ones; none where it is none."""
    try:
        with os.scandir(folder) as found:
            names = [e.name for e in found if not e.name.startswith(".") and e.is_dir()]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [folder / name for name in sorted(names)]


def files_by_key(folder: Path, *suffixes: str) -> dict[str, Path]:
    """Files whose names end in a suffix, keyed by the name without it, in the order of the keys.

    Where one key has files of several suffixes, the suffix named first wins. Hidden files (with a
    leading dot, as half-written ones have) are left out; an absent folder gives nothing.
    """
    try:
        names = sorted(os.listdir(folder))  # noqa: PTH208 (a Path per file is slow for 100 000)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    found: dict[str, Path] = {}
    for suffix in reversed(suffixes):
        found.update(
            {
                name.removesuffix(suffix): folder / name
                for name in names
                if name.endswith(suffix) and not name.startswith(".")
            }
        )
    return dict(sorted(found.items()))


def relative(path: Path, root: Path) -> str:
    """Path below the data root, with forward slashes."""
    return path.relative_to(root).as_posix()


def to_frame(entry: Entry, *, dataset: str, root: Path) -> Frame:
    """The record of an entry: no label where it is hidden or missing, never scored where hidden."""
    has_label = entry.has_label and not entry.is_hidden
    return Frame(
        dataset=dataset,
        split=entry.split,
        frame_id=entry.frame_id,
        group=entry.group,
        domain=entry.domain,
        image=relative(entry.image, root),
        label=relative(entry.label, root) if has_label else None,
        instances=relative(entry.instances, root) if entry.instances else None,
        coding=entry.coding,
        is_scored=not entry.is_hidden,
    )


def to_findings(entry: Entry, *, dataset: str, root: Path) -> Iterator[Finding]:
    """What an entry lacks: its image, or a label that is not hidden."""
    if not entry.has_image:
        yield Finding(
            dataset=dataset,
            split=entry.split,
            path=relative(entry.image, root),
            fact=f"image is missing; its label {relative(entry.label, root)} is there",
            cure="fetch the image, or remove the label",
        )
    if not entry.has_label and not entry.is_hidden:
        note = entry.label_note or "label is missing"
        yield Finding(
            dataset=dataset,
            split=entry.split,
            path=relative(entry.label, root),
            fact=f"{note}; its image {relative(entry.image, root)} is there",
            cure=entry.label_cure or "fetch the label, or remove the image",
        )


def frames_of(
    dataset: str, entries: Callable[[Path], Iterator[Entry]]
) -> Callable[[Path, Path], Iterator[Frame]]:
    """``Dataset.frames`` of a reader that lists entries."""

    def frames(root: Path, folder: Path) -> Iterator[Frame]:
        return (to_frame(entry, dataset=dataset, root=root) for entry in entries(folder))

    return frames


def findings_of(
    dataset: str, entries: Callable[[Path], Iterator[Entry]]
) -> Callable[[Path, Path], Iterator[Finding]]:
    """``Dataset.findings`` of a reader that lists entries."""

    def findings(root: Path, folder: Path) -> Iterator[Finding]:
        for entry in entries(folder):
            yield from to_findings(entry, dataset=dataset, root=root)

    return findings


def locate_by(holds: Callable[[Path], bool], *official: str) -> Callable[[Path], Path | None]:
    """``Dataset.locate`` of a layout that a folder's structure tells.

    Order: the official names below the root, the root itself, its folders, theirs.
    """

    def locate(root: Path) -> Path | None:
        named = [root / name for name in official]
        children = subfolders(root)
        grandchildren = [below for child in children for below in subfolders(child)]
        return next(filter(holds, [*named, root, *children, *grandchildren]), None)

    return locate
