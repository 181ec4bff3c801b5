"""Blocking checks of an imported set, answered from what was committed for it."""

from collections.abc import Callable
from dataclasses import dataclass

import dagster as dg
import numpy as np

from assets.answers import answer, check_specs
from assets.importing.scenes import ASSET, TABLE
from storage.blobs import BlobStore
from storage.datasets.codings import CODINGS, check_values
from storage.manifests.pointers import ManifestVersion
from storage.manifests.schemas import to_records
from storage.records import Quarantined
from storage.scene_records import LabelledScene
from storage.store import Store

CHECKED_SCENES = 200
"""Scenes whose pictures are read again, spread evenly over the set."""


@dataclass(frozen=True, kw_only=True)
class Committed:
    """What a set holds now, and the share of it that may be bad."""

    version: ManifestVersion
    rows: tuple[LabelledScene, ...]
    bad: tuple[Quarantined, ...]
    blobs: BlobStore
    max_bad_frac: float

    @property
    def looked_at(self) -> tuple[LabelledScene, ...]:
        """Scenes spread evenly over the set, at most `CHECKED_SCENES`."""
        n_rows = len(self.rows)
        picked = np.linspace(0, n_rows - 1, min(n_rows, CHECKED_SCENES)).round().astype(int)
        return tuple(self.rows[index] for index in picked.tolist())


def read_committed(version: ManifestVersion, store: Store, max_bad_frac: float) -> Committed:
    """The rows of a version, with the limit that they are held to."""
    rows = store.manifests.rows
    return Committed(
        version=version,
        rows=tuple(to_records(rows(version, TABLE), LabelledScene)),
        bad=tuple(to_records(rows(version, "quarantine"), Quarantined)),
        blobs=store.blobs,
        max_bad_frac=max_bad_frac,
    )


def check_scenes(found: Committed) -> dg.AssetCheckResult:
    """Some scene was imported."""
    problems = [] if found.rows else ["no scene could be read; the table `quarantine` says why"]
    return answer(ASSET, "scenes_imported", problems, {"scenes": len(found.rows)})


def check_sizes(found: Committed) -> dg.AssetCheckResult:
    """Image and label of a scene can be read from the store and have the size that its row says."""
    problems = [fact for row in found.looked_at for fact in _size_facts(row, found.blobs)]
    return answer(ASSET, "sizes_match", problems, {"checked": len(found.looked_at)})


def check_labels(found: Committed) -> dg.AssetCheckResult:
    """No label holds a value outside the coding: 0 to 18, 254, 255."""
    problems = [fact for row in found.looked_at for fact in _value_facts(row, found.blobs)]
    return answer(ASSET, "values_in_coding", problems, {"checked": len(found.looked_at)})


def check_quarantine(found: Committed) -> dg.AssetCheckResult:
    """Few scenes are in quarantine."""
    n_bad, n_scenes = len(found.bad), int(found.version.provenance["scenes"])
    problems = []
    if n_bad > found.max_bad_frac * n_scenes:
        first = f"the first: {found.bad[0].item}: {found.bad[0].reason}"
        problems = [f"{n_bad} of {n_scenes} scenes, limit {found.max_bad_frac}; {first}"]
    return answer(ASSET, "few_quarantined", problems, {"quarantined": n_bad, "scenes": n_scenes})


QUESTIONS: dict[str, Callable[[Committed], dg.AssetCheckResult]] = {
    "scenes_imported": check_scenes,
    "sizes_match": check_sizes,
    "values_in_coding": check_labels,
    "few_quarantined": check_quarantine,
}

CHECK_SPECS = check_specs(ASSET, QUESTIONS)
"""Answered by the asset itself: a separate check would not know which partition to read."""


def answer_all(
    version: ManifestVersion, store: Store, max_bad_frac: float
) -> list[dg.AssetCheckResult]:
    """One answer to each question about a version."""
    found = read_committed(version, store, max_bad_frac)
    return [question(found) for question in QUESTIONS.values()]


def _size_facts(row: LabelledScene, blobs: BlobStore) -> list[str]:
    size, problems = (row.height_px, row.width_px), []
    for what, name in (("image", row.image_sha256), ("label", row.label_sha256)):
        try:
            shape = blobs.get_image(name).shape[:2]
        except (OSError, ValueError) as error:
            problems.append(f"{what} of {row.frame_id}, variant {row.variant}: {error}")
            continue
        if shape != size:
            problems.append(f"{what} of {row.frame_id}, variant {row.variant}: {shape}, not {size}")
    return problems


def _value_facts(row: LabelledScene, blobs: BlobStore) -> list[str]:
    name = f"label of {row.frame_id}, variant {row.variant}"
    try:
        label = np.asarray(blobs.get_image(row.label_sha256))
        check_values(CODINGS["train_ids_with_ood"], label, path=name)
    except (OSError, ValueError) as error:
        return [str(error)]
    return []
