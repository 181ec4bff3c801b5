"""What every segmenter takes and gives, whatever its architecture."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn

IMAGENET_MEAN = (0.485, 0.456, 0.406)
"""Of red, green, blue in [0, 1], as torchvision documents it; taken off an image first."""

IMAGENET_STD = (0.229, 0.224, 0.225)
"""Deviation of red, green, blue in [0, 1]; what remains is divided by it."""


class SegmenterOutput(NamedTuple):
    """What a segmenter says about a batch of images, at their own resolution.

    Attributes:
        logits: (B, 19, H, W), one map a training class; the largest one is the predicted class.
        ood_score: (B, H, W), higher is further out of distribution.
    """

    logits: Float[Tensor, "batch classes height width"]
    ood_score: Float[Tensor, "batch height width"]


class Segmenter(nn.Module, ABC):
    """A network that names the known classes and scores the unknown.

    Checkpoints name parameters as the published ones do; a network whose modules are named
    otherwise translates in `published_state` and `load_published_state`.
    """

    class_layer: ClassVar[str]
    """Published prefix of the layer that gives the class logits."""

    ood_layer: ClassVar[str]
    """Published prefix of the layer behind the OOD score, of the same shape as the class layer."""

    ignored_keys: ClassVar[frozenset[str]] = frozenset()
    """Keys that published files hold and inference has no use for."""

    @abstractmethod
    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> SegmenterOutput:
        """Logits and OOD score of RGB images, normalized with the ImageNet mean and deviation."""

    def class_key(self, ood_key: str) -> str:
        """Published key of the class layer's tensor that one of the OOD layer starts from."""
        return self.class_layer + ood_key.removeprefix(self.ood_layer)

    def published_state(self) -> dict[str, Tensor]:
        """Every parameter and buffer under its published name."""
        return dict(self.state_dict())

    def load_published_state(self, state: Mapping[str, Tensor]) -> None:
        """Take over every parameter and buffer; names and shapes are those of `published_state`."""
        self.load_state_dict(dict(state))


def widened(tensor: Tensor) -> Tensor:
    """The tensor in float32, or as it is where its type is wider."""
    return tensor.to(torch.promote_types(tensor.dtype, torch.float32))


def check_images(images: Tensor) -> None:
    """Refuse a batch that no segmenter can read.

    Raises:
        TypeError: if it is no tensor, or its values are no floating-point numbers.
        ValueError: if the shape is not (B, 3, H, W) with at least one pixel.
    """
    _check_tensor(images)
    if not images.is_floating_point():
        raise TypeError(
            "need a float batch of RGB images normalized with the ImageNet mean and deviation, got "
            f"{str(images.dtype).removeprefix('torch.')}; scale to [0, 1] and normalize first "
            "(models.segmentation.normalize does both)"
        )
    if images.ndim != 4 or images.shape[1] != 3 or 0 in images.shape:
        raise ValueError(f"need images of shape (B, 3, H, W), got {tuple(images.shape)}")


def normalize(images: Tensor) -> Tensor:
    """Float batch (B, 3, H, W) that a segmenter reads, of uint8 RGB images (B, H, W, 3).

    It is float32; give a network of another type ``normalize(images).bfloat16()`` or leave the
    conversion to the network.

    Raises:
        TypeError: if the images are no tensor, or not uint8.
        ValueError: if the shape is another.
    """
    _check_tensor(images)
    if images.dtype != torch.uint8:
        raise TypeError(f"need uint8 RGB images, got {str(images.dtype).removeprefix('torch.')}")
    if images.ndim != 4 or images.shape[3] != 3:
        raise ValueError(f"need images of shape (B, H, W, 3), got {tuple(images.shape)}")
    return normalize_unit((images / 255).permute(0, 3, 1, 2)).contiguous()


def normalize_unit(
    images: Float[Tensor, "batch 3 height width"],
) -> Float[Tensor, "batch 3 height width"]:
    """The same of RGB images in [0, 1]; gradients pass."""
    mean = torch.tensor(IMAGENET_MEAN, device=images.device)[:, None, None]
    std = torch.tensor(IMAGENET_STD, device=images.device)[:, None, None]
    return (images - mean) / std


def _check_tensor(images: object) -> None:
    if not isinstance(images, Tensor):
        raise TypeError(
            f"need a torch tensor of images, got {type(images).__name__}; torch.from_numpy makes "
            "one of an array"
        )
