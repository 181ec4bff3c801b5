"""Which decision holds for a sample as it is now, and which is about a former picture or label.

A decision never passes silently to what nobody looked at, and is never silently lost: a veto stays
until somebody decides on what the sample is by then, an acceptance lapses.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from assets.recipes import recipe_of
from assets.reviewing.reviews import PictureKey, in_force, picture_key, sample_name
from assets.tracing.names import SampleName
from storage.review_records import VETOED, Review


@dataclass(frozen=True)
class Held:
    """The decision on a sample; ``fits`` tells whether it is about its very picture and label."""

    review: Review
    fits: bool

    @property
    def decision(self) -> str | None:
        """What holds: `VETOED`, `ACCEPTED`, or None for an acceptance that lapsed."""
        is_held = self.fits or self.review.decision == VETOED
        return self.review.decision if is_held else None


@dataclass(frozen=True)
class Standing:
    """The last decision on each picture, and on each sample."""

    pictures: Mapping[PictureKey, Review] = field(default_factory=dict)
    samples: Mapping[SampleName, Review] = field(default_factory=dict)

    def on(self, name: SampleName, image_sha256: str, label_sha256: str) -> Held | None:
        """The decision on a sample that has this picture and this label; None if there is none.

        That on its picture comes first; where it lapsed, the last one on any of its pictures.
        """
        key = (name.asset, name.round, name.frame_id, name.variant, image_sha256)
        own = self.pictures.get(key)
        if own is not None and (own.decision == VETOED or own.label_sha256 == label_sha256):
            return Held(own, fits=own.label_sha256 == label_sha256)
        last = self.samples.get(name)
        return None if last is None else Held(last, fits=False)


def standing(reviews: Iterable[Review]) -> Standing:
    """What holds after all decisions."""
    pictures = in_force(reviews)
    ordered = sorted(pictures.values(), key=lambda row: row.number)
    return Standing(pictures, {sample_name(row): row for row in ordered})


def data_version_of_reviews(reviews: Iterable[Review]) -> str:
    """Digest of the decisions that hold: what depends on them is stale when it changes."""
    held = standing(reviews)
    last = {picture_key(row) for row in held.samples.values()}
    rows = [
        [*key, row.label_sha256, row.decision, key in last] for key, row in held.pictures.items()
    ]
    return recipe_of({"reviews": sorted(rows, key=str)})
