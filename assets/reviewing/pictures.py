"""The picture and the label that a sample has now: what a decision is about."""

from collections.abc import Sequence

from assets.reviewing.reviews import Decision
from assets.tracing.editions import Edition, editions_of
from assets.tracing.reading import Reader
from assets.tracing.search import PictureOf, find_start
from storage.scene_records import LabelledScene


def decide_on(text: str, reader: Reader, *, decision: str, reason: str) -> Decision:
    """A decision on the sample that a text names, for the picture and the label that it has now.

    A text that is a picture, or its SHA-256, means that very picture with its newest label.

    Raises:
        LookupError: if the text names no sample, or more than one.
        ValueError: if the sample is in no current version, so that there is nothing to decide on.
    """
    start = find_start(text, reader)
    if not isinstance(start, PictureOf):
        raise LookupError(f"{text}: need a sample, got a checkpoint; name a sample or its picture")
    editions = editions_of(start.name, reader)
    seen = [one.row for one in editions if one.row.image_sha256 == start.image_sha256]
    row = seen[0] if seen else _current(start, editions, reader)
    return Decision(
        name=start.name,
        image_sha256=row.image_sha256,
        label_sha256=row.label_sha256,
        decision=decision,
        reason=reason,
    )


def _current(start: PictureOf, editions: Sequence[Edition], reader: Reader) -> LabelledScene:
    for edition in editions:
        version = edition.version
        newest = reader.kept(version.asset, version.partition)[0]
        if isinstance(edition.row, LabelledScene) and version.version == newest.version:
            return edition.row
    raise ValueError(
        f"{start.name}: need a sample of a current version, got one that only earlier versions or "
        "training sets have; name the picture itself by its SHA-256, or materialize its round again"
    )
