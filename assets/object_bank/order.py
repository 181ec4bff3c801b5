"""What to build: images of the chosen sources, what is wrong with them, a digest of it all."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from assets.engine.outcome import quarantined_finding
from assets.object_bank.config import OodObjectsConfig
from assets.object_bank.cutting import CutItem
from assets.recipes import recipe_of
from assets.resources import DataRoot, ManifestStore
from assets.retracting.retractions import read_retracted
from assets.retracting.sources import Retracted
from assets.sources import rendered_license, source_version
from storage.datasets.registry import dataset_named, is_complete
from storage.label_space import OOD_CLASS_LISTS
from storage.records import Finding, Quarantined
from storage.world import World

CODE_VERSION = "1"
"""Raise it when the rows of equal sources and equal configuration change."""


@dataclass(frozen=True, kw_only=True)
class BankOrder:
    """Items to cut, and files that keep others from being cut; ``provenance`` describes both."""

    items: tuple[CutItem, ...]
    gaps: tuple[Quarantined, ...]
    config: OodObjectsConfig
    provenance: Mapping[str, str]
    retracted: Retracted = field(default_factory=Retracted)

    @property
    def recipe(self) -> str:
        """Digest of code version, configuration, source versions and retracted sources."""
        retracted = self.retracted.of_objects
        if not retracted:
            return self.base_recipe
        return recipe_of({"base": self.base_recipe, "retracted": retracted})

    @property
    def base_recipe(self) -> str:
        """The same without what is retracted."""
        facts = {
            "code_version": CODE_VERSION,
            "config": self.config.model_dump(mode="json"),
            "provenance": dict(self.provenance),
        }
        return recipe_of(facts)


def plan_bank(config: OodObjectsConfig, data: DataRoot, store: ManifestStore) -> BankOrder:
    """List the chosen sources; one that is not below the data root is named as absent.

    Raises:
        ValueError: if no source has a usable image.
    """
    root, world = data.folder, data.world
    names = config.sources
    items = [item for name in names for item in _items(name, config, root, store, world)]
    if not items:
        raise ValueError(
            f"{root}: need labeled images of {', '.join(names)}, got none; run "
            f"`multishift check-data {root}` to see what is there"
        )
    findings = [finding for name in names for finding in _findings(name, root)]
    gaps = {gap.item: gap for gap in map(quarantined_finding, findings)}
    facts = {
        "world": world.name,
        "world_version": world.version,
        "class_list": config.class_list,
        "images": str(len(items) + len(gaps)),
        "lost_splits": ", ".join(_lost_splits(findings, items)),
        "max_bad_frac": str(config.max_bad_frac),
    }
    versions = {f"source/{name}": source_version(dataset_named(name), root) for name in names}
    return BankOrder(
        items=tuple(items),
        gaps=tuple(gaps.values()),
        config=config,
        provenance={**versions, **facts},
        retracted=read_retracted(store.open()),
    )


def _items(
    name: str, config: OodObjectsConfig, root: Path, store: ManifestStore, world: World
) -> list[CutItem]:
    dataset = dataset_named(name)
    folder = dataset.locate(root)
    if folder is None:
        return []
    return [
        CutItem(
            frame=frame,
            data_root=str(root),
            store_root=store.root,
            single_writer=store.single_writer,
            class_ids=OOD_CLASS_LISTS[config.class_list],
            rules=config.rules_for(world),
            license=rendered_license(world),
        )
        for frame in dataset.frames(root, folder)
        if is_complete(root, frame)
    ]


def _findings(name: str, root: Path) -> list[Finding]:
    dataset = dataset_named(name)
    folder = dataset.locate(root)
    return [] if folder is None else list(dataset.findings(root, folder))


def _lost_splits(findings: Sequence[Finding], items: Sequence[CutItem]) -> list[str]:
    """Splits that lie there without one usable image, such as those of a broken COCO file."""
    used = {(item.frame.dataset, item.frame.split) for item in items}
    found = {(finding.dataset, finding.split) for finding in findings}
    return sorted("/".join(split) for split in found - used)
