"""Part of a frame, and fields over the whole frame of which only that part is computed."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64, UInt8

Picture = UInt8[np.ndarray, "_ _ 3"]


@dataclass(frozen=True)
class Part:
    """Rows and columns of a frame that are seen; slices of steps of 1 or more.

    Attributes:
        frame: (height, width) of the whole.
        rows: that are seen.
        columns: that are seen.
    """

    frame: tuple[int, int]
    rows: slice
    columns: slice

    @property
    def heights(self) -> Float64[np.ndarray, " height"]:
        """Middle of each row, from 0 at the top to 1 at the bottom of the frame."""
        return (np.arange(self.frame[0])[self.rows] + 0.5) / self.frame[0]

    def of(self, whole: UInt8[np.ndarray, "height width"]) -> UInt8[np.ndarray, "h w"]:
        """The part of a field that was drawn for the whole frame."""
        return whole[self.rows, self.columns]

    def spread(self, coarse: Float32[np.ndarray, "rows columns"]) -> Float32[np.ndarray, "h w"]:
        """A coarse grid over the whole frame, bilinear between the middles of its cells."""
        above, below, down = self._between(coarse.shape[0], self.frame[0], self.rows)
        left, right, across = self._between(coarse.shape[1], self.frame[1], self.columns)
        band = coarse[above] * (1 - down[:, None]) + coarse[below] * down[:, None]
        spread: np.ndarray = band[:, left] * (1 - across) + band[:, right] * across
        return spread

    def _between(
        self, n_cells: int, side: int, seen: slice
    ) -> tuple[np.ndarray, np.ndarray, Float32[np.ndarray, " pixels"]]:
        """The cells before and after each pixel, and how far it is from the first."""
        at = np.clip((np.arange(side)[seen] + 0.5) * n_cells / side - 0.5, 0, n_cells - 1)
        first = at.astype(np.intp)
        return first, np.minimum(first + 1, n_cells - 1), (at - first).astype(np.float32)


def toward(
    picture: Float32[np.ndarray, "height width 3"],
    color: Float32[np.ndarray, "..."],
    share: Float32[np.ndarray, "height width"],
) -> Float32[np.ndarray, "height width 3"]:
    """The picture moved by a share of the way toward a color, or toward a picture."""
    # NumPy is several times slower where the last axis of an operation has three values.
    rows = picture.reshape(len(picture), -1)
    goal = np.tile(color, picture.shape[1]) if color.ndim == 1 else color.reshape(rows.shape)
    moved: np.ndarray = (goal - rows) * thrice(share)
    moved += rows
    return moved.reshape(picture.shape)


def thrice(field: Float32[np.ndarray, "height width"]) -> Float32[np.ndarray, "height values"]:
    """Each value three times in a row, as many as a row of a picture has."""
    return np.repeat(field, 3, axis=1)


def as_bytes(picture: Float32[np.ndarray, "height width 3"]) -> Picture:
    """Values of 0 to 255, rounded."""
    rounded = np.rint(picture)
    values: np.ndarray = np.clip(rounded, 0, 255, out=rounded).astype(np.uint8)
    return values
