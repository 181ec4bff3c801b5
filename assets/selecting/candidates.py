"""Scenes that may be chosen: where each is from, and what it is in the terms of a filter."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from assets.importing.names import ASSET as IMPORTED
from assets.labelling.labels import ASSET as LABELLED
from assets.selecting.selection import PLAIN, Veto
from assets.tracing.names import SampleName
from storage.scene_records import LabelledScene

MAX_NAMED = 12


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A labelled scene, and the asset that holds it."""

    asset: str
    scene: LabelledScene

    @property
    def name(self) -> SampleName:
        """Name of the scene, unique in a store."""
        row = self.scene
        return SampleName(
            asset=self.asset, round=row.round, frame_id=row.frame_id, variant=row.variant
        )


def name_of_veto(veto: Veto) -> SampleName:
    """Name of the scene that a veto is about."""
    asset = LABELLED if veto.imported is None else IMPORTED
    return SampleName(asset=asset, round=veto.source, frame_id=veto.frame, variant=veto.variant)


VALUES: Mapping[str, Callable[[LabelledScene], Iterable[str]]] = {
    "cities": lambda scene: [scene.city],
    "weather": lambda scene: [scene.weather or PLAIN],
    "time": lambda scene: [scene.time or PLAIN],
    "places": lambda scene: [scene.place or PLAIN],
    "object_classes": lambda scene: scene.object_class_names,
}
"""Filters that list values, and what a scene is in their terms."""


def listed(names: Iterable[str]) -> str:
    """The first names in their order, and how many more there are."""
    ordered = sorted(names)
    more = f", and {len(ordered) - MAX_NAMED} more" if len(ordered) > MAX_NAMED else ""
    return ", ".join(ordered[:MAX_NAMED]) + more
