"""A classifier of weather and time: whether a picture shows what its prompt said."""

from collections.abc import Sequence
from itertools import product

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from models.generation.training.fit import Fit, FitConfig
from models.miniature.world import TIMES, WEATHERS
from models.random_weights import drawn_from
from models.segmentation.network import normalize_unit

CONDITIONS = tuple(product(WEATHERS, TIMES))
"""Weather and time of each class."""

_BATCH_SIZE = 64
_NOISE = 0.03
_CONTRAST = 0.1
_CROP_FRAC = 7 / 8


class ConditionClassifier(nn.Sequential):
    """Five halvings, then the mean of the picture; gives logits of `CONDITIONS`."""

    def __init__(self, widths: Sequence[int] = (16, 32, 64, 96, 128)) -> None:
        stages = [
            layer
            for before, width in zip((3, *widths), widths, strict=False)
            for layer in (
                nn.Conv2d(before, width, 3, stride=2, padding=1, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(inplace=True),
            )
        ]
        last = nn.Linear(widths[-1], len(CONDITIONS))
        super().__init__(*stages, nn.AdaptiveAvgPool2d(1), nn.Flatten(), last)


def build_condition_classifier(*, seed: int) -> ConditionClassifier:
    """Classifier with weights drawn from ``seed``, on the CPU."""
    with drawn_from(seed):
        return ConditionClassifier()


def condition_fit(
    network: ConditionClassifier,
    images: UInt8[Tensor, "images height width 3"],
    conditions: Int64[Tensor, " images"],
    config: FitConfig,
) -> Fit:
    """Training by cross-entropy on crops, half of them mirrored, with some noise and contrast.

    Args:
        network: where it lies decides the device.
        images: RGB.
        conditions: number in `CONDITIONS` of each image.
        config: length and rate.
    """

    def loss(generator: torch.Generator) -> Tensor:
        size = (config.batch_size,)
        device = generator.device
        chosen = torch.randint(len(images), size, device=device, generator=generator)
        varied = _varied(images[chosen].to(device).permute(0, 3, 1, 2) / 255, generator)
        return cross_entropy(network(normalize_unit(varied)).float(), conditions[chosen].to(device))

    return Fit(network, loss, config)


def _varied(
    images: Float[Tensor, "batch 3 height width"], generator: torch.Generator
) -> Float[Tensor, "batch 3 h w"]:
    device, height, width = images.device, images.shape[2], images.shape[3]
    h, w = int(height * _CROP_FRAC), int(width * _CROP_FRAC)
    # One corner a batch: the corner may stay on the device, and batches are many.
    corner = torch.rand(2, device=device, generator=generator)
    rows = torch.arange(h, device=device) + (corner[0] * (height - h + 1)).long()
    columns = torch.arange(w, device=device) + (corner[1] * (width - w + 1)).long()
    crops = images.index_select(2, rows).index_select(3, columns)
    each = (len(images), 1, 1, 1)
    is_mirrored = torch.rand(each, device=device, generator=generator) < 0.5
    contrast = 1 + _CONTRAST * (2 * torch.rand(each, device=device, generator=generator) - 1)
    noise = _NOISE * torch.randn(crops.shape, device=device, generator=generator)
    mean = crops.mean((1, 2, 3), keepdim=True)
    return (crops.flip(3).where(is_mirrored, crops) - mean) * contrast + mean + noise


@torch.inference_mode()
def predict_conditions(
    network: ConditionClassifier, images: UInt8[Tensor, "images height width 3"]
) -> Int64[Tensor, " images"]:
    """Number in `CONDITIONS` of each image, on the CPU; the network is in evaluation mode."""
    device = next(network.parameters()).device
    return torch.cat(
        [
            network(normalize_unit(batch.to(device).permute(0, 3, 1, 2) / 255)).argmax(1).cpu()
            for batch in torch.split(images, _BATCH_SIZE)
        ]
    )
