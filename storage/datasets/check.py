"""What lies below a data root, what is missing and what is broken: the logic of `check-data`.

Every image and label is decoded, so that a truncated download is found before a training fails on
it. A bad file becomes a finding and never ends the check; nothing is written.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from storage.datasets.check_files import check_files, to_finding
from storage.datasets.dataset import BadFileError, Dataset
from storage.datasets.layout import subfolders
from storage.datasets.registry import DATASETS, find_folders, is_complete
from storage.records import Finding, Frame

Progress = Callable[[int, int], None]
"""Called with (frames done, frames in all)."""


@dataclass(frozen=True, kw_only=True)
class CheckRow:
    """One line of the table: a split of a data set in one folder.

    ``n_pairs`` counts frames with image and label, ``n_hidden`` images whose labels are withheld,
    ``n_gaps`` the findings of this row.
    """

    dataset: str
    title: str
    folder: str
    split: str
    n_pairs: int
    n_hidden: int
    n_gaps: int
    is_documented_only: bool


@dataclass(frozen=True, kw_only=True)
class CheckReport:
    """What `check_root` found; rows by data set, findings by data set and path."""

    root: str
    rows: tuple[CheckRow, ...]
    findings: tuple[Finding, ...]
    unrecognized: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """0 where nothing was found wrong, else 1."""
        return 1 if self.findings else 0

    def to_json(self) -> dict[str, Any]:
        """The same as plain lists and mappings, ready for a JSON file."""
        return asdict(self)


@dataclass(frozen=True)
class _Listing:
    """One folder of a data set, as its reader lists it."""

    dataset: Dataset
    folder: Path
    frames: tuple[Frame, ...]
    findings: tuple[Finding, ...]


def check_root(root: Path, *, progress: Progress | None = None, workers: int = 2) -> CheckReport:
    """Find the data sets below a root and name every gap and broken file of theirs.

    The report does not depend on ``workers``, the threads that decode.

    Raises:
        NotADirectoryError: if ``root`` is no folder.
    """
    if not root.is_dir():
        raise NotADirectoryError(f"need a folder that holds data sets, got {root}")
    listings = [_list_folder(root, *found) for found in find_folders(root)]
    jobs = [(one, frame) for one in listings for frame in one.frames]
    broken: dict[Path, list[Finding]] = {one.folder: [*one.findings] for one in listings}
    with ThreadPoolExecutor(max(1, workers)) as pool:
        checks = pool.map(lambda job: check_files(root, job[0].dataset, job[1]), jobs)
        for done, ((listing, _), findings) in enumerate(zip(jobs, checks, strict=True), start=1):
            broken[listing.folder] += findings
            if progress is not None:
                progress(done, len(jobs))
    return _report(root, listings, broken)


def _report(root: Path, listings: list[_Listing], broken: dict[Path, list[Finding]]) -> CheckReport:
    order = {dataset.name: place for place, dataset in enumerate(DATASETS)}
    is_one = any(one.folder == root for one in listings)  # its own folders are no strangers
    findings = {finding for found in broken.values() for finding in found}
    return CheckReport(
        root=str(root),
        rows=tuple(row for one in listings for row in _rows(root, one, broken[one.folder])),
        findings=tuple(sorted(findings, key=lambda f: (order[f.dataset], f.path, f.fact))),
        unrecognized=() if is_one else tuple(_unrecognized(root, root, listings)),
    )


def _list_folder(root: Path, dataset: Dataset, folder: Path) -> _Listing:
    try:
        frames = tuple(dataset.frames(root, folder))
        return _Listing(dataset, folder, frames, tuple(dataset.findings(root, folder)))
    except (OSError, BadFileError) as error:
        return _Listing(dataset, folder, (), (_unreadable(root, dataset, folder, error),))


def _unreadable(
    root: Path, dataset: Dataset, folder: Path, error: OSError | BadFileError
) -> Finding:
    if isinstance(error, BadFileError):
        return to_finding(root, dataset, error)
    return Finding(
        dataset=dataset.name,
        split="",
        path=os.path.relpath(error.filename or folder, root),
        fact=f"cannot be listed ({error.strerror})",
        cure="make the folder readable",
    )


def _rows(root: Path, listing: _Listing, findings: list[Finding]) -> Iterator[CheckRow]:
    gaps = Counter(finding.split for finding in findings)
    for split in sorted({*gaps, *(frame.split for frame in listing.frames)}, key=_split_order):
        frames = [frame for frame in listing.frames if frame.split == split]
        yield CheckRow(
            dataset=listing.dataset.name,
            title=listing.dataset.title,
            folder=listing.folder.relative_to(root).as_posix(),
            split=split,
            n_pairs=sum(is_complete(root, frame) for frame in frames),
            n_hidden=sum(not frame.is_scored for frame in frames),
            n_gaps=gaps[split],
            is_documented_only=listing.dataset.is_documented_only,
        )


def _split_order(split: str) -> tuple[int, str]:
    known = ("train", "val", "test")
    return (known.index(split) if split in known else len(known), split)


def _unrecognized(root: Path, place: Path, found: list[_Listing]) -> Iterator[str]:
    """Folders that hold no data set and lie in none, the topmost of each branch."""
    for folder in subfolders(place):
        if any(one.folder == folder for one in found) or _is_auxiliary(folder, found):
            continue
        if any(one.folder.is_relative_to(folder) for one in found):
            yield from _unrecognized(root, folder, found)
        else:
            yield folder.relative_to(root).as_posix()


def _is_auxiliary(folder: Path, found: list[_Listing]) -> bool:
    return any(
        one.folder.parent == folder.parent and folder.name in one.dataset.auxiliary for one in found
    )
