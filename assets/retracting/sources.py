"""How a source is named, and what is made from it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

from assets.importing.names import ASSET as IMPORTED_SCENES
from storage.scene_records import LabelledScene
from storage.training_records import TrainingPair

Sample: TypeAlias = LabelledScene | TrainingPair

FRAMES, IMPORTED = "cityscapes", "imported"
OBJECT_SETS = ("ade20k", "ade20k_challenge", "coco")
FORMS = "ade20k/IMAGE, coco/IMAGE, ade20k/IMAGE/INSTANCE, cityscapes/FRAME, imported/SET"
_ONE_PICTURE = {"ade20k_challenge": "ade20k"}
"""The 150-class form holds the pictures of the full release under the same names."""


@dataclass(frozen=True)
class Retracted:
    """Sources that may not be used, by their names as `source_name` gives them."""

    sources: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.sources)

    @property
    def of_objects(self) -> tuple[str, ...]:
        """Those that objects are cut from, sorted."""
        found = (source for source in self.sources if source.split("/")[0] in OBJECT_SETS)
        return tuple(sorted(found))

    def has_object(self, object_id: str) -> bool:
        """Whether an object of the bank is cut from a retracted image, or is retracted itself."""
        return not self.sources.isdisjoint(sources_of_object(object_id))

    def has_frame(self, frame_id: str) -> bool:
        """Whether a frame of Cityscapes is retracted."""
        return f"{FRAMES}/{frame_id}" in self.sources

    def has_set(self, name: str) -> bool:
        """Whether an imported set is retracted."""
        return f"{IMPORTED}/{name}" in self.sources

    def has_any(self, frame_id: str, object_ids: Iterable[str]) -> bool:
        """Whether a frame, or one of the objects that were put on it, is retracted."""
        return self.has_frame(frame_id) or any(map(self.has_object, object_ids))

    def has_sample(self, asset: str, sample: Sample) -> bool:
        """Whether a sample was made from a retracted source; ``asset`` holds its scene."""
        return not self.sources.isdisjoint(sources_of_sample(asset, sample))


def source_name(text: str) -> str:
    """The one name of the source that a text means.

    Raises:
        ValueError: if the text has another form.
    """
    steps = text.strip().split("/")
    is_object = steps[0] in OBJECT_SETS and len(steps) in (2, 3)
    is_other = steps[0] in (FRAMES, IMPORTED) and len(steps) == 2
    if not all(steps) or not (is_object or is_other):
        raise ValueError(f"need a source such as {FORMS}, got {text!r}")
    if len(steps) == 2:
        steps[0] = _ONE_PICTURE.get(steps[0], steps[0])
    return "/".join(steps)


def sources_of_object(object_id: str) -> tuple[str, ...]:
    """Names of the image and the instance that an object of the bank was cut from."""
    dataset, _, rest = object_id.partition("/")
    image, _, instance = rest.partition("/")[2].partition("/")
    names = f"{_ONE_PICTURE.get(dataset, dataset)}/{image}", f"{dataset}/{image}/{instance}"
    return names if instance else names[:1]


def sources_of_sample(asset: str, sample: Sample) -> tuple[str, ...]:
    """Names of all that a sample was made from: frame, set, and images and instances pasted."""
    of_set = (f"{IMPORTED}/{sample.round}",) if asset == IMPORTED_SCENES else ()
    of_objects = (name for one in sample.object_ids for name in sources_of_object(one))
    return f"{FRAMES}/{sample.frame_id}", *of_set, *of_objects
