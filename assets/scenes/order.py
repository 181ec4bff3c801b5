"""What to request: the frames of a city, the draws of every attempt, and a digest of it all."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from assets.engine.outcome import quarantined_finding
from assets.lineage import parents_of
from assets.partitions import ScenePartition, train_cities
from assets.recipes import recipe_of
from assets.resources import DataRoot
from assets.retracting.leaving_out import keeps_place
from assets.retracting.retractions import read_retracted
from assets.retracting.sources import Retracted
from assets.scenes.config import SceneRequestsConfig
from assets.scenes.requesting import Attempt, RequestItem
from assets.scenes.words import wanted_words
from assets.sources import rendered_license, version_of_frames
from models.scenes import (
    ObjectGroups,
    PromptMix,
    WordLists,
    choose_objects,
    draw_condition,
    group_objects,
)
from models.seeding import derive_seed
from storage.datasets.cityscapes import CITYSCAPES
from storage.datasets.registry import is_complete
from storage.manifests.pointers import ManifestVersion
from storage.manifests.schemas import to_records
from storage.records import Frame, OodObject, Quarantined
from storage.store import Store

BANK = "ood_objects"
SPLIT = "train"
CODE_VERSION = "1"
"""Raise it when the rows of equal inputs and equal configuration change."""


@dataclass(frozen=True, kw_only=True)
class SceneOrder:
    """Frames to request scenes for, and files that keep others from having any."""

    partition: ScenePartition
    data_root: Path
    items: tuple[RequestItem, ...]
    gaps: tuple[Quarantined, ...]
    config: SceneRequestsConfig
    words: WordLists
    bank: ManifestVersion
    provenance: Mapping[str, str]
    left_out: tuple[str, ...] = ()
    """Frames and attempts of a retracted source."""

    @property
    def recipe(self) -> str:
        """Digest of code version, partition, configuration, words, bank and source files."""
        left_out = {"left_out": self.left_out} if self.left_out else {}
        facts = {
            "code_version": CODE_VERSION,
            "partition": self.partition.key,
            "config": self.config.model_dump(mode="json"),
            "words": asdict(self.words),
            "bank": self.bank.fingerprint,
            "provenance": dict(self.provenance),
            **left_out,
        }
        return recipe_of(facts)

    @property
    def parents(self) -> dict[str, str]:
        """The version of the bank that objects are drawn from."""
        return parents_of(self.bank)


def plan_scenes(
    partition: ScenePartition, config: SceneRequestsConfig, data: DataRoot, store: Store
) -> SceneOrder:
    """Draw what every attempt shows, before any frame is opened.

    Raises:
        FileNotFoundError: if Cityscapes is not below the data root.
        ValueError: if the city has no usable frame, the bank has too few objects of the class list,
            or a list of words cannot be used.
    """
    root, world = data.folder, data.world
    frames, gaps = _frames_of(partition.city, root)
    words = wanted_words(config, root, world)
    bank = _latest_bank(store)
    groups = group_objects(_usable(bank, store, config), config.object_choice)
    retracted = read_retracted(store)
    items = tuple(
        RequestItem(
            frame=frame,
            round=partition.round,
            data_root=str(root),
            attempts=_draw(frame, partition, config, words, groups),
            rules=config.rules_for(world),
            min_objects=config.min_objects,
            min_road_frac=config.min_road_frac,
            license=rendered_license(world) or CITYSCAPES.license,
        )
        for frame in _spread(frames, config.max_frames)
    )
    allowed, left_out = _without_retracted(items, retracted)
    return SceneOrder(
        partition=partition,
        data_root=root,
        items=allowed,
        left_out=left_out,
        gaps=gaps,
        config=config,
        words=words,
        bank=bank,
        provenance={
            "world": world.name,
            "world_version": world.version,
            "source/cityscapes": version_of_frames(root, frames),
            "frames": str(len(items) + len(gaps)),
        },
    )


def _without_retracted(
    items: Sequence[RequestItem], retracted: Retracted
) -> tuple[tuple[RequestItem, ...], tuple[str, ...]]:
    """Items without retracted frames and attempts, after all was drawn; and what is left out."""
    allowed, left_out = [], []
    for item in items:
        name = item.frame.frame_id
        if retracted.has_frame(name):
            left_out.append(name)
            continue
        used = [attempt for attempt in item.attempts if _is_allowed(attempt, retracted)]
        kept = {(attempt.variant, attempt.number) for attempt in used}
        drawn = [(attempt.variant, attempt.number) for attempt in item.attempts]
        left_out += ["{}/{}/{}".format(name, *key) for key in drawn if key not in kept]
        if used:
            allowed.append(replace(item, attempts=tuple(used)))
    return tuple(allowed), tuple(left_out)


def _is_allowed(attempt: Attempt, retracted: Retracted) -> bool:
    return all(
        row.verdict == "kept" and not retracted.has_object(row.object_id) for row in attempt.objects
    )


def _frames_of(city: str, root: Path) -> tuple[list[Frame], tuple[Quarantined, ...]]:
    cities = train_cities(root)
    folder = CITYSCAPES.locate(root)
    if city not in cities or folder is None:
        raise ValueError(
            f"{root}: need complete frames of the city {city!r} in the split {SPLIT}, got none; "
            f"there are frames of {', '.join(cities)}"
        )
    frames = [
        frame
        for frame in CITYSCAPES.frames(root, folder)
        if (frame.split, frame.group) == (SPLIT, city) and is_complete(root, frame)
    ]
    findings = [
        finding
        for finding in CITYSCAPES.findings(root, folder)
        if finding.split == SPLIT and Path(finding.path).parent.name == city
    ]
    return frames, tuple(map(quarantined_finding, findings))


def _spread(frames: list[Frame], n_wanted: int | None) -> list[Frame]:
    """All frames, or so many of them, evenly picked in their order."""
    if n_wanted is None or n_wanted >= len(frames):
        return frames
    return [frames[index * len(frames) // n_wanted] for index in range(n_wanted)]


def _latest_bank(store: Store) -> ManifestVersion:
    bank = store.manifests.latest(BANK)
    if bank is None:
        raise ValueError(
            f"{store.root}: need a bank of OOD objects, got none; materialize {BANK} first"
        )
    return bank


def _usable(bank: ManifestVersion, store: Store, config: SceneRequestsConfig) -> list[OodObject]:
    """Objects to draw from, and those that were retracted, which only keep their place."""
    rows = to_records(store.manifests.rows(bank, BANK), OodObject)
    placed = [row for row in rows if keeps_place(row) and row.class_id in config.class_ids]
    usable = [row for row in placed if row.verdict == "kept"]
    n_needed = max(config.min_objects, min(1, config.max_objects))
    if len(usable) < n_needed:
        n_kept = sum(row.verdict == "kept" for row in rows)
        raise ValueError(
            f"{BANK}, version {bank.version}: need {n_needed} or more kept objects of "
            f"the class list {config.class_list}, got {len(usable)} ({len(rows)} rows, {n_kept} "
            "kept in all); choose another class_list, or build the bank from more sources or with "
            "looser rules"
        )
    return placed


def _draw(
    frame: Frame,
    partition: ScenePartition,
    config: SceneRequestsConfig,
    words: WordLists,
    groups: ObjectGroups,
) -> tuple[Attempt, ...]:
    """All attempts of a frame: the condition once a variant, the objects once an attempt."""
    mix = PromptMix(plain_frac=config.plain_frac, night_frac=config.night_frac)
    n_objects = (config.min_objects, config.max_objects)
    attempts = []
    for variant in range(config.n_variants):
        scene = (partition.round, frame.frame_id, variant)
        condition = draw_condition(derive_seed(*scene, "prompt"), words, mix)
        for number in range(config.max_attempts):
            seed = derive_seed(*scene, number, "objects")
            objects = choose_objects(groups, n_objects=n_objects, seed=seed)
            attempts.append(
                Attempt(variant=variant, number=number, condition=condition, objects=objects)
            )
    return tuple(attempts)
