"""Resize, rotation, flips and crop of both pictures of a pair and their labels together.

The order is the published one, and what comes out shows the same place as if each step were made
on the whole frame. But all draws are made first, so that only the part of the frame that the crop
will show is resized and turned. Outside the frame labels are void (255) and pictures have the
ImageNet mean color.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import UInt8
from torch import Tensor
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as F  # noqa: N812 - the usual name
from torchvision.tv_tensors import Image, Mask

from models.segmentation.network import IMAGENET_MEAN
from models.training_data.config import GeometryConfig
from models.training_data.windows import Window, before_rotation
from storage.label_space import VOID_ID

OUTSIDE_COLOR = tuple(round(255 * value) for value in IMAGENET_MEAN)
"""Color outside the frame; after normalization nearly 0."""


@dataclass(frozen=True)
class Geometry:
    """One draw: how a frame of size `frame` is changed.

    Attributes:
        frame: (height, width) as read.
        resized: (height, width) after the resize.
        angle: degrees counterclockwise about the middle; the size stays.
        is_mirrored: left and right are exchanged.
        is_upside_down: top and bottom are exchanged.
        crop: in the frame after all that; may reach beyond it.
    """

    frame: tuple[int, int]
    resized: tuple[int, int]
    angle: float
    is_mirrored: bool
    is_upside_down: bool
    crop: Window

    @property
    def inside(self) -> Window:
        """The part of what comes out that lies inside the frame; corners of a turn apart."""
        return self.crop.within(self.resized).seen_from(self.crop)

    @property
    def seen(self) -> Window:
        """The crop's part inside the frame, before the flips."""
        seen = self.crop.within(self.resized)
        return seen.mirrored(self.resized, left=self.is_mirrored, up=self.is_upside_down)

    @property
    def needed(self) -> Window:
        """What the crop needs of the resized frame, before the rotation."""
        return before_rotation(self.seen, self.resized, self.angle)

    @property
    def source(self) -> Window:
        """What the crop needs of the frame as read."""
        return self.needed.scaled(self.resized, self.frame)


def draw_geometry(
    frame: tuple[int, int], config: GeometryConfig, draws: np.random.Generator
) -> Geometry:
    """Geometry of a frame of that (height, width); every draw is made, used or not."""
    scale = config.scales[draws.integers(len(config.scales))]
    angle = (2 * draws.random() - 1) * config.max_angle
    is_resized, is_rotated, is_mirrored, is_upside_down = draws.random(4) < (
        config.resize_probability,
        config.rotate_probability,
        config.horizontal_flip_probability,
        config.vertical_flip_probability,
    )
    height, width = (max(1, int(side * scale)) if is_resized else side for side in frame)
    top, left = (
        int(draws.integers(min(0, side - crop), max(0, side - crop), endpoint=True))
        for side, crop in zip((height, width), config.crop, strict=True)
    )
    return Geometry(
        frame=frame,
        resized=(height, width),
        angle=angle if is_rotated else 0.0,
        is_mirrored=bool(is_mirrored),
        is_upside_down=bool(is_upside_down),
        crop=Window(top, left, top + config.crop[0], left + config.crop[1]),
    )


def warp(
    pictures: UInt8[np.ndarray, "2 h w 3"], labels: UInt8[np.ndarray, "2 h w"], geometry: Geometry
) -> tuple[UInt8[np.ndarray, "2 height width 3"], UInt8[np.ndarray, "2 height width"]]:
    """Pictures and labels in the geometry's crop, from its ``source`` part of the frame."""
    images = Image(torch.from_numpy(pictures).permute(0, 3, 1, 2))
    masks = Mask(torch.from_numpy(labels))
    # A Mask would be resized by torch's older nearest rule, which moves it by up to a pixel
    # against the picture; the exact rule keeps them together.
    exact = InterpolationMode.NEAREST_EXACT
    size = list(geometry.needed.size)
    resized = F.resize(images, size, antialias=True), Mask(F.resize_image(masks, size, exact))
    image, mask = (_turned(part, geometry) for part in resized)
    return image.permute(0, 2, 3, 1).contiguous().numpy(), mask.contiguous().numpy()


def _turned(part: Image | Mask, geometry: Geometry) -> Tensor:
    is_picture = isinstance(part, Image)
    fill = list(OUTSIDE_COLOR) if is_picture else VOID_ID
    if geometry.angle:
        part = F.rotate(
            part,
            geometry.angle,
            interpolation=InterpolationMode.BILINEAR,  # for pictures; a Mask is always nearest
            center=_middle_of_frame(geometry),
            fill=fill,
        )
    seen = geometry.seen.seen_from(geometry.needed)
    part = F.crop(part, seen.top, seen.left, *seen.size)  # a slice would no longer be a Mask
    part = F.horizontal_flip(part) if geometry.is_mirrored else part
    part = F.vertical_flip(part) if geometry.is_upside_down else part
    return _padded(part, geometry, fill)


def _middle_of_frame(geometry: Geometry) -> list[float]:
    (height, width), needed = geometry.resized, geometry.needed
    return [width / 2 - needed.left, height / 2 - needed.top]


def _padded(part: Image | Mask, geometry: Geometry, fill: list[int] | int) -> Tensor:
    inside, (height, width) = geometry.inside, geometry.crop.size
    margins = [inside.left, inside.top, width - inside.right, height - inside.bottom]
    padded: Tensor = F.pad(part, margins, fill=fill) if any(margins) else part
    return padded
