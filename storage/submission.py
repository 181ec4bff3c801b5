"""A submission to SegmentMeIfYouCan: score maps as its suite keeps them, and what they are of.

``submission.json`` says which; a folder that holds another one is never added to, and a folder that
was left in the middle is gone on with.

Reference: the layout of the suite, as `storage.smiyc_scores` tells; a track is submitted as its set
of all images, of which the suite takes the others.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from jaxtyping import Float32
from upath import UPath

from storage.atomic import write_atomically
from storage.datasets.dataset import BadFileError
from storage.score_files import read_score
from storage.score_folders import match_scores
from storage.smiyc_scores import SUFFIX, rounded_score, write_smiyc_score

FACTS = "submission.json"
SCORES = "anomaly_p"
_METHOD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.+-]{0,63}")


@dataclass(frozen=True, kw_only=True)
class Track:
    """How the suite names the images of a track, and how many hidden ones there are."""

    suite_name: str
    n_hidden: int


TRACKS: Mapping[str, Track] = MappingProxyType(
    {
        "road_anomaly_21": Track(suite_name="AnomalyTrack-all", n_hidden=100),
        "road_obstacle_21": Track(suite_name="ObstacleTrack-all", n_hidden=327),
    }
)
"""The tracks by the names of their data sets; the hidden images are those of the leaderboard."""


def track_of(benchmark: str) -> Track:
    """The track of a data set.

    Raises:
        ValueError: if it is none of the suite's.
    """
    if benchmark not in TRACKS:
        raise ValueError(f"need a benchmark of {', '.join(TRACKS)}, got {benchmark!r}")
    return TRACKS[benchmark]


@dataclass(frozen=True, kw_only=True)
class SubmissionFolder:
    """Where the maps of one method on one track lie."""

    folder: Path
    benchmark: str
    method: str

    def __post_init__(self) -> None:
        """Refuse a name that is no name of a folder everywhere."""
        if not _METHOD.fullmatch(self.method):
            raise ValueError(
                "need a method's name of at most 64 letters, digits and _ . + -, "
                f"got {self.method!r}"
            )

    @property
    def scores(self) -> Path:
        """Folder of the maps."""
        return self.folder / SCORES / self.method / track_of(self.benchmark).suite_name

    def score_path(self, frame_id: str) -> Path:
        """Where the map of an image lies."""
        return self.scores / f"{frame_id}{SUFFIX}"

    def begin(self, facts: Mapping[str, Any]) -> None:
        """State what the submission is, or see that the folder holds this very one.

        Raises:
            ValueError: if it holds another one, or files of another kind.
        """
        path = self.folder / FACTS
        if not path.exists():
            if self.folder.exists() and (not self.folder.is_dir() or any(self.folder.iterdir())):
                raise ValueError(
                    f"{self.folder}: need a new or empty folder, or one with a {FACTS}, found "
                    "other files; choose another one, so that nothing of yours is mixed with maps"
                )
            text = json.dumps(dict(facts), indent=2, sort_keys=True) + "\n"
            write_atomically(UPath(path), text.encode())
        if (found := _facts(path)) != facts:
            told = "; ".join(
                f"{name} is {found.get(name)!r}, wanted {facts.get(name)!r}"
                for name in sorted({*found, *facts})
                if found.get(name) != facts.get(name)
            )
            raise ValueError(f"{path}: holds another submission ({told}); choose another folder")

    def holds(self, frame_id: str, size: tuple[int, int]) -> bool:
        """Whether the map of an image is there, whole and of its size."""
        try:
            read_score(self.score_path(frame_id), size=size)
        except BadFileError:
            return False
        return True

    def write(self, frame_id: str, score: Float32[np.ndarray, "height width"]) -> None:
        """Write the map of an image, and read it again to see that it holds the same.

        Raises:
            ValueError: if the form cannot hold the score.
            BadFileError: if another one comes back.
            OSError: if it cannot be written.
        """
        path = self.score_path(frame_id)
        try:
            write_smiyc_score(path, score)
        except ValueError as error:
            raise ValueError(f"{path} was not written: {error}") from error
        found = read_score(path, size=(score.shape[0], score.shape[1]))
        if not np.array_equal(found, rounded_score(score).astype(np.float32)):
            path.unlink(missing_ok=True)
            fact = "other scores came back than were written; the file was removed"
            raise BadFileError(path, fact, "check the disk, and run again")

    def refuse_gaps(self, frame_ids: Sequence[str]) -> None:
        """See that every image has its map, and that there is no other.

        Raises:
            ValueError: naming what is missing, and what is too much.
        """
        match_scores(self.scores, frame_ids)


def _facts(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError, RecursionError) as error:
        raise ValueError(
            f"{path}: need the facts of a submission as JSON, got something else ({error}); "
            "remove the folder, or choose another one"
        ) from error
