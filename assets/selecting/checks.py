"""Blocking checks of a training set, answered from rows, pictures and photographs themselves."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import dagster as dg
import numpy as np

from assets.answers import answer, check_specs
from assets.selecting.order import PairOrder
from assets.selecting.originals import (
    held_out_frames,
    known_frames,
    measured_photographs,
    refuse_change,
)
from assets.selecting.samples import ASSET, TABLE, sample_id
from storage.blobs import BlobStore
from storage.datasets.codings import CODINGS, check_values
from storage.images import image_size, read_label
from storage.manifests.pointers import ManifestVersion
from storage.manifests.schemas import to_records
from storage.records import Quarantined
from storage.store import Store
from storage.training_records import TrainingPair

CHECKED_PAIRS = 200
"""Pairs whose pictures are opened, spread evenly over the set; `checked` in the UI tells how many.

Every label was looked at when it was made or read; this finds what was harmed since.
"""

GENERATED_CODING = CODINGS["train_ids_with_ood"]

Row = TypeVar("Row")


@dataclass(frozen=True, kw_only=True)
class Committed:
    """What a training set holds now, and where its pictures are."""

    rows: tuple[TrainingPair, ...]
    bad: tuple[Quarantined, ...]
    n_frames: int
    blobs: BlobStore
    data_root: Path
    max_bad_frac: float

    @property
    def looked_at(self) -> list[TrainingPair]:
        """Pairs spread evenly over the set, at most `CHECKED_PAIRS`."""
        return _spread(self.rows)


def read_committed(version: ManifestVersion, store: Store, order: PairOrder) -> Committed:
    """The rows of a version, with what they are held against."""
    rows = store.manifests.rows
    return Committed(
        rows=tuple(to_records(rows(version, TABLE), TrainingPair)),
        bad=tuple(to_records(rows(version, "quarantine"), Quarantined)),
        n_frames=len(order.items),
        blobs=store.blobs,
        data_root=order.data_root,
        max_bad_frac=order.max_bad_frac,
    )


def check_blobs(found: Committed) -> dg.AssetCheckResult:
    """Picture and label of every pair are in the store."""
    problems = [
        f"{sample_id(row)}: {name} is not in the store"
        for row in found.rows
        for name in (row.image_sha256, row.label_sha256)
        if not found.blobs.exists(name)
    ]
    return answer(ASSET, "pictures_in_store", problems, {"pairs": len(found.rows)})


def check_labels(found: Committed) -> dg.AssetCheckResult:
    """No generated label holds a value but 0 to 18, 254, 255, and each has the size of its row."""
    problems = [fact for row in found.looked_at for fact in _label_facts(row, found.blobs)]
    return answer(ASSET, "labels_in_coding", problems, {"checked": len(found.looked_at)})


def check_originals(found: Committed) -> dg.AssetCheckResult:
    """Photographs and their labels are the files that were selected, readable and of one size."""
    rows = _spread(list({row.frame_id: row for row in found.rows}.values()))
    problems = [fact for row in rows for fact in _original_facts(row, found.data_root)]
    return answer(ASSET, "originals_readable", problems, {"checked": len(rows)})


def check_held_out(found: Committed) -> dg.AssetCheckResult:
    """No frame is one that networks are measured on: validation cities, benchmarks (by content)."""
    held_out = held_out_frames(known_frames(found.data_root))
    files = {row.source_image_sha256: row for row in found.rows}
    paths = (found.data_root / row.source_image for row in files.values())
    measured = measured_photographs(
        found.data_root, {path.stat().st_size for path in paths if path.is_file()}
    )
    problems = [
        f"{sample_id(row)}: is a frame outside the split train"
        for row in found.rows
        if row.frame_id in held_out
    ]
    problems += [
        f"{sample_id(files[digest])}: its photograph is that of {path}"
        for digest, path in measured.items()
        if digest in files
    ]
    return answer(ASSET, "no_held_out_frame", problems, {"frames": len(files)})


def check_quarantine(found: Committed) -> dg.AssetCheckResult:
    """Few frames lack a photograph or label that can be used."""
    n_bad, limit = len(found.bad), found.max_bad_frac
    problems = []
    if n_bad > limit * found.n_frames:
        first = f"the first: {found.bad[0].item}: {found.bad[0].reason}"
        problems = [f"{n_bad} of {found.n_frames} frames, limit {limit}; {first}"]
    facts = {"quarantined": n_bad, "frames": found.n_frames}
    return answer(ASSET, "few_quarantined", problems, facts)


QUESTIONS: dict[str, Callable[[Committed], dg.AssetCheckResult]] = {
    "pictures_in_store": check_blobs,
    "labels_in_coding": check_labels,
    "originals_readable": check_originals,
    "no_held_out_frame": check_held_out,
    "few_quarantined": check_quarantine,
}

CHECK_SPECS = check_specs(ASSET, QUESTIONS)
"""Answered by the asset itself: a separate check would not know which partition to read."""


def answer_all(found: Committed) -> list[dg.AssetCheckResult]:
    """One answer to each question about a training set."""
    return [question(found) for question in QUESTIONS.values()]


def _spread(rows: Sequence[Row]) -> list[Row]:
    picked = np.linspace(0, len(rows) - 1, min(len(rows), CHECKED_PAIRS)).round().astype(int)
    return [rows[index] for index in picked.tolist()]


def _label_facts(row: TrainingPair, blobs: BlobStore) -> list[str]:
    try:
        label = np.asarray(blobs.get_image(row.label_sha256))
        check_values(GENERATED_CODING, label, path=f"label of {sample_id(row)}")
    except (OSError, ValueError) as error:
        return [str(error)]
    size = (row.height_px, row.width_px)
    return [] if label.shape == size else [f"label of {sample_id(row)}: {label.shape}, not {size}"]


def _original_facts(row: TrainingPair, root: Path) -> list[str]:
    image, label = root / row.source_image, root / row.source_label
    try:
        refuse_change(image, row.source_image_sha256)
        refuse_change(label, row.source_label_sha256)
        sizes = image_size(image), read_label(label).shape
    except (OSError, ValueError) as error:
        return [str(error)]
    is_one = sizes[0] == sizes[1]
    return [] if is_one else [f"{row.source_label}: need the size {sizes[0]}, got {sizes[1]}"]
