"""Build the bank: list the images, fan the cutting out, find doubles, count classes, commit."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from assets.engine.outcome import quarantined
from assets.engine.progress import Log
from assets.engine.resource import Engine
from assets.object_bank.config import OodObjectsConfig
from assets.object_bank.cutting import CutItem, cut_key, cut_objects
from assets.object_bank.pictures import count_classes
from assets.resources import DataRoot, ManifestStore
from assets.sources import source_license, source_version
from models.object_bank import reject_doubles
from storage.datasets.registry import dataset_named
from storage.label_space import ade_class
from storage.manifests.drafts import Draft, open_draft
from storage.manifests.pointers import ManifestVersion
from storage.manifests.schemas import to_records
from storage.records import OodObject, Quarantined
from storage.store import Store

ASSET = "ood_objects"
CODE_VERSION = "1"

Tables = Mapping[str, Sequence[Any] | pa.Table]


@dataclass(frozen=True, kw_only=True)
class BankOrder:
    """What to build: items to cut, and the digest of all that the bank depends on."""

    items: tuple[CutItem, ...]
    config: OodObjectsConfig
    provenance: Mapping[str, str]

    @property
    def recipe(self) -> str:
        """Digest of code version, configuration and source versions."""
        facts = {
            "code_version": CODE_VERSION,
            "config": self.config.model_dump(),
            "provenance": dict(self.provenance),
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def plan_bank(config: OodObjectsConfig, data: DataRoot, store: ManifestStore) -> BankOrder:
    """List the images of the chosen sources; a source that is not there gives none.

    Raises:
        ValueError: if none of the chosen sources lies below the data root.
    """
    root = data.folder
    versions = {
        f"source/{name}": source_version(dataset_named(name), root) for name in config.sources
    }
    items = [item for name in config.sources for item in _items(name, config, data, store)]
    if not items:
        raise ValueError(
            f"{root}: need labeled images of {', '.join(config.sources)}, got none; run "
            f"`multishift check-data {root}` to see what is there"
        )
    facts = {
        "world": data.world.name,
        "world_version": data.world.version,
        "class_list": config.class_list,
        "images": str(len(items)),
        "max_bad_frac": str(config.max_bad_frac),
    }
    return BankOrder(items=tuple(items), config=config, provenance={**versions, **facts})


def build_bank(
    order: BankOrder, store: Store, engine: Engine, *, run_id: str, log: Log | None = None
) -> ManifestVersion:
    """Commit the bank of an order; items that a killed run finished are not done again.

    A bank of the same order whose crops are all there is returned as it is.
    """
    done = store.manifests.latest(ASSET)
    if done is not None and done.recipe == order.recipe and _is_sound(done, store):
        return done
    with open_draft(store.manifests, ASSET, recipe=order.recipe) as draft:
        todo = [item for item in order.items if cut_key(item) not in draft.finished]
        for outcome in engine.map(cut_objects, todo, key=cut_key, log=log, label="object bank"):
            rows: dict[str, list[Any]] = {"ood_objects": outcome.value or []}
            if outcome.error is not None:
                rows["quarantine"] = [quarantined(outcome)]
            draft.add(outcome.key, rows)
        return _commit(draft, order, run_id)


def _commit(draft: Draft, order: BankOrder, run_id: str) -> ManifestVersion:
    return draft.commit(
        tables=("ood_objects", "quarantine", "class_counts"),
        finish=lambda drafted: _finish(drafted, order.config),
        code_version=CODE_VERSION,
        run_id=run_id,
        provenance=order.provenance,
    )


def _finish(drafted: Mapping[str, pa.Table], config: OodObjectsConfig) -> Tables:
    """What only the whole bank can tell: doubles and the counts of every class of the list."""
    objects = reject_doubles(
        to_records(drafted["ood_objects"], OodObject), dataset_order=config.sources
    )
    names = {class_id: ade_class(class_id).name for class_id in config.class_ids}
    return {**drafted, "ood_objects": objects, "class_counts": count_classes(objects, names)}


def _items(
    name: str, config: OodObjectsConfig, data: DataRoot, store: ManifestStore
) -> list[CutItem]:
    dataset, root = dataset_named(name), data.folder
    folder = dataset.locate(root)
    if folder is None:
        return []
    license_ = source_license(dataset, data.world) if data.world.name == "miniature" else None
    return [
        CutItem(
            frame=frame,
            data_root=str(root),
            store_root=store.root,
            single_writer=store.single_writer,
            class_ids=config.class_ids,
            rules=config.rules_for(data.world),
            license=license_,
        )
        for frame in dataset.frames(root, folder)
        if frame.label is not None and (root / frame.image).is_file()
    ]


def _is_sound(version: ManifestVersion, store: Store) -> bool:
    """Whether nothing must be done again: no crop is missing, only bad files are in quarantine."""
    troubled = to_records(store.manifests.rows(version, "quarantine"), Quarantined)
    if any(row.status != "bad_input" for row in troubled):
        return False
    crops = store.manifests.rows(version, "ood_objects").column("crop_sha256").to_pylist()
    return all(store.blobs.exists(name) for name in set(crops) - {None})
