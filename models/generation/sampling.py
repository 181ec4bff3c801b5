"""Pictures from layouts and prompts, by diffusers' own pipeline."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from diffusers.image_processor import VaeImageProcessor
from jaxtyping import Float, UInt8
from torch import Tensor

from models.generation.bundle import Bundle
from models.generation.drawing import Drawing, controls_of, noise_of, refuse_unfit_drawings
from models.generation.prompts import encode_prompts
from models.generation.quiet import quiet
from models.generation.samplers import SAMPLERS, SamplerSettings, build_scheduler
from models.generation.saving import pipeline
from models.generation.two_step import Held, hold

__all__ = ["SAMPLERS", "Drawing", "SamplerSettings", "Steering", "decode", "denoise", "draw"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Steering:
    """What the networks are told beside the noise.

    Attributes:
        prompts: encoded.
        negative_prompts: encoded; None where guidance is 1.
        controls: layouts in [0, 1], then edges if they are to steer too.
    """

    prompts: Float[Tensor, "drawing token channel"]
    negative_prompts: Float[Tensor, "drawing token channel"] | None
    controls: Sequence[Float[Tensor, "drawing 3 height width"]]


def draw(
    bundle: Bundle, drawings: Sequence[Drawing], settings: SamplerSettings, *, batch_size: int
) -> UInt8[np.ndarray, "drawing height width 3"]:
    """One RGB picture a drawing, all drawn in one pass, where and in the type the bundle is.

    With a first step it is two passes, of equal settings and from equal noise
    (`models.generation.two_step`).

    A picture depends on its own drawing, not on the others: the pass is filled up to ``batch_size``
    by repeating the last drawing, so that it always computes in one shape.

    Args:
        bundle: what draws.
        drawings: 1 to ``batch_size``, of one size, a multiple of the bundle's stride; all with
            edges or all without, and likewise with a first step. Without edges, a ControlNet for
            them has no part in it.
        settings: how.
        batch_size: pictures a pass.

    Raises:
        BundleError: if a drawing needs a part that the bundle lacks.
        ValueError: if drawings, their sizes or the number of steps do not fit, or a picture comes
            out with values that are not finite.
    """
    refuse_unfit_drawings(bundle, drawings, batch_size)
    filled = [*drawings, *[drawings[-1]] * (batch_size - len(drawings))]
    latents = _drawn(bundle, [drawing.of_first_step for drawing in filled], settings, None)
    regions = [drawing.first.region for drawing in filled if drawing.first is not None]
    if any(region.any() for region in regions):
        held = hold(latents, regions, stride=bundle.latent_stride)
        latents = _drawn(bundle, filled, settings, held)
    return _pictures(bundle, decode(bundle, latents)[: len(drawings)])


def _drawn(
    bundle: Bundle, drawings: Sequence[Drawing], settings: SamplerSettings, held: Held | None
) -> Float[Tensor, "drawing channel row column"]:
    """Latents of drawings, in one pass."""
    return denoise(
        bundle,
        noise_of(bundle, drawings),
        _steering(bundle, drawings, settings),
        scheduler=build_scheduler(bundle, settings),
        settings=settings,
        held=held,
    )


@torch.no_grad()
def denoise(
    bundle: Bundle,
    noise: Float[Tensor, "drawing channel row column"],
    steering: Steering,
    *,
    scheduler: Any,
    settings: SamplerSettings,
    held: Held | None = None,
) -> Float[Tensor, "drawing channel row column"]:
    """Latents that the pipeline of diffusers makes of noise, on the bundle's device in its type.

    Args:
        bundle: its UNet and ControlNets are used.
        noise: of standard deviation 1; the scheduler scales it.
        steering: on any device; edges need a ControlNet for them.
        scheduler: of diffusers; ``settings.sampler`` is not looked at.
        settings: steps, guidance and scales.
        held: finished latents that only parts of may change; None to draw everything.
    """
    unet: Any = bundle.unet
    noise = noise.to(unet.device, unet.dtype)
    controls = list(steering.controls)
    is_plain = len(controls) == 1
    scales = [float(settings.control_scale), float(settings.edge_scale)]
    with quiet():
        drawer = pipeline(replace(bundle, edge_controlnet=None) if is_plain else bundle)
        drawer.scheduler = scheduler
        drawer.set_progress_bar_config(disable=True)
        latents: Tensor = drawer(
            prompt_embeds=steering.prompts,
            negative_prompt_embeds=steering.negative_prompts,
            image=controls[0] if is_plain else controls,
            num_inference_steps=settings.n_steps,
            guidance_scale=float(settings.guidance),
            latents=noise,
            controlnet_conditioning_scale=scales[0] if is_plain else scales,
            output_type="latent",
            callback_on_step_end=held.after_step(noise) if held else None,
        ).images
    return latents


@torch.no_grad()
def decode(
    bundle: Bundle, latents: Float[Tensor, "drawing channel row column"]
) -> Float[Tensor, "drawing 3 height width"]:
    """Images that the VAE makes of latents: RGB, -1 is black and 1 white, beyond them too."""
    vae: Any = bundle.vae
    images: Tensor = vae.decode(latents / vae.config.scaling_factor, return_dict=False)[0]
    return images


def _steering(bundle: Bundle, drawings: Sequence[Drawing], settings: SamplerSettings) -> Steering:
    negative_prompts = None
    if settings.guidance > 1:
        negative_prompts = encode_prompts(bundle, [drawing.negative_prompt for drawing in drawings])
    return Steering(
        prompts=encode_prompts(bundle, [drawing.prompt for drawing in drawings]),
        negative_prompts=negative_prompts,
        controls=controls_of(drawings),
    )


def _pictures(
    bundle: Bundle, images: Float[Tensor, "drawing 3 height width"]
) -> UInt8[np.ndarray, "drawing height width 3"]:
    """Images as diffusers rounds them, from float32."""
    is_whole = torch.isfinite(images).flatten(1).all(dim=1)
    if not is_whole.all():
        raise ValueError(
            f"need finite pictures, got {int((~is_whole).sum())} of {len(images)} with values that "
            f"are not, from {bundle.source} in {images.dtype}; use another sampler, fewer or more "
            "steps, less guidance, or float32"
        )
    pictures: Any = VaeImageProcessor().postprocess(images.float(), output_type="pil")
    return np.stack([np.asarray(picture) for picture in pictures])
