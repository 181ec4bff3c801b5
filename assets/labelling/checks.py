"""Blocking checks of labels, answered from rows and pictures that were committed."""

import io
from collections.abc import Callable
from dataclasses import dataclass

import dagster as dg
import numpy as np
from PIL import Image

from assets.answers import answer, check_specs
from assets.labelling.labelling import Size, label_key
from assets.labelling.labels import ASSET, TABLE
from assets.labelling.order import LabelOrder
from storage.blobs import BlobStore
from storage.datasets.codings import CODINGS
from storage.label_space import OOD_ID
from storage.manifests.pointers import ManifestVersion
from storage.manifests.schemas import to_records
from storage.records import Quarantined
from storage.scene_records import LabelledScene
from storage.store import Store

CODING = CODINGS["train_ids_with_ood"]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the stored pictures of a row show; ``trouble`` says why they show nothing."""

    key: str
    image_size: Size = (0, 0)
    label_size: Size = (0, 0)
    row_size: Size = (0, 0)
    counts: dict[int, int]
    n_objects: int = 0
    trouble: str | None = None


@dataclass(frozen=True, kw_only=True)
class Committed:
    """What a partition holds now, and what it was to hold."""

    order: LabelOrder
    labels: tuple[LabelledScene, ...]
    bad: tuple[Quarantined, ...]
    seen: tuple[Seen, ...]


def read_committed(version: ManifestVersion, store: Store, order: LabelOrder) -> Committed:
    """The rows of a version, with a look at every label and picture that they name."""
    rows = store.manifests.rows
    labels = tuple(to_records(rows(version, TABLE), LabelledScene))
    return Committed(
        order=order,
        labels=labels,
        bad=tuple(to_records(rows(version, "quarantine"), Quarantined)),
        seen=tuple(_look(row, store.blobs) for row in labels),
    )


def check_aligned(found: Committed) -> dg.AssetCheckResult:
    """Label and picture are there and have the size that the row states."""
    problems = [f"{seen.key}: {seen.trouble}" for seen in found.seen if seen.trouble]
    problems += [
        f"{seen.key}: need {_shown(seen.row_size)} pixels, got a picture of "
        f"{_shown(seen.image_size)} and a label of {_shown(seen.label_size)}"
        for seen in found.seen
        if not seen.trouble and not seen.row_size == seen.image_size == seen.label_size
    ]
    return answer(ASSET, "label_and_picture_aligned", problems, {"labels": len(found.labels)})


def check_values(found: Committed) -> dg.AssetCheckResult:
    """No label holds a value but train ids 0 to 18, 254 and 255."""
    foreign = {seen.key: sorted(seen.counts.keys() - CODING.allowed) for seen in found.seen}
    problems = [f"{key}: {values}" for key, values in foreign.items() if values]
    return answer(ASSET, "values_in_coding", problems, {"labels": len(found.labels)})


def check_objects(found: Committed) -> dg.AssetCheckResult:
    """Every label of a scene with objects shows one, and no other does."""
    problems = [
        f"{seen.key}: {'no pixel' if seen.n_objects else 'pixels, and no object,'} of {OOD_ID}"
        for seen in found.seen
        if not seen.trouble and bool(seen.counts.get(OOD_ID)) != bool(seen.n_objects)
    ]
    return answer(ASSET, "object_in_every_label", problems, {"labels": len(found.labels)})


def check_complete(found: Committed) -> dg.AssetCheckResult:
    """Every chosen picture is labelled or in quarantine, and nothing else is."""
    chosen = {label_key(item) for item in found.order.items}
    made = {_key(row) for row in found.labels} | {row.item for row in found.bad}
    problems = [f"{key} is chosen and not labelled" for key in sorted(chosen - made)]
    problems += [f"{key} is labelled and not chosen" for key in sorted(made - chosen)]
    return answer(ASSET, "all_chosen_labelled", problems, {"chosen": len(chosen)})


def check_quarantine(found: Committed) -> dg.AssetCheckResult:
    """Few chosen pictures are in quarantine."""
    n_bad, n_chosen, limit = len(found.bad), len(found.order.items), found.order.max_bad_frac
    problems = []
    if n_bad > limit * n_chosen:
        first = f"the first: {found.bad[0].item}: {found.bad[0].reason}"
        problems = [f"{n_bad} of {n_chosen} pictures, limit {limit}; {first}"]
    return answer(ASSET, "few_quarantined", problems, {"quarantined": n_bad, "chosen": n_chosen})


QUESTIONS: dict[str, Callable[[Committed], dg.AssetCheckResult]] = {
    "label_and_picture_aligned": check_aligned,
    "values_in_coding": check_values,
    "object_in_every_label": check_objects,
    "all_chosen_labelled": check_complete,
    "few_quarantined": check_quarantine,
}

CHECK_SPECS = check_specs(ASSET, QUESTIONS)
"""Answered by the asset itself: a separate check would not know which partition to read."""


def answer_all(found: Committed) -> list[dg.AssetCheckResult]:
    """One answer to each question about the labels of a partition."""
    return [question(found) for question in QUESTIONS.values()]


def _look(row: LabelledScene, blobs: BlobStore) -> Seen:
    try:
        image, label = blobs.get(row.image_sha256), np.asarray(blobs.get_image(row.label_sha256))
        with Image.open(io.BytesIO(image)) as opened:
            image_size = opened.height, opened.width
    except (OSError, ValueError) as error:
        return Seen(key=_key(row), counts={}, trouble=str(error))
    values, counts = np.unique(label, return_counts=True)
    return Seen(
        key=_key(row),
        image_size=image_size,
        label_size=label.shape,
        row_size=(row.height_px, row.width_px),
        n_objects=len(row.object_ids),
        counts=dict(zip(values.tolist(), counts.tolist(), strict=True)),
    )


def _key(row: LabelledScene) -> str:
    return f"{row.frame_id}/{row.variant}/{row.attempt}"


def _shown(size: Size) -> str:
    return "x".join(map(str, size))
