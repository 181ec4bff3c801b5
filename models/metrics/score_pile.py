"""The scores of one class of pixels, however many, in bounded memory."""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from models.metrics.sorted_scores import HeldScores, SortedScores, SpilledScores, SpillFile

Scores = Float32[np.ndarray, " _"]


class ScorePile:
    """Scores that were added, in any order: the last ones in memory, others sorted in a file.

    Memory is that of `n_held` scores and an index of 4 bytes for each 32768 others; a file takes
    4 bytes a score. Few scores take little: pages that were never written are never there.
    """

    def __init__(self, *, n_held: int, folder: Path | None) -> None:
        self._held = np.empty(n_held, np.float32)
        self._n_held = 0
        self._folder = folder
        self._file: SpillFile | None = None
        self._spilled: list[SpilledScores] = []

    def __len__(self) -> int:
        return self._n_held + sum(len(scores) for scores in self._spilled)

    def add(self, scores: Scores) -> None:
        """Take scores; whenever memory is full, what it holds is sorted and written away."""
        while len(scores):
            if self._n_held == len(self._held):
                self._spill()
            taken = scores[: len(self._held) - self._n_held]
            self._held[self._n_held : self._n_held + len(taken)] = taken
            self._n_held += len(taken)
            scores = scores[len(taken) :]

    def merge(self, other: "ScorePile") -> None:
        """Take the scores of another pile, whose files are then read by both."""
        self.add(other._held[: other._n_held])
        self._spilled.extend(other._spilled)

    def sorted_parts(self) -> list[SortedScores]:
        """All scores, in sorted parts that are valid until more are added."""
        held = self._held[: self._n_held]
        held.sort()
        return [*self._spilled, *([HeldScores(held)] if len(held) else [])]

    def _spill(self) -> None:
        self._held.sort()
        self._file = self._file or SpillFile(self._folder)
        self._spilled.append(SpilledScores(self._file, self._held))
        self._n_held = 0

    def __getstate__(self) -> dict[str, object]:
        """What another process needs: scores that are held, and which files hold others."""
        state = {**self.__dict__, "_file": None}  # it starts its own file, and only reads ours
        return {**state, "_held": self._held[: self._n_held].copy(), "_room": len(self._held)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        room, held = state.pop("_room"), state.pop("_held")
        self.__dict__.update(state)
        self._held = np.empty(room, np.float32)
        self._held[: self._n_held] = held
