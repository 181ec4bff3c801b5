"""Scores in ascending order, in memory or in a file, that answer where a value would stand.

The one room of `models` that writes: sorted scores go to the folder that a metric was given.
"""

import errno
import os
import tempfile
from pathlib import Path
from typing import IO, Literal
from uuid import uuid4
from weakref import finalize

import numpy as np
from jaxtyping import Float32

BLOCK = 1 << 15
"""Scores from one entry of an index to the next, and those read to look one value up."""

_BYTES = 4

Scores = Float32[np.ndarray, " _"]


class HeldScores:
    """Sorted scores in memory; every `BLOCK`-th is in `index`, the first included."""

    def __init__(self, scores: Scores) -> None:
        self._scores = scores
        self.index = scores[::BLOCK]

    def __len__(self) -> int:
        return len(self._scores)

    def span(self, value: float) -> tuple[int, int]:
        """How many lie below a value, and how many at most at it."""
        wanted = np.float32(value)
        left = np.searchsorted(self._scores, wanted, side="left")
        return int(left), int(np.searchsorted(self._scores, wanted, side="right"))

    def read(self, start: int, stop: int) -> Scores:
        """A view of a range of places."""
        return self._scores[start:stop]


class SpillFile:
    """A file that sorted scores are appended to.

    Without a folder it has no name and is gone with the last reader, whatever happens; in a folder
    it has one, so that other processes can read it, and the folder's owner removes it.
    """

    def __init__(self, folder: Path | None) -> None:
        self.path = folder / f"scores-{uuid4().hex}.f32" if folder else None
        try:
            self._stream: IO[bytes] | None = _created(self.path)
        except OSError as error:
            raise self._explained(error) from error
        finalize(self, self._stream.close)

    def append(self, scores: Scores) -> int:
        """Write scores at the end; the offset in bytes where they start.

        Raises:
            OSError: if there is no room; nothing of them stays.
        """
        stream = self._opened()
        offset = stream.seek(0, os.SEEK_END)
        try:
            scores.tofile(stream)  # straight from the array: no copy of its size
        except OSError as error:
            stream.truncate(offset)
            raise self._explained(error) from error
        return offset

    def read(self, offset: int, n_scores: int) -> Scores:
        """Scores that start at an offset in bytes.

        Raises:
            OSError: if the file holds fewer by now.
        """
        stream = self._opened()
        stream.seek(offset)
        scores = np.fromfile(stream, np.float32, n_scores)
        if len(scores) != n_scores:
            raise OSError(
                f"{self.path or 'temporary file'}: need {n_scores} scores at byte {offset}, got "
                f"{len(scores)}; the file was cut short, so count the scores again"
            )
        return scores

    def __getstate__(self) -> dict[str, object]:
        if self.path is None:
            raise ValueError(
                "scores in a file without a name cannot go to another process: give PixelMetrics a "
                "folder that both see"
            )
        return {"path": self.path, "_stream": None}

    def _opened(self) -> IO[bytes]:
        if self._stream is None:
            if self.path is None or not self.path.is_file():
                raise FileNotFoundError(
                    f"{self.path}: need the scores that another process wrote there, got no file; "
                    "keep the folder until they are computed, and see that both have it"
                )
            self._stream = self.path.open("rb", buffering=0)
            finalize(self, self._stream.close)
        return self._stream

    def _explained(self, error: OSError) -> OSError:
        place = str(self.path.parent) if self.path else tempfile.gettempdir()
        if error.errno == errno.ENOENT:
            advice = "need a folder that is there; make it first"
        else:
            advice = f"{error.strerror or error}; free space, or give PixelMetrics another folder"
        return OSError(error.errno, f"no scores written: {advice}", place)


def _created(path: Path | None) -> IO[bytes]:
    if path is None:
        return tempfile.TemporaryFile(buffering=0)
    return path.open("x+b", buffering=0)


class SpilledScores:
    """Sorted scores in a stretch of a file; every `BLOCK`-th stays in memory, in `index`."""

    def __init__(self, file: SpillFile, scores: Scores) -> None:
        self._file, self._n = file, len(scores)
        self._offset = file.append(scores)
        self.index = scores[::BLOCK].copy()

    def __len__(self) -> int:
        return self._n

    def span(self, value: float) -> tuple[int, int]:
        """How many lie below a value, and how many at most at it; reads two blocks."""
        wanted = np.float32(value)
        return self._place(wanted, "left"), self._place(wanted, "right")

    def read(self, start: int, stop: int) -> Scores:
        """Those of a range of places, from the file."""
        return self._file.read(self._offset + _BYTES * start, stop - start)

    def _place(self, value: np.float32, side: Literal["left", "right"]) -> int:
        before = int(np.searchsorted(self.index, value, side=side))
        if before == 0:
            return 0
        start = (before - 1) * BLOCK
        block = self.read(start, min(start + BLOCK, self._n))
        return start + int(np.searchsorted(block, value, side=side))


SortedScores = HeldScores | SpilledScores
