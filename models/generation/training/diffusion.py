"""Joint training of UNet, ControlNet and text encoder, from scratch, in latents.

A layout is the control from the first step on: a small network learns both together faster than
one after the other. Prompts are dropped now and then, so that guidance has something to go by.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from diffusers.models.controlnets.controlnet import ControlNetModel
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from jaxtyping import Float, Int64, UInt8
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d
from transformers import CLIPTextModel

from models.generation.bundle import Bundle
from models.generation.training.fit import Fit, FitConfig
from models.random_weights import drawn_from

Predict = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
"""`Denoiser`, or what a compiler made of it."""


@dataclass(frozen=True, kw_only=True)
class DiffusionConfig:
    """How long to train, and how often a prompt says less than the scene shows.

    Attributes:
        fit: length and rate.
        no_prompt_frac: share of the examples whose prompt is one of the empty ones.
        plain_prompt_frac: share whose prompt names the objects and nothing of the surroundings.
    """

    fit: FitConfig
    no_prompt_frac: float = 0.12
    plain_prompt_frac: float = 0.13


class Denoiser(nn.Module):
    """UNet, ControlNet and text encoder as one function, as the sampler calls them."""

    def __init__(
        self, unet: UNet2DConditionModel, controlnet: ControlNetModel, text_encoder: CLIPTextModel
    ) -> None:
        super().__init__()
        self.unet, self.controlnet, self.text_encoder = unet, controlnet, text_encoder

    def forward(
        self,
        noisy: Float[Tensor, "batch channels h w"],
        timesteps: Int64[Tensor, " batch"],
        tokens: Int64[Tensor, "batch positions"],
        layouts: Float[Tensor, "batch 3 height width"],
    ) -> Float[Tensor, "batch channels h w"]:
        """What the scheduler's prediction type asks for; layouts are RGB in [0, 1]."""
        context = self.text_encoder(tokens).last_hidden_state
        down, middle = self.controlnet(
            noisy, timesteps, context, controlnet_cond=layouts, return_dict=False
        )
        found: Tensor = self.unet(
            noisy,
            timesteps,
            context,
            down_block_additional_residuals=down,
            mid_block_additional_residual=middle,
            return_dict=False,
        )[0]
        return found


def denoiser_of(bundle: Bundle) -> Denoiser:
    """The networks of a bundle, not copied, as one function.

    Raises:
        ValueError: if it has no text encoder.
    """
    if bundle.text_encoder is None:
        raise ValueError(f"need a bundle with a text encoder to train, got {bundle.source}")
    unet: Any = bundle.unet
    controlnet: Any = bundle.controlnet
    return Denoiser(unet, controlnet, bundle.text_encoder)


def wake_hints(controlnet: ControlNetModel, *, seed: int) -> None:
    """Give a ControlNet that is trained from scratch weights that let the layout through at once.

    Its way from the layout begins with so small weights, and ends in zeros, that for hundreds of
    steps little of the layout would arrive: right beside a trained UNet, not beside a random one.

    Reference: He et al. 2015 (arXiv 1502.01852), for the deviation of weights that keep a signal's
    size; 2 in place of the root of 2, since SiLU halves what is small.
    """
    hints: Any = controlnet.controlnet_cond_embedding
    with drawn_from(seed), torch.no_grad():
        for module in hints.modules():
            if isinstance(module, nn.Conv2d):
                n_inputs = module.weight[0].numel()
                module.weight.copy_(torch.randn(module.weight.shape) * (2 / n_inputs**0.5))
                if module.bias is not None:
                    module.bias.zero_()


def prompt_tokens(bundle: Bundle, prompts: Sequence[str]) -> Int64[Tensor, "prompts positions"]:
    """Token ids of prompts, padded and cut off as `models.generation.encode_prompts` does.

    Raises:
        ValueError: if the bundle has no tokenizer.
    """
    if bundle.tokenizer is None:
        raise ValueError(f"need a bundle with a tokenizer, got {bundle.source}")
    ids: Tensor = bundle.tokenizer(
        list(prompts),
        padding="max_length",
        max_length=bundle.tokenizer.model_max_length,
        truncation=True,
        return_tensors="pt",
    ).input_ids
    return ids


