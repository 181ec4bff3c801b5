"""The camera: a level pinhole above the road, and the gentle bend of the street it looks along."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Float64

from models.miniature.world import HEIGHT, WIDTH

SUPERSAMPLING = 2
CANVAS_HEIGHT, CANVAS_WIDTH = HEIGHT * SUPERSAMPLING, WIDTH * SUPERSAMPLING
NEAR_M = 0.3


@dataclass(frozen=True)
class Camera:
    """Where the camera stands and looks; pixels are those of the finished image.

    The street bends sideways by `bend` x z^2 meters at depth z.
    """

    x: float
    height: float
    focal_px: float
    center_x: float
    horizon_y: float
    bend: float = 0.0

    def to_camera(self, points: Float64[np.ndarray, "points 3"]) -> Float64[np.ndarray, "points 3"]:
        """World points relative to the camera, on the bent street; depth is kept positive."""
        z = np.maximum(points[:, 2], NEAR_M)
        x = points[:, 0] - self.x + self.bend * z * z
        return np.stack([x, points[:, 1] - self.height, z], axis=1)

    def project(self, seen: Float64[np.ndarray, "points 3"]) -> Float64[np.ndarray, "points 2"]:
        """Pixel coordinates (x, y) of points relative to the camera; (0, 0) is a corner."""
        scale = self.focal_px / seen[:, 2]
        x = self.center_x + seen[:, 0] * scale
        return np.stack([x, self.horizon_y - seen[:, 1] * scale], axis=1)

    def rays(self) -> tuple[Float32[np.ndarray, " columns"], Float32[np.ndarray, " rows"]]:
        """Sideways and upward slope of the ray through each column and row of the canvas."""
        columns = (np.arange(CANVAS_WIDTH) + 0.5) / SUPERSAMPLING
        rows = (np.arange(CANVAS_HEIGHT) + 0.5) / SUPERSAMPLING
        right = ((columns - self.center_x) / self.focal_px).astype(np.float32)
        up = ((self.horizon_y - rows) / self.focal_px).astype(np.float32)
        return right, up
