"""Pairs on their way to the network: one transformed pair, and a batch of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from models.segmentation.network import IMAGENET_MEAN, IMAGENET_STD


@dataclass(frozen=True, kw_only=True, eq=False)
class TransformedPair:
    """A pair after its transform: original and generated, each with its target.

    ``images`` are RGB, 0 to 255; ``targets`` 0 to 18, 254 on unknown objects, 255 on void.
    """

    sample_id: str
    images: UInt8[Tensor, "2 3 height width"]
    targets: UInt8[Tensor, "2 height width"]


@dataclass(frozen=True, kw_only=True, eq=False)
class PairBatch:
    """A batch of B pairs: first all originals, then all generated scenes in the same order.

    Bytes cross to the device, a quarter of what floats would take, and are normalized there.

    Attributes:
        images: RGB, 0 to 255, in channels_last memory.
        targets: 0 to 18, 254 on unknown objects, 255 on void.
        sample_ids: B names; rows i and B + i are pair i.
    """

    images: UInt8[Tensor, "twice 3 height width"]
    targets: UInt8[Tensor, "twice height width"]
    sample_ids: tuple[str, ...]

    def normalized(self) -> Float[Tensor, "twice 3 height width"]:
        """The images as a segmenter reads them: float32, on their device, channels_last kept.

        Equal to `models.segmentation.normalize`, which copies its constants to the device at every
        call and so makes the host wait; here that happens once a device.
        """
        mean, std = _imagenet(self.images.device)
        return (self.images / 255).sub_(mean).div_(std)

    def to(self, device: torch.device | str, *, non_blocking: bool = False) -> "PairBatch":
        """The batch on another device; ``non_blocking`` has effect from pinned memory only."""
        return replace(
            self,
            images=self.images.to(device, non_blocking=non_blocking),
            targets=self.targets.to(device, non_blocking=non_blocking),
        )

    def pin_memory(self) -> "PairBatch":
        """The batch in pinned memory; torch's DataLoader calls this by name."""
        return replace(self, images=self.images.pin_memory(), targets=self.targets.pin_memory())


@cache
def _imagenet(device: torch.device) -> tuple[Tensor, Tensor]:
    mean, std = (
        torch.tensor(values, device=device)[:, None, None]
        for values in (IMAGENET_MEAN, IMAGENET_STD)
    )
    return mean, std


def collate(pairs: Sequence[TransformedPair]) -> PairBatch:
    """One batch of the pairs, in their order.

    Raises:
        ValueError: if there is no pair, or their sizes differ; the message names a sample.
    """
    if not pairs:
        raise ValueError("need at least one pair, got none")
    height, width = pairs[0].targets.shape[1:]
    for pair in pairs:
        if pair.targets.shape != (2, height, width):
            raise ValueError(
                f"{pair.sample_id}: need pairs of one size, {(height, width)} as "
                f"{pairs[0].sample_id}, got {tuple(pair.targets.shape[1:])}; one crop size a batch"
            )
    n_pairs = len(pairs)
    # The memory of a row of pixels is (width, 3), which is what channels_last means.
    pixels = torch.empty((2, n_pairs, height, width, 3), dtype=torch.uint8)
    targets = torch.empty((2, n_pairs, height, width), dtype=torch.uint8)
    for place, pair in enumerate(pairs):
        pixels[:, place] = pair.images.permute(0, 2, 3, 1)
        targets[:, place] = pair.targets
    return PairBatch(
        images=pixels.flatten(0, 1).permute(0, 3, 1, 2),
        targets=targets.flatten(0, 1),
        sample_ids=tuple(pair.sample_id for pair in pairs),
    )
