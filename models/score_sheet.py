"""OOD scores for people: a line for each image, beside its label."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from models.label_colors import label_colors
from models.scene_sheet import fit

_PAPER = (250, 249, 246)
_GAP_PX = 4
_PERCENTILES = (1, 99)


@dataclass(frozen=True, kw_only=True, eq=False)
class ScoredImage:
    """An image, its label and the OOD score of each pixel."""

    image: UInt8[np.ndarray, "height width 3"]
    label: UInt8[np.ndarray, "height width"]
    ood_score: Float32[np.ndarray, "height width"]


def score_sheet(
    rows: Sequence[ScoredImage], *, tile_width_px: int = 320
) -> UInt8[np.ndarray, "sheet_height sheet_width 3"]:
    """Image, label and score side by side, a line for each; a score is the brighter the higher.

    Dark and bright are the lowest and highest percent of all pixels of the sheet, so that two
    sheets can be compared by where a score is high, not by how high it is.

    Raises:
        ValueError: if there is no row.
    """
    if not rows:
        raise ValueError("need one image or more, got none")
    low, high = np.percentile(np.concatenate([row.ood_score.ravel() for row in rows]), _PERCENTILES)
    return np.concatenate([_line(row, (float(low), float(high)), tile_width_px) for row in rows])


def _line(
    row: ScoredImage, span: tuple[float, float], width_px: int
) -> UInt8[np.ndarray, "line_height sheet_width 3"]:
    height, width = row.label.shape
    height_px = max(1, round(width_px * height / width))
    low, high = span
    shade = np.clip((row.ood_score - low) / max(high - low, 1e-12), 0, 1)
    heat = cv2.applyColorMap((255 * shade).astype(np.uint8), cv2.COLORMAP_INFERNO)[..., ::-1]
    line = np.full((height_px + _GAP_PX, 3 * (width_px + _GAP_PX), 3), _PAPER, np.uint8)
    tiles = ((row.image, False), (label_colors(row.label), True), (heat, False))
    for column, (picture, is_coded) in enumerate(tiles):
        fitted = fit(
            np.ascontiguousarray(picture), width_px=width_px, height_px=height_px, is_coded=is_coded
        )
        left = column * (width_px + _GAP_PX)
        line[: fitted.shape[0], left : left + fitted.shape[1]] = fitted
    return line
