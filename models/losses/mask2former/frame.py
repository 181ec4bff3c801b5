"""Targets as the criterion reads them: which segments there are, and points drawn inside labels."""

from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Bool, Float, Int64, Shaped, UInt8
from torch import Tensor
from torch.nn import functional
from transformers.models.mask2former.modeling_mask2former import sample_point

from storage.label_space import N_CLASSES, VOID_ID

NO_SEGMENT = N_CLASSES
"""Class of a pixel that belongs to no segment, and of a query that has none."""

_MIN_COUNTED_SHARE = 0.125
"""Below the smallest share, 1/4, that a pixel has in the interpolation at a point inside it."""


@dataclass(frozen=True, eq=False)
class TargetFrame:
    """Targets padded to the size that mask logits cover.

    Attributes:
        classes: train id, or `NO_SEGMENT`.
        is_counted: pixels at which masks may be compared: all of a class, and of background ids.
    """

    classes: UInt8[Tensor, "batch height width"]
    is_counted: Bool[Tensor, "batch height width"]

    @property
    def has_class(self) -> Bool[Tensor, "batch classes"]:
        """Whether an image has a segment of the class."""
        batch = len(self.classes)
        found = torch.zeros(batch, N_CLASSES + 1, dtype=torch.bool, device=self.classes.device)
        return found.scatter(1, self.classes.flatten(1).long(), True)[:, :N_CLASSES]

    def draw_points(
        self, images: Int64[Tensor, " rows"], n_points: int, generator: torch.Generator
    ) -> Float[Tensor, "rows points 2"]:
        """Uniform points (x, y) inside the counted pixels of an image each, as fractions of it.

        An image without a counted pixel has points that mean nothing.
        """
        drawn = torch.rand(len(images), n_points, 3, generator=generator, device=generator.device)
        height, width = self.classes.shape[1:]
        pixels = self._counted_pixels(images, drawn[..., 0])
        x = (pixels % width + drawn[..., 1]) / width
        y = (pixels // width + drawn[..., 2]) / height
        return torch.stack([x, y], dim=-1)

    def shares(
        self,
        images: Int64[Tensor, " rows"],
        classes: Int64[Tensor, "rows masks"],
        points: Float[Tensor, "rows points 2"],
    ) -> Float[Tensor, "rows masks points"]:
        """How much of the counted surroundings of a point belongs to each class, in [0, 1].

        Segments are interpolated as the published code does. What interpolation takes from pixels
        that do not count is divided out.
        """
        wanted = classes.to(torch.uint8)[:, :, None, None]  # of one type, or both are widened
        masks = self.classes[images][:, None] == wanted
        uncounted = ~self.is_counted[images][:, None]
        values = sample_at(torch.cat([masks, uncounted], dim=1).float(), points)
        return values[:, :-1] / (1 - values[:, -1:]).clamp(min=_MIN_COUNTED_SHARE)

    def _counted_pixels(
        self, images: Int64[Tensor, " rows"], fractions: Float[Tensor, "rows points"]
    ) -> Int64[Tensor, "rows points"]:
        """Index inside its image of the counted pixel at a fraction of all of them."""
        n_own = self.is_counted.flatten(1).sum(1)[images][:, None]
        kth = torch.minimum((fractions * n_own).long(), (n_own - 1).clamp(min=0))
        return self._listed[images[:, None], kth]

    @cached_property
    def _listed(self) -> Int64[Tensor, "batch slots"]:
        """Indices of the counted pixels of each image, one after another, then zeros."""
        is_counted = self.is_counted.flatten(1)
        n_images, n_pixels = is_counted.shape
        slots = (is_counted.cumsum(1) - 1).where(is_counted, n_pixels)  # one more for all others
        pixels = torch.arange(n_pixels, device=slots.device).expand(n_images, -1)
        listed = torch.zeros(n_images, n_pixels + 1, dtype=torch.long, device=slots.device)
        return listed.scatter(1, slots, pixels)


def target_frame(
    target: Shaped[Tensor, "batch height width"],
    size: tuple[int, int],
    background_ids: tuple[int, ...],
) -> TargetFrame:
    """Targets of any integer type, padded with void at the bottom and at the right to `size`."""
    height, width = target.shape[1:]
    padding = (0, size[1] - width, 0, size[0] - height)
    padded = functional.pad(target.long(), padding, value=VOID_ID)
    is_class = (padded >= 0) & (padded < N_CLASSES)
    is_counted = is_class
    for background in background_ids:
        is_counted = is_counted | (padded == background)
    return TargetFrame(padded.where(is_class, NO_SEGMENT).to(torch.uint8), is_counted)


def sample_at(
    maps: Float[Tensor, "rows channels h w"], points: Float[Tensor, "rows points 2"]
) -> Float[Tensor, "rows channels points"]:
    """Bilinear values of maps at points (x, y) given as fractions; beyond its edge a map is 0."""
    sampled: Tensor = sample_point(maps, points, align_corners=False)
    return sampled
