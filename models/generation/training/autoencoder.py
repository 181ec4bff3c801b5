"""Training of the autoencoder that the miniature diffusion works in.

Small and thin things decide here whether a label can be trusted later, so that beside color and
edges the features of a segmenter are compared. Score what comes out with another segmenter.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from jaxtyping import Float, UInt8
from torch import Tensor, nn

from models.generation.training.fit import Fit, FitConfig
from models.generation.training.segmenters import StreetSegmenter
from models.segmentation.network import normalize_unit

Compiler = Callable[[nn.Module], Callable[..., Tensor]]
"""Makes of a module a function that does the same."""

Features = Callable[[Tensor], Sequence[Tensor]]
"""Maps (B, C, h, w) of images (B, 3, H, W) in [0, 1]."""


@dataclass(frozen=True, kw_only=True)
class AutoencoderConfig:
    """What weighs how much against the mean absolute error of colors.

    Attributes:
        fit: length and rate.
        edge_weight: of the absolute error of differences between neighboring pixels.
        feature_weight: of the relative absolute error of the segmenter's features.
        kl_weight: of the divergence of the latents from a standard normal, mean over all values.
    """

    fit: FitConfig
    edge_weight: float = 0.5
    feature_weight: float = 0.08
    kl_weight: float = 1e-4


class Reconstruction(nn.Module):
    """Encoding, drawing a latent, decoding and what is wrong then, as one function."""

    def __init__(self, vae: AutoencoderKL, features: Features, config: AutoencoderConfig) -> None:
        super().__init__()
        self.vae, self._features, self._config = vae, features, config

    def forward(
        self,
        images: Float[Tensor, "batch 3 height width"],
        noise: Float[Tensor, "batch channels h w"],
    ) -> Float[Tensor, ""]:
        """The loss of images in [0, 1] at a draw of standard normal noise."""
        vae: Any = self.vae
        posterior = vae.encode(images * 2 - 1).latent_dist
        drawn = vae.decode(posterior.mean + posterior.std * noise).sample.float() * 0.5 + 0.5
        variance, mean = posterior.var.float(), posterior.mean.float()
        divergence = 0.5 * (mean.square() + variance - 1 - posterior.logvar.float()).mean()
        with torch.no_grad():  # nothing to learn on this side
            wanted = self._features(images)
        loss: Tensor = (
            (images - drawn).abs().mean()
            + self._config.edge_weight * _edge_error(images, drawn)
            + self._config.feature_weight * _feature_error(wanted, self._features(drawn))
            + self._config.kl_weight * divergence
        )
        return loss


def autoencoder_fit(
    vae: AutoencoderKL,
    images: UInt8[Tensor, "images height width 3"],
    features: Features,
    config: AutoencoderConfig,
    *,
    compiler: Compiler | None = None,
) -> Fit:
    """Training of the autoencoder on images that may stay in host memory.

    Reference: Rombach et al. 2022 (arXiv 2112.10752), section 3.1, with the features of a
    segmenter in place of a perceptual network, and no discriminator.

    Args:
        vae: whose weights learn.
        images: RGB.
        features: that reconstructions should share with their images.
        config: length, rate and weights.
        compiler: of the whole loss; None computes it as it is written.
    """
    reconstruction = Reconstruction(vae, features, config)
    error = reconstruction if compiler is None else compiler(reconstruction)
    shrinking = 2 ** (len(vae.config["block_out_channels"]) - 1)

    def loss(generator: torch.Generator) -> Tensor:
        size, device = (config.fit.batch_size,), vae.device
        chosen = torch.randint(len(images), size, device=device, generator=generator)
        is_mirrored = torch.rand(size, device=device, generator=generator) < 0.5
        batch = images[chosen.to(images.device)].to(device).permute(0, 3, 1, 2) / 255
        batch = batch.flip(3).where(is_mirrored[:, None, None, None], batch).contiguous()
        shape = (*size, vae.config["latent_channels"], *(n // shrinking for n in batch.shape[2:]))
        return error(batch, torch.randn(shape, device=device, generator=generator))

    return Fit(vae, loss, config.fit)


def segmenter_features(segmenter: StreetSegmenter) -> Features:
    """Fine, deep and decoded features of a segmenter, which is frozen by this."""
    network = segmenter.eval().requires_grad_(False).trunk

    def features(images: Tensor) -> Sequence[Tensor]:
        fine, deep = network.extract(normalize_unit(images))
        return fine, deep, network.decode(fine, deep)

    return features


@torch.no_grad()
def fold_latent_statistics(
    vae: AutoencoderKL, images: UInt8[Tensor, "images height width 3"], *, batch_size: int = 64
) -> None:
    """Make latents of these images zero in the mean and one in deviation, channel by channel.

    The change goes into the convolutions on both sides of the latent, so that a scaling factor of
    one is right: the stock pipeline scales latents, but cannot shift them.
    """
    means = torch.cat(
        [
            encode(vae, images[start : start + batch_size])
            for start in range(0, len(images), batch_size)
        ]
    )
    mean, std = means.mean((0, 2, 3)), means.std((0, 2, 3))
    n_channels = len(mean)
    into, bias_into = _weights(vae.quant_conv)
    bias_into[:n_channels] = (bias_into[:n_channels] - mean) / std
    into[:n_channels] /= std[:, None, None, None]
    bias_into[n_channels:] -= 2 * std.log()  # these rows give the logarithm of the variance
    out_of, bias_out_of = _weights(vae.post_quant_conv)
    bias_out_of += (out_of[:, :, 0, 0] * mean).sum(1)
    out_of *= std[None, :, None, None]


def _weights(convolution: nn.Conv2d | None) -> tuple[Tensor, Tensor]:
    if convolution is None or convolution.bias is None:
        raise ValueError("need an autoencoder with convolutions beside its latents, got none")
    return convolution.weight, convolution.bias


def encode(
    vae: AutoencoderKL, images: UInt8[Tensor, "images height width 3"]
) -> Float[Tensor, "images channels h w"]:
    """Means of the latents, float32."""
    batch = images.to(vae.device).permute(0, 3, 1, 2) / 127.5 - 1
    mean: Tensor = vae.encode(batch.contiguous()).latent_dist.mean
    return mean.float()


def decode(
    vae: AutoencoderKL, latents: Float[Tensor, "images channels h w"]
) -> UInt8[Tensor, "images height width 3"]:
    """Images of latents."""
    found: Tensor = vae.decode(latents).sample
    levels: Tensor = (found.float() * 127.5 + 127.5).round().clamp(0, 255)
    return levels.to(torch.uint8).permute(0, 2, 3, 1)


@torch.no_grad()
def both_latents(
    vae: AutoencoderKL, images: UInt8[Tensor, "images height width 3"]
) -> Float[Tensor, "images 2 channels h w"]:
    """Latents of images and of their mirror images, float16 to save room."""
    return torch.stack([encode(vae, images), encode(vae, images.flip(2))], dim=1).half()


@torch.no_grad()
def peak_signal_to_noise(
    vae: AutoencoderKL, images: UInt8[Tensor, "images height width 3"]
) -> float:
    """PSNR in dB of images that went through the autoencoder, over all their pixels together."""
    found = decode(vae, encode(vae, images)).float()
    error = (found - images.to(found.device).float()).square().mean()
    return float(10 * torch.log10(255**2 / error))


def _edge_error(images: Tensor, drawn: Tensor) -> Tensor:
    return sum((images.diff(dim=axis) - drawn.diff(dim=axis)).abs().mean() for axis in (2, 3))  # type: ignore[return-value]


def _feature_error(wanted: Sequence[Tensor], found: Sequence[Tensor]) -> Tensor:
    errors = [
        (a.float() - b.float()).abs().mean() / a.float().abs().mean().detach()
        for a, b in zip(wanted, found, strict=True)
    ]
    return torch.stack(errors).sum()
