"""What to draw: the scenes of a partition with their requests, and a digest of all that decides."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from assets.lineage import parents_of, version_to_read
from assets.partitions import ScenePartition
from assets.recipes import recipe_of
from assets.resources import DataRoot, ManifestStore
from assets.scenes.requests import ASSET as REQUESTS
from assets.synthesis.attempting import SynthesisItem, scene_key
from assets.synthesis.calibration import ASSET as CALIBRATION
from assets.synthesis.config import SynthesisConfig
from assets.synthesis.networks import Networks, revision
from assets.synthesis.thresholds import ood_rule, resolve_thresholds
from storage.manifests.pointers import ManifestVersion
from storage.manifests.schemas import to_records
from storage.scene_records import SceneRequest
from storage.store import Store

CODE_VERSION = "1"
"""Raise it when the rows of equal inputs, configuration and execution profile change."""

SETTING, THRESHOLD = "setting/", "threshold/"
"""Begin the names of facts in the provenance; their values are JSON."""


@dataclass(frozen=True, kw_only=True)
class SynthesisOrder:
    """Scenes to draw, with one item that holds what all of them share.

    ``calibration`` is None where the OOD threshold is given as a number.
    """

    partition: ScenePartition
    scenes: tuple[tuple[SceneRequest, ...], ...]
    shared: SynthesisItem
    scenes_per_item: int
    max_bad_frac: float
    requests: ManifestVersion
    calibration: ManifestVersion | None = None
    provenance: Mapping[str, str] = field(default_factory=dict)

    @property
    def recipe(self) -> str:
        """Digest of code version, requests, networks, settings and thresholds.

        How networks compute is no part of it: pictures that are there are not drawn again because
        another machine looks at them. Nor is the number of scenes an item holds.
        """
        facts = {
            "code_version": CODE_VERSION,
            "requests": self.requests.fingerprint,
            "provenance": dict(self.provenance),
            "attempts": sum(map(len, self.scenes)),
            "keeps_rejected": self.shared.keeps_rejected,
        }
        return recipe_of(facts)

    @property
    def parents(self) -> dict[str, str]:
        """The requests that are drawn, and the calibration where a quantile was looked up in it."""
        found = (self.requests, self.calibration)
        return parents_of(*(version for version in found if version is not None))

    def items(self, finished: Collection[str]) -> list[SynthesisItem]:
        """The scenes that are not finished, some an item."""
        todo = [scene for scene in self.scenes if scene_key(scene[0]) not in finished]
        starts = range(0, len(todo), self.scenes_per_item)
        return [
            replace(self.shared, scenes=tuple(todo[start : start + self.scenes_per_item]))
            for start in starts
        ]


def plan_synthesis(
    partition: ScenePartition,
    config: SynthesisConfig,
    data: DataRoot,
    store: ManifestStore,
    networks: Networks,
) -> SynthesisOrder:
    """Which scenes are drawn, with what, and what an attempt must reach.

    Raises:
        FileNotFoundError: if the data root is not there.
        ValueError: if nothing is requested, a network is missing, or thresholds cannot be had.
    """
    opened, world = store.open(), data.world
    sources, preset = networks.sources_for(world), networks.preset_for(world)
    digests = sources.digests()
    settings = config.settings_for(preset)
    thresholds = resolve_thresholds(config, preset, opened, detector=digests["detector"])
    version = version_to_read(REQUESTS, partition.key, opened)
    generator = revision(sources.generator, digests["generator"])
    _, quantile = ood_rule(config, preset)
    return SynthesisOrder(
        partition=partition,
        scenes=_scenes(version, opened, config.max_attempts),
        shared=SynthesisItem(
            scenes=(),
            data_root=str(data.folder),
            store_root=store.root,
            single_writer=store.single_writer,
            sources=sources,
            compute=networks.compute,
            settings=settings,
            thresholds=thresholds,
            keeps_rejected=config.keeps_rejected,
            generator=generator,
        ),
        scenes_per_item=config.scenes_per_item,
        max_bad_frac=config.max_bad_frac,
        requests=version,
        calibration=None if quantile is None else opened.manifests.latest(CALIBRATION),
        provenance={
            "world": world.name,
            "world_version": world.version,
            "generator": generator,
            "generator_license": preset.license,
            **{f"{name}_digest": digest for name, digest in digests.items()},
            **_named(SETTING, settings.facts),
            **_named(THRESHOLD, thresholds.facts),
        },
    )


def _named(prefix: str, facts: Mapping[str, object]) -> dict[str, str]:
    return {f"{prefix}{name}": json.dumps(value) for name, value in facts.items()}


def _scenes(
    version: ManifestVersion, store: Store, max_attempts: int | None
) -> tuple[tuple[SceneRequest, ...], ...]:
    """Requests by scene, in order of their attempts; an attempt without a scene is passed over."""
    rows = to_records(store.manifests.rows(version, REQUESTS), SceneRequest)
    wanted: Sequence[SceneRequest] = [row for row in rows if row.reason is None]
    grouped = (tuple(scene) for _, scene in groupby(wanted, key=scene_key))
    return tuple(scene[:max_attempts] for scene in grouped)
