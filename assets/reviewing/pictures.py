"""The picture that a sample has now: what a decision is about."""

from assets.reviewing.reviews import Decision
from assets.tracing.editions import editions_of
from assets.tracing.reading import Reader
from assets.tracing.search import PictureOf, find_start
from storage.scene_records import LabelledScene


def decide_on(text: str, reader: Reader, *, decision: str, reason: str) -> Decision:
    """A decision on the sample that a text names, for the picture that it has now.

    A text that is a picture, or its SHA-256, means that very picture.

    Raises:
        LookupError: if the text names no sample, or more than one.
        ValueError: if the sample is in no current version, so that there is nothing to decide on.
    """
    start = find_start(text, reader)
    if not isinstance(start, PictureOf):
        raise LookupError(f"{text}: need a sample, got a checkpoint; name a sample or its picture")
    image = start.image_sha256 or _current(start, reader)
    return Decision(name=start.name, image_sha256=image, decision=decision, reason=reason)


def _current(start: PictureOf, reader: Reader) -> str:
    for edition in editions_of(start.name, reader):
        version = edition.version
        newest = reader.kept(version.asset, version.partition)[0]
        if isinstance(edition.row, LabelledScene) and version.version == newest.version:
            return edition.row.image_sha256
    raise ValueError(
        f"{start.name}: need a sample of a current version, got one that only earlier versions or "
        "training sets have; name the picture itself by its SHA-256, or materialize its round again"
    )
