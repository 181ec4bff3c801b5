"""What to label: the chosen pictures with their rows, and a digest of all that decides."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from assets.filtering.drawn import AttemptKey, Drawn, attempt_key, read_drawn
from assets.filtering.judged import read_verdicts
from assets.filtering.judging import ASSET as FILTERED
from assets.labelling.config import LabelConfig
from assets.labelling.labelling import LabelItem
from assets.lineage import parent_version, parents_of, version_to_read
from assets.partitions import ScenePartition
from assets.recipes import recipe_of
from assets.resources import DataRoot, ManifestStore
from assets.retracting.retractions import read_retracted
from assets.retracting.sources import Retracted
from assets.scenes.requests import ASSET as REQUESTS
from assets.synthesis.synthesis import ASSET as SCENES
from storage.datasets.fingerprint import fingerprint_files
from storage.manifests.pointers import ManifestVersion
from storage.manifests.schemas import to_records
from storage.scene_records import ObjectAttempt, SceneAttempt, SceneRequest
from storage.store import Store

CODE_VERSION = "1"
"""Raise it when the rows of equal inputs and equal configuration change."""

_UNKNOWN = "unknown"


@dataclass(frozen=True, kw_only=True)
class LabelOrder:
    """Pictures to label, and the versions that they are made from."""

    partition: ScenePartition
    items: tuple[LabelItem, ...]
    filtered: ManifestVersion
    scenes: ManifestVersion
    requests: ManifestVersion
    max_bad_frac: float
    provenance: Mapping[str, str]

    @property
    def recipe(self) -> str:
        """Digest of code version, partition, size, source files and what is labelled."""
        facts = {
            "code_version": CODE_VERSION,
            "partition": self.partition.key,
            "provenance": dict(self.provenance),
            "filtered": self.filtered.fingerprint,
            "scenes": self.scenes.fingerprint,
            "requests": self.requests.fingerprint,
        }
        return recipe_of(facts)

    @property
    def parents(self) -> dict[str, str]:
        """The versions that the labels are made from."""
        return parents_of(self.filtered, self.scenes, self.requests)


def plan_labels(
    partition: ScenePartition, config: LabelConfig, data: DataRoot, store: ManifestStore
) -> LabelOrder:
    """The chosen attempts of the latest verdicts, with the rows that they were judged from.

    Raises:
        FileNotFoundError: if the data root is not there.
        ValueError: if nothing was filtered, or rows that it was made from are gone or do not fit.
    """
    opened, root = store.open(), data.folder
    filtered = version_to_read(FILTERED, partition.key, opened)
    scenes = parent_version(filtered, SCENES, opened)
    requests = parent_version(scenes, REQUESTS, opened)
    generator, generator_license = _generator_of(scenes)
    item = partial(
        LabelItem,
        size=config.size,
        label_mask=config.label_mask,
        data_root=str(root),
        store_root=store.root,
        single_writer=store.single_writer,
        generator=generator,
        generator_license=generator_license,
    )
    chosen = _chosen(filtered, read_drawn(scenes, opened), requests, opened)
    retracted = read_retracted(opened)
    left_out = [
        "{}/{}/{}".format(*attempt_key(a)) for r, a, _ in chosen if _is_retracted(r, retracted)
    ]
    items = tuple(
        item(request=r, attempt=a, objects=o)
        for r, a, o in chosen
        if not _is_retracted(r, retracted)
    )
    return LabelOrder(
        partition=partition,
        items=items,
        filtered=filtered,
        scenes=scenes,
        requests=requests,
        max_bad_frac=config.max_bad_frac,
        provenance={
            **_provenance(items, root, config, scenes),
            **({"retracted": json.dumps(left_out)} if left_out else {}),
        },
    )


def _is_retracted(request: SceneRequest, retracted: Retracted) -> bool:
    return retracted.has_any(request.frame_id, request.object_ids)


def _generator_of(scenes: ManifestVersion) -> tuple[str, str]:
    """Name and license of the generator, as the version of the scenes states them."""
    found = scenes.provenance
    return found.get("generator", _UNKNOWN), found.get("generator_license", _UNKNOWN)


def _provenance(
    items: Sequence[LabelItem], root: Path, config: LabelConfig, scenes: ManifestVersion
) -> dict[str, str]:
    generator, generator_license = _generator_of(scenes)
    return {
        "size": config.size,
        **({} if config.label_mask == "sam" else {"label_mask": config.label_mask}),
        "generator": generator,
        "generator_license": generator_license,
        "chosen": str(len(items)),
        "source/labels": _files_version(root, (item.request.label for item in items)),
    }


def _chosen(
    filtered: ManifestVersion, drawn: Drawn, requests: ManifestVersion, store: Store
) -> list[tuple[SceneRequest, SceneAttempt, tuple[ObjectAttempt, ...]]]:
    """Rows of every chosen attempt: request, picture, objects."""
    wanted = {attempt_key(row) for row in read_verdicts(filtered, store) if row.is_chosen}
    asked = {
        (row.frame_id, row.variant, row.attempt): row
        for row in to_records(store.manifests.rows(requests, REQUESTS), SceneRequest)
    }
    found = []
    for attempt in drawn.attempts:
        key = attempt_key(attempt)
        request, objects = asked.get(key), drawn.objects[key]
        if key not in wanted:
            continue
        if request is None or not _belongs(request, attempt, objects):
            raise ValueError(_misfit(key, drawn.version, requests))
        found.append((request, attempt, objects))
    return found


def _belongs(
    request: SceneRequest, attempt: SceneAttempt, objects: tuple[ObjectAttempt, ...]
) -> bool:
    class_ids = tuple(row.class_id for row in objects)
    return request.seed == attempt.seed and request.object_class_ids == class_ids


def _misfit(key: AttemptKey, scenes: ManifestVersion, requests: ManifestVersion) -> str:
    return (
        f"{scenes.asset}, partition {scenes.partition}, version {scenes.version}: need attempts "
        f"that {requests.asset}, version {requests.version}, asks for, got another seed or other "
        "objects at frame {}, variant {}, attempt {}; materialize {} again".format(
            *key, scenes.asset
        )
    )


def _files_version(root: Path, labels: Iterable[str]) -> str:
    """Digest of the folders of the labels, so that a label that was put right is looked at."""
    folders = sorted({(root / label).parent for label in labels})
    return "-".join(
        fingerprint_files(folder)[:32] if folder.is_dir() else "absent" for folder in folders
    )