@dataclass(frozen=True, kw_only=True, eq=False)
class DiffusionExamples:
    """Examples as tensors; they may all lie on the device.

    Attributes:
        latents: of each image and of its mirror image, as the autoencoder encodes them.
        layouts: ADE20K-150 classes.
        colors: RGB in [0, 1] of each class, black for class 0.
        tokens: token ids of every prompt that occurs, the empty ones first.
        n_empty: prompts that stand for none.
        prompts: rows of `tokens` of each example: the prompt that names everything, the plain one.
        shares: how often each example is drawn, relative to the others.
        class_weights: of the loss where the layout shows each class.
    """

    latents: Float[Tensor, "examples 2 channels h w"]
    layouts: UInt8[Tensor, "examples height width"]
    colors: Float[Tensor, "classes 3"]
    tokens: Int64[Tensor, "prompts positions"]
    n_empty: int
    prompts: Int64[Tensor, "examples 2"]
    shares: Float[Tensor, " examples"]
    class_weights: Float[Tensor, " classes"]


def diffusion_fit(
    denoiser: nn.Module,
    examples: DiffusionExamples,
    scheduler: DDIMScheduler,
    config: DiffusionConfig,
    *,
    predict: Predict | None = None,
) -> Fit:
    """Training of a denoiser in place; the scheduler must predict velocity.

    Reference: Salimans & Ho 2022 (arXiv 2202.00512), appendix D, for the velocity. Deviation: the
    error is weighted by the class that the layout shows, mean 1 over a batch.

    Args:
        denoiser: whose weights learn.
        examples: to learn from.
        scheduler: of the noise; its table is moved to the denoiser's device.
        config: length, rate and prompts.
        predict: the denoiser compiled; None calls it as it is.
    """
    device = next(denoiser.parameters()).device
    scheduler.alphas_cumprod = scheduler.alphas_cumprod.to(device)  # or each step would copy it
    call = denoiser if predict is None else predict  # compiled modules have no truth value

    def loss(generator: torch.Generator) -> Tensor:
        return _loss(call, examples, scheduler, config, generator)

    return Fit(denoiser, loss, config.fit)


def _loss(
    predict: Predict,
    examples: DiffusionExamples,
    scheduler: DDIMScheduler,
    config: DiffusionConfig,
    generator: torch.Generator,
) -> Tensor:
    device, size = generator.device, (config.fit.batch_size,)
    chosen = torch.multinomial(examples.shares, size[0], replacement=True, generator=generator)
    side = torch.randint(2, size, device=device, generator=generator)
    latents = examples.latents[chosen, side].float()
    shown = examples.layouts[chosen]
    shown = shown.flip(2).where(side.bool()[:, None, None], shown).long()
    layouts = examples.colors[shown].permute(0, 3, 1, 2)
    tokens = examples.tokens[_prompts(examples, chosen, config, generator)]
    n_levels = len(scheduler.alphas_cumprod)
    timesteps: Any = torch.randint(n_levels, size, device=device, generator=generator)
    noise = torch.randn(latents.shape, device=device, generator=generator)
    noisy = scheduler.add_noise(latents, noise, timesteps)
    wanted = scheduler.get_velocity(latents, noise, timesteps)
    found = predict(noisy, timesteps, tokens, layouts)
    height, width = latents.shape[2:]
    weights = adaptive_avg_pool2d(examples.class_weights[shown][:, None], (height, width))
    return ((found.float() - wanted).square() * (weights / weights.mean())).mean()


def _prompts(
    examples: DiffusionExamples,
    chosen: Int64[Tensor, " batch"],
    config: DiffusionConfig,
    generator: torch.Generator,
) -> Int64[Tensor, " batch"]:
    """Row of the prompt that each chosen example is shown with."""
    device, size = generator.device, chosen.shape
    lot = torch.rand(size, device=device, generator=generator)
    empty = torch.randint(examples.n_empty, size, device=device, generator=generator)
    named, plain = examples.prompts[chosen].unbind(1)
    is_empty = lot < config.no_prompt_frac
    is_plain = lot < config.no_prompt_frac + config.plain_prompt_frac
    return empty.where(is_empty, plain.where(is_plain, named))
