"""Joint training of UNet, ControlNet and text encoder, from scratch, in latents.

A layout is the control from the first step on: a small network learns both together faster than
one after the other. Prompts are dropped now and then, so that guidance has something to go by.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from diffusers.models.controlnets.controlnet import ControlNetModel
from diffusers.models.unets.unet_2d_condition import UNet2DConditionModel
from diffusers.schedulers.scheduling_ddim import DDIMScheduler
from jaxtyping import Float, Int64, UInt8
from torch import Tensor, nn
from torch.nn.functional import mse_loss
from torch.optim import AdamW
from torch.optim.lr_scheduler import LambdaLR
from transformers import CLIPTextModel


@dataclass(frozen=True, kw_only=True)
class DiffusionConfig:
    """How long and how fast to train.

    Attributes:
        n_steps: batches.
        batch_size: latents a batch.
        learning_rate: after the warm-up; falls to zero in the last third of the steps.
        n_warm_up: steps in which the rate rises.
        no_prompt_frac: share of the examples whose prompt is empty.
        average_decay: of the running average of the weights, which is what training leaves.
        seed: of order, noise and time steps.
        is_mixed: bfloat16 autocast, for a GPU.
    """

    n_steps: int
    batch_size: int = 256
    learning_rate: float = 8e-4
    n_warm_up: int = 300
    no_prompt_frac: float = 0.12
    average_decay: float = 0.998
    seed: int = 0
    is_mixed: bool = False


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


@dataclass(frozen=True, kw_only=True, eq=False)
class DiffusionExamples:
    """Examples as tensors; they may all lie on the device.

    Attributes:
        latents: as the autoencoder encodes them.
        layouts: ADE20K-150 classes.
        colors: RGB in [0, 1] of each class, black for class 0.
        tokens: token ids of every prompt that occurs; row 0 is the empty one.
        prompts: row of `tokens` of each example.
    """

    latents: Float[Tensor, "examples channels h w"]
    layouts: UInt8[Tensor, "examples height width"]
    colors: Float[Tensor, "classes 3"]
    tokens: Int64[Tensor, "prompts positions"]
    prompts: Int64[Tensor, " examples"]


def train_diffusion(
    denoiser: nn.Module,
    examples: DiffusionExamples,
    scheduler: DDIMScheduler,
    config: DiffusionConfig,
) -> Iterator[Tensor]:
    """Train in place and give the loss of each step; at the end the weights are their average.

    The scheduler must predict velocity.

    Reference: Salimans & Ho 2022 (arXiv 2202.00512), appendix D, for the velocity.
    """
    parameters = list(denoiser.parameters())
    device = parameters[0].device
    averages = [parameter.detach().clone() for parameter in parameters]
    optimizer = AdamW(parameters, lr=config.learning_rate, weight_decay=1e-2, betas=(0.9, 0.99))
    schedule = LambdaLR(optimizer, lambda step: _rate(step, config))
    generator = torch.Generator(device).manual_seed(config.seed)
    scheduler.alphas_cumprod = scheduler.alphas_cumprod.to(device)  # or each step would copy it
    denoiser.train()
    for step in range(config.n_steps):
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=config.is_mixed):
            loss = _loss(denoiser, examples, scheduler, config, generator)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
        decay = min(config.average_decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(averages, [p.detach() for p in parameters], 1 - decay)
        yield loss.detach()
    torch._foreach_copy_([parameter.detach() for parameter in parameters], averages)


def _rate(step: int, config: DiffusionConfig) -> float:
    rising = min(1.0, (step + 1) / config.n_warm_up)
    falling = min(1.0, 3 * (config.n_steps - step) / config.n_steps)
    return rising * falling


def _loss(
    denoiser: nn.Module,
    examples: DiffusionExamples,
    scheduler: DDIMScheduler,
    config: DiffusionConfig,
    generator: torch.Generator,
) -> Tensor:
    device, size = generator.device, (config.batch_size,)
    chosen = torch.randint(len(examples.prompts), size, device=device, generator=generator)
    is_dropped = torch.rand(size, device=device, generator=generator) < config.no_prompt_frac
    latents = examples.latents[chosen].float()
    tokens = examples.tokens[examples.prompts[chosen].masked_fill(is_dropped, 0)]
    layouts = examples.colors[examples.layouts[chosen].long()].permute(0, 3, 1, 2)
    n_levels = len(scheduler.alphas_cumprod)
    timesteps: Any = torch.randint(n_levels, size, device=device, generator=generator)
    noise = torch.randn(latents.shape, device=device, generator=generator)
    noisy = scheduler.add_noise(latents, noise, timesteps)
    wanted = scheduler.get_velocity(latents, noise, timesteps)
    found = denoiser(noisy, timesteps, tokens, layouts)
    return mse_loss(found.float(), wanted)
