"""What to import: the scenes of a folder, what keeps others from being read, and a digest of it."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from assets.engine.outcome import quarantined_finding
from assets.importing.config import ImportConfig
from assets.importing.reading import ImportItem
from assets.recipes import recipe_of
from assets.resources import DataRoot, ManifestStore
from assets.retracting.retractions import read_retracted
from storage.datasets.cityscapes import CITYSCAPES
from storage.datasets.fingerprint import fingerprint_files
from storage.datasets.generated import GENERATED
from storage.datasets.registry import is_complete
from storage.export.scene_table import read_stated_facts
from storage.fetching import FetchedSet
from storage.fetching.sources import set_files
from storage.records import Frame, GeneratedFrame, Quarantined

CODE_VERSION = "1"
"""Raise it when the rows of an equal set and equal configuration change."""


@dataclass(frozen=True, kw_only=True)
class ImportOrder:
    """Scenes to read, and files that keep others from being read."""

    name: str
    items: tuple[ImportItem, ...]
    gaps: tuple[Quarantined, ...]
    config: ImportConfig
    provenance: Mapping[str, str]

    @property
    def recipe(self) -> str:
        """Digest of code version, name, limits, files, and the frames that they belong to."""
        facts = {
            "code_version": CODE_VERSION,
            "name": self.name,
            "max_bad_frac": self.config.max_bad_frac,
            "frames": [[item.source_image, item.source_label] for item in self.items],
            "provenance": dict(self.provenance),
        }
        return recipe_of(facts)


def plan_import(
    name: str, config: ImportConfig, data: DataRoot, store: ManifestStore
) -> ImportOrder:
    """List a folder in the published layout; no picture is opened.

    Photographs and labels of the frames are named as they lie below the data root, or, where they
    are not there, as Cityscapes names them. Scenes of retracted frames are left out.

    Raises:
        ValueError: if the folder holds no scene in that layout, or none that may be used.
    """
    folder = located_set(Path(config.folder))
    frames = [
        frame
        for frame in GENERATED.frames(folder, folder)
        if isinstance(frame, GeneratedFrame) and is_complete(folder, frame)
    ]
    gaps = tuple(map(quarantined_finding, GENERATED.findings(folder, folder)))
    if not frames:
        raise ValueError(f"{folder}: need scenes with image and label, got none; {_cure(gaps)}")
    retracted = read_retracted(store.open())
    left_out = sorted(f.frame_id for f in frames if retracted.has_frame(f.source_frame_id))
    if len(left_out) == len(frames):
        raise ValueError(
            f"{folder}: need a scene that may be used, got {len(frames)} of retracted frames; "
            f"retract imported/{name} as a whole"
        )
    items = tuple(
        item
        for item in _items(name, frames, folder, data, store)
        if not retracted.has_frame(item.frame.source_frame_id)
    )
    return ImportOrder(
        name=name,
        items=items,
        gaps=gaps,
        config=config,
        provenance={
            "folder": folder.name,
            "files": fingerprint_files(folder),
            "scenes": str(len(items) + len(gaps)),
            **({"retracted": json.dumps(left_out)} if left_out else {}),
        },
    )


def located_set(given: Path) -> Path:
    """The folder in the published layout: the given one, or one within it.

    Raises:
        ValueError: if there is none; the message shows the layout.
    """
    if given.is_file():
        raise ValueError(f"{given}: need a folder, got a file; unpack it and name its folder")
    folder = GENERATED.locate(given) if given.is_dir() else None
    if folder is None:
        raise ValueError(
            f"{given}: need a folder in the published layout, found none; it looks like this:\n"
            f"{GENERATED.layout}"
        )
    return folder


def _cure(gaps: tuple[Quarantined, ...]) -> str:
    return f"the first gap: {gaps[0].item}: {gaps[0].reason}" if gaps else "is it still unpacked?"


def _items(
    name: str, frames: list[GeneratedFrame], folder: Path, data: DataRoot, store: ManifestStore
) -> tuple[ImportItem, ...]:
    known, stated = _known_frames(Path(data.path)), read_stated_facts(folder)
    counted: Counter[str] = Counter()
    items = []
    for frame in sorted(frames, key=lambda frame: frame.frame_id):
        image, label = _source_of(frame, known)
        items.append(
            ImportItem(
                name=name,
                frame=frame,
                variant=counted[frame.source_frame_id],
                folder=str(folder),
                store_root=store.root,
                single_writer=store.single_writer,
                source_image=image,
                source_label=label,
                stated=stated.get(frame.frame_id),
                license=published_license(),
            )
        )
        counted[frame.source_frame_id] += 1
    return tuple(items)


def published_license() -> str:
    """Terms of the published generated set, as the table of what can be fetched states them."""
    return set_files(FetchedSet.GENERATED_SET)[0].license


def _known_frames(data_root: Path) -> dict[str, Frame]:
    folder = CITYSCAPES.locate(data_root) if data_root.is_dir() else None
    if folder is None:
        return {}
    return {frame.frame_id: frame for frame in CITYSCAPES.frames(data_root, folder)}


def _source_of(frame: GeneratedFrame, known: Mapping[str, Frame]) -> tuple[str, str]:
    found = known.get(frame.source_frame_id)
    if found is not None and found.label is not None:
        return found.image, found.label
    city = frame.source_frame_id.partition("_")[0]
    place = f"{frame.split}/{city}/{frame.source_frame_id}"
    return (
        f"cityscapes/leftImg8bit/{place}_leftImg8bit.png",
        f"cityscapes/gtFine/{place}_gtFine_labelIds.png",
    )
