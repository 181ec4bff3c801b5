"""What an export will hold, decided before a file is written: names, sizes, and a digest of it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from storage.datasets.cityscapes import IMAGE_SUFFIX, SPLITS
from storage.datasets.generated import LABEL_SUFFIX, LAYOUT_SUFFIX, SAM_LAYOUT_SUFFIX
from storage.export import PictureSize
from storage.export.names import scene_names, scene_title
from storage.scene_records import LabelledScene

EXPORT_FORMAT = 1
"""Raise it when equal scenes give other files."""


class ExportError(ValueError):
    """Scenes cannot be exported, or not to this folder; nothing of the export was kept."""


@dataclass(frozen=True, kw_only=True)
class PlannedFile:
    """One PNG of a scene: what it shows, where it goes, and the blob that it comes from."""

    kind: str
    path: str
    blob: str


@dataclass(frozen=True, kw_only=True)
class PlannedScene:
    """One scene of an export; ``size`` is (height, width) of all its files."""

    row: LabelledScene
    name: str
    split: str
    size: tuple[int, int]

    @property
    def title(self) -> str:
        """The scene as messages name it."""
        return scene_title(self.row)

    @property
    def files(self) -> tuple[PlannedFile, ...]:
        """Image, label and the layouts that are known, in this order."""
        images, labels = (
            f"{top}/{self.split}/{self.name.partition('_')[0]}/{self.name}"
            for top in ("leftImg8bit", "gtFine")
        )
        row = self.row
        named = (
            ("image", f"{images}{IMAGE_SUFFIX}", row.image_sha256),
            ("label", f"{labels}{LABEL_SUFFIX}", row.label_sha256),
            ("sam_layout", f"{labels}{SAM_LAYOUT_SUFFIX}", row.sam_layout_sha256),
            ("layout", f"{labels}{LAYOUT_SUFFIX}", row.layout_sha256),
        )
        return tuple(
            PlannedFile(kind=kind, path=path, blob=blob) for kind, path, blob in named if blob
        )


@dataclass(frozen=True, kw_only=True)
class ExportPlan:
    """All scenes of an export and the size rule that they follow."""

    scenes: tuple[PlannedScene, ...]
    size: PictureSize

    @property
    def rows(self) -> tuple[LabelledScene, ...]:
        """The scenes as the manifests hold them."""
        return tuple(scene.row for scene in self.scenes)

    @property
    def digest(self) -> str:
        """SHA-256 over format, names, sizes, pixels and every exported fact."""
        facts = [_facts(scene) for scene in self.scenes]
        content = json.dumps([EXPORT_FORMAT, str(self.size), facts], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()


def plan_export(
    rows: Sequence[LabelledScene],
    *,
    size: PictureSize,
    frame_sizes: Mapping[tuple[str, str], tuple[int, int]],
) -> ExportPlan:
    """The export of these scenes, named in their order.

    Args:
        rows: scenes of any rounds.
        size: `PictureSize.FRAME` enlarges, or shrinks, every file to the frame's own size.
        frame_sizes: (round, frame) -> (height, width); only read for that. Imported scenes keep
            their size.

    Raises:
        ExportError: if the size of a frame is not known.
        ValueError: as `scene_names`.
    """
    scenes = [
        PlannedScene(
            row=row,
            name=name,
            split=split_of(row),
            size=_size_of(row, size, frame_sizes),
        )
        for row, name in zip(rows, scene_names(rows), strict=True)
    ]
    return ExportPlan(scenes=tuple(scenes), size=size)


def split_of(row: LabelledScene) -> str:
    """Split of the frame, by the path of its photograph; train where that tells none."""
    _, _, below = row.source_image.rpartition("leftImg8bit/")
    split = below.partition("/")[0]
    return split if split in SPLITS else "train"


def _size_of(
    row: LabelledScene, size: PictureSize, frame_sizes: Mapping[tuple[str, str], tuple[int, int]]
) -> tuple[int, int]:
    own = (row.height_px, row.width_px)
    if size == PictureSize.PICTURE or row.attempt is None:
        return own
    known = frame_sizes.get((row.round, row.frame_id))
    if known is None:
        raise ExportError(
            f"{scene_title(row)}: need the size of its frame, but scene_requests holds no row of "
            "it any more; materialize scene_requests of that city and round again, or export with "
            "--size picture"
        )
    return known


def _facts(scene: PlannedScene) -> list[object]:
    own = {name: value for name, value in asdict(scene.row).items() if name != "object_mask_rles"}
    return [scene.name, scene.split, scene.size, own]
