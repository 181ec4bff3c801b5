"""Which score map of a folder belongs to which image of a benchmark."""

from collections.abc import Collection, Iterable
from pathlib import Path

from storage.score_files import SCORE_SUFFIXES

_MAX_NAMED = 5


def match_scores(
    folder: Path, wanted: Collection[str], *, known: Collection[str] = ()
) -> dict[str, Path]:
    """The score map of each wanted image, by its id, in the order of the ids.

    The map of the image ``fog/1`` is ``<folder>/fog/1.npy``, or of another ending that `read_score`
    takes. Hidden files are passed over, and so are files of other kinds.

    Args:
        folder: that holds the maps.
        wanted: ids of the images that are to be scored.
        known: ids of images that may have a map and need none, such as those of hidden labels.

    Raises:
        FileNotFoundError: if there is no such folder.
        ValueError: naming images without a map, and maps without an image; maps of one image in
            several kinds, too.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: need a folder of score maps, found none")
    found = _maps_below(folder)
    missing = sorted(set(wanted) - set(found))
    extra = sorted(set(found) - set(wanted) - set(known))
    if missing or extra:
        facts = [
            f"{len(names)} {what} ({_some(names)})"
            for names, what in (
                (missing, f"of {len(set(wanted))} images without a map"),
                (extra, "maps without an image"),
            )
            if names
        ]
        raise ValueError(
            f"{folder}: need one score map for each image of the benchmark, named by its id, found "
            f"{' and '.join(facts)}; write what is missing, and take away what belongs elsewhere"
        )
    return {name: found[name] for name in sorted(set(wanted))}


def _maps_below(folder: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in sorted(folder.rglob("*")):
        inner = path.relative_to(folder)
        is_hidden = any(part.startswith(".") for part in inner.parts)
        if path.suffix not in SCORE_SUFFIXES or is_hidden or not path.is_file():
            continue
        name = inner.as_posix().removesuffix(path.suffix)
        if name in found:
            raise ValueError(
                f"{folder}: need one score map an image, found {found[name].name} and {path.name}; "
                "remove the one that is not meant"
            )
        found[name] = path
    return found


def _some(names: Iterable[str]) -> str:
    listed = list(names)
    rest = len(listed) - _MAX_NAMED
    return ", ".join(listed[:_MAX_NAMED]) + (f", and {rest} more" if rest > 0 else "")
