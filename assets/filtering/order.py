"""What to judge by: the version that was drawn, thresholds as numbers, and a digest of both."""

import json
from dataclasses import dataclass
from typing import Any

from assets.filtering.config import FilterConfig
from assets.lineage import parents_of, version_to_read
from assets.partitions import ScenePartition
from assets.recipes import recipe_of
from assets.synthesis.calibration import ASSET as CALIBRATION
from assets.synthesis.calibration import calibrated_histogram
from assets.synthesis.order import THRESHOLD
from assets.synthesis.synthesis import ASSET as SCENES
from models.filtering import Thresholds
from storage.manifests.pointers import ManifestVersion
from storage.store import Store

CODE_VERSION = "1"
"""Raise it when the verdicts of equal scores under equal thresholds change."""

ACCEPTS_ALL = "accepts_all: the first attempt of every scene, whatever its scores"


@dataclass(frozen=True, kw_only=True)
class FilterOrder:
    """Scenes to judge, and thresholds; ``calibration`` is None where no quantile is asked for."""

    partition: ScenePartition
    scenes: ManifestVersion
    calibration: ManifestVersion | None
    thresholds: Thresholds
    ood_quantile: float | None

    @property
    def provenance(self) -> dict[str, str]:
        """The thresholds as they were resolved, and why nothing is rejected where that is so."""
        resolved = {name: str(value) for name, value in self.thresholds.facts.items()}
        why = {"accepted_because": ACCEPTS_ALL} if self.thresholds.accepts_all else {}
        return {**resolved, "ood_quantile": str(self.ood_quantile), **why}

    @property
    def parents(self) -> dict[str, str]:
        """The versions that are judged, and judged by."""
        found = (self.scenes, self.calibration)
        return parents_of(*(version for version in found if version is not None))

    @property
    def recipe(self) -> str:
        """Digest of code version, partition, thresholds and scenes."""
        facts = {
            "code_version": CODE_VERSION,
            "partition": self.partition.key,
            "thresholds": self.provenance,
            "scenes": self.scenes.fingerprint,
        }
        return recipe_of(facts)


def plan_filter(partition: ScenePartition, config: FilterConfig, store: Store) -> FilterOrder:
    """Resolve the thresholds for what is latest.

    Raises:
        ValueError: if nothing was drawn, a quantile is asked for and the detector that scored was
            not calibrated, or it cannot be had from that few pixels.
    """
    scenes = version_to_read(SCENES, partition.key, store)
    wanted = {
        "min_iou": config.min_iou,
        "min_ood_score": config.min_ood_score,
        "min_layout_agreement": config.min_layout_agreement,
        "accepts_all": config.accepts_all,
    }
    calibration = None
    if config.ood_quantile is not None:
        known = calibrated_histogram(store, detector=scenes.provenance.get("detector_digest"))
        wanted["min_ood_score"] = known.quantile(config.ood_quantile)
        calibration = store.manifests.latest(CALIBRATION)
    given = {name: value for name, value in wanted.items() if value is not None}
    return FilterOrder(
        partition=partition,
        scenes=scenes,
        calibration=calibration,
        thresholds=Thresholds(**{**_drawn_under(scenes), **given}),
        ood_quantile=config.ood_quantile,
    )


def _drawn_under(scenes: ManifestVersion) -> dict[str, Any]:
    """The thresholds that a version of scenes was drawn under."""
    return {
        name.removeprefix(THRESHOLD): json.loads(value)
        for name, value in scenes.provenance.items()
        if name.startswith(THRESHOLD)
    }
