"""What the server of the gallery answers, without any HTTP: pages, pictures, decisions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from assets.gallery.inline import picture_bytes
from assets.gallery.page import PageLimits, render_page
from assets.gallery.pictures import Pictures
from assets.gallery.rows import DrawnAttempt, PartitionRows, read_partition
from assets.gallery.shown import CODED, TILES
from assets.labelling.labels import ASSET as LABELLED
from assets.labelling.labels import TABLE
from assets.partitions import ScenePartition
from assets.reviewing.reviews import Decision, read_reviews, record_reviews
from assets.reviewing.served import Asked, edition_of, said, serving
from assets.reviewing.standing import standing
from assets.tracing.names import SampleName
from storage.manifests.schemas import to_records
from storage.scene_records import LabelledScene
from storage.store import Store

LIMITS = PageLimits(max_scenes=2000, picture_width_px=1024, thumbnail_width_px=384)
_TEXTS = ("round", "city", "frame_id", "image_sha256", "label_sha256", "decision", "reason")


class OutdatedPictureError(ValueError):
    """The sample has another picture or label by now than the one that was decided on."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A store that somebody reviews.

    Attributes:
        store: that is read, and that decisions are committed to.
        data_root: folder of the photographs; None where it is not at hand.
        reviewer: who decides.
        round_key: the only round that is shown; all if None.
        report: tells Dagster of new decisions; gives what went wrong, or an empty text.
    """

    store: Store
    data_root: Path | None
    reviewer: str
    round_key: str | None = None
    report: Callable[[], str] = str
    _rows: dict[ScenePartition, PartitionRows] = field(default_factory=dict)

    def page(self, token: str) -> bytes:
        """The gallery of the current versions, with the decisions that hold.

        Raises:
            DamagedPartError: if rows cannot be read.
        """
        parts = [self._read(partition) for partition in self.partitions()]
        held = standing(read_reviews(self.store))
        shows = Asked(self.store.blobs, self.data_root)
        return render_page(parts, LIMITS, shows, serving(held, token))

    def partitions(self) -> list[ScenePartition]:
        """Partitions that were drawn, of the round that is shown."""
        keys = self.store.manifests.partitions("synthetic_scenes")
        split = (key.rpartition("|") for key in keys)
        found = [ScenePartition(city=city, round=name) for city, _, name in split]
        return [one for one in found if self.round_key in (None, one.round)]

    def picture(
        self, partition: ScenePartition, key: tuple[str, int, int], way: str, edition: str
    ) -> bytes:
        """WebP of an attempt (frame, variant, attempt) in one of the `TILES`.

        ``edition`` is that of `edition_of`: a page never gets a picture that it does not mean.

        Raises:
            LookupError: if there is no such attempt, way or picture; told in words.
        """
        if way not in TILES or partition not in self.partitions():
            raise LookupError("need a picture of this gallery, got another address")
        rows = self._rows.get(partition) or self._read(partition)
        item = next((one for one in rows.attempts if _key(one) == key), None)
        if item is None or edition_of(item, way) != edition:
            raise LookupError("need a picture that is current; reload the page")
        width = LIMITS.thumbnail_width_px if way == "thumbnail" else LIMITS.picture_width_px
        tile = TILES[way](Pictures(self.store.blobs, self.data_root, width), item)
        if isinstance(tile, str):
            raise LookupError(tile)
        return picture_bytes(np.asarray(tile), is_coded=way in CODED)

    def decide(self, asked: Mapping[str, Any]) -> dict[str, str]:
        """Commit a decision, and what to show of it.

        Raises:
            ValueError: if a field is missing, of another type or wrong.
            LookupError: if there is no such labelled scene in a current version.
            OutdatedPictureError: if its picture or label is another one by now.
        """
        texts, variant = [asked.get(name) for name in _TEXTS], asked.get("variant")
        is_text = all(isinstance(text, str) for text in texts)
        if not is_text or type(variant) is not int or len(asked) != len(_TEXTS) + 1:
            raise ValueError(f"need the texts {', '.join(_TEXTS)} and the number variant")
        round_key, city, frame_id, image, label, decision, reason = map(str, texts)
        name = SampleName(asset=LABELLED, round=round_key, frame_id=frame_id, variant=variant)
        one = Decision(
            name=name, image_sha256=image, label_sha256=label, decision=decision, reason=reason
        )
        row = self._current(ScenePartition(round=round_key, city=city), name)
        if (row.image_sha256, row.label_sha256) != (image, label):
            raise OutdatedPictureError(f"{name} was generated again since; reload the page")
        (held,) = record_reviews([one], self.store, reviewer=self.reviewer)
        trouble = self.report()
        note = f" (Dagster was not told: {trouble})" if trouble else ""
        return {"decision": decision, "said": said(held) + note}

    def _current(self, partition: ScenePartition, name: SampleName) -> LabelledScene:
        """The row that a labelled scene has in the latest version."""
        known = partition in self.partitions()
        version = self.store.manifests.latest(LABELLED, partition.key) if known else None
        rows = (
            []
            if version is None
            else to_records(self.store.manifests.rows(version, TABLE), LabelledScene)
        )
        wanted = (name.frame_id, name.variant)
        found = [row for row in rows if (row.frame_id, row.variant) == wanted]
        if not found:
            raise LookupError(f"{name}: need a labelled scene that is current, got none; reload")
        return found[0]

    def _read(self, partition: ScenePartition) -> PartitionRows:
        rows = self._rows[partition] = read_partition(self.store, partition)
        return rows


def _key(item: DrawnAttempt) -> tuple[str, int, int]:
    return item.attempt.frame_id, item.attempt.variant, item.attempt.attempt
