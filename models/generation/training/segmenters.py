"""The small segmenters around the generator, trained on rendered streets with unknown objects.

The feature segmenter says what the autoencoder must keep; the judge measures what came out and is
used nowhere else; the detector becomes part of the filter. Judge and feature segmenter name the
unknown object as a class of its own; the detector scores it.
"""

from dataclasses import replace

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, interpolate, softplus

from models.generation.training.fit import Fit, FitConfig
from models.random_weights import drawn_from
from models.segmentation.deeplab import MINIATURE, DeepLab, DeepLabConfig
from models.segmentation.network import Segmenter, normalize
from storage.label_space import N_CLASSES, OOD_ID, VOID_ID

N_WITH_OOD = N_CLASSES + 1
"""The known classes, then the unknown object."""

_BATCH_SIZE = 64

_PLAIN = replace(
    MINIATURE, modules=tuple(replace(module, dropout_frac=0.0) for module in MINIATURE.modules)
)
FEATURE_CONFIG = _PLAIN
JUDGE_CONFIG = replace(_PLAIN, stem_width=24, aspp_width=64, aspp_rates=(1, 3, 6), decoder_width=64)
"""Another network than the one that the autoencoder listened to."""


class StreetSegmenter(nn.Module):
    """A segmenter of the known classes and, as the last one, of unknown objects.

    Attributes:
        trunk: everything but the last layer; its layer of OOD scores is taken out.
    """

    def __init__(self, config: DeepLabConfig) -> None:
        super().__init__()
        self.trunk = DeepLab(config)
        self.trunk.final[-1] = nn.Identity()
        self.trunk.ood_head = nn.Identity()  # type: ignore[assignment]
        self.classes = nn.Conv2d(config.decoder_width, N_WITH_OOD, 1)

    def forward(
        self, images: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch classes height width"]:
        """Logits of normalized images, at their size."""
        found: Tensor = self.classes(self.features(images))
        return interpolate(found, size=images.shape[2:], mode="bilinear", align_corners=True)

    def features(
        self, images: Float[Tensor, "batch 3 height width"]
    ) -> Float[Tensor, "batch channels h w"]:
        """What the class layer reads, at half the size."""
        return self.trunk.decode(*self.trunk.extract(images))


def build_street_segmenter(config: DeepLabConfig, *, seed: int) -> StreetSegmenter:
    """Segmenter with weights drawn from ``seed``, on the CPU."""
    with drawn_from(seed):
        return StreetSegmenter(config)


def segmenter_fit(
    network: StreetSegmenter,
    images: UInt8[Tensor, "images height width 3"],
    labels: UInt8[Tensor, "images height width"],
    config: FitConfig,
) -> Fit:
    """Training by cross-entropy, half of the images mirrored.

    Args:
        network: where it lies decides the device.
        images: RGB.
        labels: train ids and `OOD_ID`; every other value is ignored.
        config: length and rate.
    """

    def loss(generator: torch.Generator) -> Tensor:
        batch, target = _batch(images, labels, config, generator)
        wanted = with_ood_class(target)
        total = cross_entropy(
            network(normalize(batch)).float(), wanted, ignore_index=VOID_ID, reduction="sum"
        )
        return total / (wanted != VOID_ID).sum().clamp(min=1)

    return Fit(network, loss, config)


def detector_fit(
    network: Segmenter,
    images: UInt8[Tensor, "images height width 3"],
    labels: UInt8[Tensor, "images height width"],
    config: FitConfig,
) -> Fit:
    """Training of a detector: known classes by cross-entropy, the OOD score as a logit.

    Known pixels and those of unknown objects count the same in the second part, although the
    latter are few. Dropout is switched off.
    """
    for module in network.modules():
        if isinstance(module, nn.Dropout2d):
            module.p = 0.0

    def loss(generator: torch.Generator) -> Tensor:
        batch, target = _batch(images, labels, config, generator)
        logits, ood_score = network(normalize(batch))
        is_ood, is_known = target == OOD_ID, target < N_CLASSES
        known = target.long().where(is_known, VOID_ID)
        named = cross_entropy(logits.float(), known, ignore_index=VOID_ID, reduction="sum")
        score = ood_score.float()
        missed = (softplus(-score) * is_ood).sum() / is_ood.sum().clamp(min=1)
        alarmed = (softplus(score) * is_known).sum() / is_known.sum().clamp(min=1)
        total: Tensor = named / is_known.sum().clamp(min=1) + missed + alarmed
        return total

    return Fit(network, loss, config)


def with_ood_class(
    labels: UInt8[Tensor, "*batch height width"],
) -> Int64[Tensor, "*batch height width"]:
    """Class of each pixel: the train id, `N_CLASSES` on unknown objects, `VOID_ID` elsewhere."""
    known = labels.long().where(labels < N_CLASSES, VOID_ID)
    return known.masked_fill(labels == OOD_ID, N_CLASSES)


@torch.inference_mode()
def predict_classes(
    network: StreetSegmenter, images: UInt8[Tensor, "images height width 3"]
) -> tuple[UInt8[Tensor, "images height width"], Float[Tensor, "images channels"]]:
    """Class of each pixel, `N_CLASSES` for unknown, and mean features of each image, on the CPU.

    The network must be in evaluation mode.
    """
    device = next(network.parameters()).device
    classes, features = [], []
    for batch in torch.split(images, _BATCH_SIZE):
        found = network.features(normalize(batch.to(device)))
        logits = interpolate(
            network.classes(found), size=batch.shape[1:3], mode="bilinear", align_corners=True
        )
        classes.append(logits.argmax(1).to(torch.uint8).cpu())
        features.append(found.float().mean((2, 3)).cpu())
    return torch.cat(classes), torch.cat(features)


def _batch(
    images: UInt8[Tensor, "images height width 3"],
    labels: UInt8[Tensor, "images height width"],
    config: FitConfig,
    generator: torch.Generator,
) -> tuple[UInt8[Tensor, "batch height width 3"], UInt8[Tensor, "batch height width"]]:
    """Examples of one step; a street's mirror image is a street."""
    device, size = generator.device, (config.batch_size,)
    chosen = torch.randint(len(images), size, device=device, generator=generator)
    is_mirrored = (torch.rand(size, device=device, generator=generator) < 0.5)[:, None, None]
    batch, target = images[chosen].to(device), labels[chosen].to(device)
    return (
        batch.flip(2).where(is_mirrored[..., None], batch),
        target.flip(2).where(is_mirrored, target),
    )
