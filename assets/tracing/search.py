"""Which checkpoint or sample somebody means: a file, a SHA-256 or its beginning, or a name."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TypeAlias

from assets.importing.scenes import ASSET as IMPORTED
from assets.labelling.labels import ASSET as LABELLED
from assets.labelling.labels import TABLE as SCENES
from assets.selecting.samples import ASSET as TRAINING_SET
from assets.selecting.samples import TABLE as PAIRS
from assets.tracing.checkpoints import StoredCheckpoint, stored_checkpoints
from assets.tracing.names import SampleName, is_digest, is_whole_digest, name_of_sample
from assets.tracing.reading import Reader, names_in
from storage.images import file_sha256
from storage.manifests.pointers import ManifestVersion

SHOWN_DIGITS = 12
MAX_NEAREST = 5
MAX_COMPARED = 5000
_CUTOFF = 0.5
_KEYS = ("round", "frame_id", "variant", "image_sha256", "label_sha256")


@dataclass(frozen=True, kw_only=True)
class PictureOf:
    """A sample by one of its pictures; ``image_sha256`` is None where only its name was given."""

    name: SampleName
    image_sha256: str | None = None


Start: TypeAlias = Path | StoredCheckpoint | PictureOf
"""A file of weights, a checkpoint of the store, or a sample."""


def find_start(text: str, reader: Reader | None) -> Start:
    """What a text means; ``reader`` is None where there is no store.

    Raises:
        LookupError: if it means nothing, with the nearest names, or more than one thing.
        ValueError: if there is no store to look in.
    """
    path = Path(text)
    is_file = path.is_file()
    if is_file and path.suffix == ".safetensors":
        return path
    if reader is None:
        raise ValueError(
            f"{text}: need a safetensors file where there is no store, got "
            f"{'another file' if is_file else 'no file'}; set MULTISHIFT_STORE_ROOT to a store"
        )
    if is_file:
        return _by_digest(file_sha256(path), reader, asked=text)
    if is_digest(text) or is_whole_digest(path.stem):  # a blob that is gone is known by its name
        return _by_digest(text if is_digest(text) else path.stem, reader, asked=text)
    return _by_name(text, reader)


def known_samples(reader: Reader) -> Iterator[tuple[SampleName, str, str]]:
    """Name, picture and label of every row of a sample that a kept version has."""
    for asset in (LABELLED, IMPORTED):
        for version in reader.all_kept(asset):
            yield from (_named(asset, *k) for k in _names(version, SCENES, _KEYS, reader))
    for version in reader.all_kept(TRAINING_SET):
        yield from (_named(*keys) for keys in _names(version, PAIRS, ("asset", *_KEYS), reader))


def _by_digest(digest: str, reader: Reader, *, asked: str) -> Start:
    """A checkpoint, or the one sample that has such a picture or label."""
    checkpoints = list(stored_checkpoints(reader))
    found = {one.row.checkpoint_sha256: one for one in checkpoints}
    meant = [one for name, one in found.items() if name.startswith(digest)]
    pictures = {
        PictureOf(name=name, image_sha256=image)
        for name, image, label in known_samples(reader)
        if image.startswith(digest) or label.startswith(digest)
    }
    starts: list[Start] = [*meant, *pictures]
    if len(starts) == 1:
        return starts[0]
    if starts:
        several = [one.row.checkpoint_sha256 for one in meant]
        several += [f"{one.name} ({one.image_sha256})" for one in pictures]
        raise LookupError(
            f"{asked}: need what one checkpoint or sample has, got {len(starts)} that fit: "
            f"{_listed(sorted(several))}; write more digits, or the name of the sample"
        )
    known = {name[: max(len(digest), SHOWN_DIGITS)]: name for name in found}
    what = f"a SHA-256 of one of {len(found)} checkpoints or of a sample's picture"
    raise _unknown(asked, known, what, reader)


def _by_name(text: str, reader: Reader) -> PictureOf:
    """A sample by its whole name, or by any end of it that only one has, such as its frame."""
    whole = name_of_sample(text)
    names = sorted({name for name, _, _ in known_samples(reader)}, key=str)
    if whole in names:
        return PictureOf(name=whole)
    fits = [name for name in names if text == name.frame_id or str(name).endswith(f"/{text}")]
    if len(fits) == 1:
        return PictureOf(name=fits[0])
    if fits:
        raise LookupError(
            f"{text}: need the name of one sample, got {len(fits)} that fit: "
            f"{_listed(list(map(str, fits)))}; write one of them"
        )
    n_parts = len(text.split("/"))
    known = {_tail(name, n_parts): str(name) for name in reversed(names)}
    raise _unknown(text, known, f"one of {len(names)} samples", reader)


def _unknown(text: str, known: Mapping[str, str], what: str, reader: Reader) -> LookupError:
    """The error for a text; ``known`` maps what it is compared with to the names to show."""
    nearest = get_close_matches(text, _likely(text, known), n=MAX_NEAREST, cutoff=_CUTOFF)
    shown = ", ".join(known[one] for one in nearest)
    hint = f"the nearest: {shown}" if nearest else "nothing that is there is like it"
    return LookupError(
        f"{text}: need a file of weights, or {what} in {reader.store.root}, got none of them; "
        f"{hint}; what vacuum removed is not known any more"
    )


def _likely(text: str, known: Iterable[str]) -> list[str]:
    """What shares a part with the text if anything does: to compare all would take too long."""
    parts = set(text.split("/"))
    every = list(known)
    return [one for one in every if parts & set(one.split("/"))] or every[:MAX_COMPARED]


def _tail(name: SampleName, n_parts: int) -> str:
    """The frame of a sample, or as many parts of its name as somebody wrote."""
    return name.frame_id if n_parts == 1 else "/".join(str(name).split("/")[-n_parts:])


def _names(
    version: ManifestVersion, table: str, columns: tuple[str, ...], reader: Reader
) -> Iterable[tuple[str, ...]]:
    rows = reader.table(version, table)
    return [] if rows is None else names_in(rows, columns)


def _named(asset: str, *keys: str) -> tuple[SampleName, str, str]:
    """Name, picture and label from the values of `_KEYS`."""
    round_key, frame_id, variant, image, label = keys
    name = SampleName(asset=asset, round=round_key, frame_id=frame_id, variant=int(variant))
    return name, image, label


def _listed(names: Sequence[str]) -> str:
    more = f", and {len(names) - MAX_NEAREST} more" if len(names) > MAX_NEAREST else ""
    return ", ".join(names[:MAX_NEAREST]) + more
