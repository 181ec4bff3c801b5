"""Training of a small SAM on instances with boxes: what the miniature's filter asks with.

Reference: Kirillov et al. 2023 (arXiv 2304.02643), appendix A, for loss, box noise and optimizer.
Deviations: boxes alone prompt, once and not in rounds of correction, and the learning rate follows
one cosine.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn.utils import clip_grad_norm_
from torch.optim import AdamW
from torch.optim.lr_scheduler import OneCycleLR

from models.filtering.sam.losses import sam_loss
from models.filtering.sam.prompts import boxes_of, draw_targets, jittered
from models.filtering.sam.segmenter import SamSegmenter

MIRRORED_FRAC = 0.5
"""Share of the images seen from left to right; a street's mirror image is a street."""

MAX_JITTER_FRAC = 20 / 1024
"""Share of the longer side that a corner of a box moves at most: 20 of SAM's 1024 pixels."""


@dataclass(frozen=True, kw_only=True)
class SamTrainingConfig:
    """How long and how fast to train.

    Attributes:
        n_steps: batches.
        batch_size: images a batch, drawn without repetition until all were seen.
        n_boxes: instances asked for in each image.
        learning_rate: highest of the cycle: it rises for the first tenth, then falls as a cosine.
        weight_decay: of AdamW.
        max_gradient_norm: longer gradients are cut to it.
        jitter_frac: deviation of a box's corners as a share of its side.
        min_area_px: smaller instances are not asked for.
        seed: of the order of the images, the flips, the instances and the boxes.
        is_mixed: bfloat16 autocast, for a GPU.
    """

    n_steps: int = 4000
    batch_size: int = 32
    n_boxes: int = 8
    learning_rate: float = 8e-4
    weight_decay: float = 0.1
    max_gradient_norm: float = 1.0
    jitter_frac: float = 0.1
    min_area_px: int = 16
    seed: int = 0
    is_mixed: bool = False


class _Draw(NamedTuple):
    """Random choices of one step, made on the CPU."""

    chosen: Tensor
    is_flipped: Tensor
    lots: Tensor
    noise: Tensor


def train_sam(
    segmenter: SamSegmenter,
    images: UInt8[Tensor, "images height width 3"],
    instances: UInt8[Tensor, "images height width"],
    config: SamTrainingConfig,
) -> Iterator[Tensor]:
    """Train in place and give the loss of each step, a scalar on the network's device.

    Args:
        segmenter: where it lies decides the device; left in training mode.
        images: RGB, the longer side as long as the network's input; may stay in host memory.
        instances: 0 on the background, another number on each instance that SAM is to find; an
            image without any counts for nothing.
        config: length, rate and seed.

    Raises:
        ValueError: if there are fewer images than a batch holds, or their size is another.
    """
    height, width = images.shape[1:3]
    if max(height, width) != segmenter.size_px:
        raise ValueError(
            f"need images whose longer side is {segmenter.size_px} pixels, got {height}x{width}"
        )
    if len(images) < config.batch_size:
        raise ValueError(f"need at least a batch of {config.batch_size} images, got {len(images)}")
    optimizer = AdamW(
        segmenter.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    schedule = OneCycleLR(
        optimizer, config.learning_rate, total_steps=config.n_steps, pct_start=0.1
    )
    segmenter.train()
    for draw in _draws(len(images), config):
        loss = _loss(segmenter, images[draw.chosen], instances[draw.chosen], draw, config)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        clip_grad_norm_(segmenter.parameters(), config.max_gradient_norm)
        optimizer.step()
        schedule.step()
        yield loss.detach()


def _loss(
    segmenter: SamSegmenter,
    images: UInt8[Tensor, "batch height width 3"],
    instances: UInt8[Tensor, "batch height width"],
    draw: _Draw,
    config: SamTrainingConfig,
) -> Float[Tensor, ""]:
    """Loss of one batch with the choices made for it."""
    device = segmenter.sam.device
    images, instances = images.to(device), instances.to(device)
    is_flipped = draw.is_flipped.to(device)[:, None, None]
    images = images.flip(2).where(is_flipped[..., None], images)
    instances = instances.flip(2).where(is_flipped, instances)
    targets = draw_targets(instances, draw.lots.to(device), min_area_px=config.min_area_px)
    size = images.shape[1], images.shape[2]
    boxes = jittered(
        boxes_of(targets.masks),
        draw.noise.to(device),
        size=size,
        jitter_frac=config.jitter_frac,
        max_jitter_px=MAX_JITTER_FRAC * max(size),
    )
    logits, predicted_ious = logits_in_boxes(segmenter, images, boxes, is_mixed=config.is_mixed)
    return sam_loss(logits, predicted_ious, targets.masks, targets.is_there)


def logits_in_boxes(
    segmenter: SamSegmenter,
    images: UInt8[Tensor, "batch height width 3"],
    boxes: Float[Tensor, "batch boxes 4"],
    *,
    is_mixed: bool,
) -> tuple[Float[Tensor, "batch boxes height width"], Float[Tensor, "batch boxes"]]:
    """Mask logits at the size of the images and predicted IoUs, differentiable, all at once.

    The longer side of the images is that of the network's input.
    """
    sam, n_boxes = segmenter.sam, boxes.shape[1]
    size = images.shape[1], images.shape[2]
    # Rounded to bfloat16, positions would be off by half a pixel: they are computed before.
    sparse, dense = sam.prompt_encoder(points=None, boxes=boxes.flatten(0, 1), masks=None)
    positions = sam.prompt_encoder.get_dense_pe()
    with torch.autocast(images.device.type, dtype=torch.bfloat16, enabled=is_mixed):
        embeddings = sam.image_encoder(sam.preprocess(images.permute(0, 3, 1, 2)))
        # The decoder takes one image and adds it to the dense prompts of all boxes. To decode the
        # boxes of many images at once, their embeddings come as part of the dense prompts.
        logits, predicted_ious = sam.mask_decoder(
            image_embeddings=torch.zeros_like(embeddings[:1]),
            image_pe=positions,
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense + embeddings.repeat_interleave(n_boxes, dim=0),
            multimask_output=False,
        )
    logits = sam.postprocess_masks(logits.float(), size, size)
    shape = len(images), n_boxes
    return logits.reshape(*shape, *size), predicted_ious.float().reshape(shape)


def _draws(n_images: int, config: SamTrainingConfig) -> Iterator[_Draw]:
    """Random choices of each step."""
    generator = torch.Generator().manual_seed(config.seed)
    n_batches, shape = n_images // config.batch_size, (config.batch_size, config.n_boxes)
    for step in range(config.n_steps):
        if step % n_batches == 0:
            order = torch.randperm(n_images, generator=generator)
        start = step % n_batches * config.batch_size
        yield _Draw(
            chosen=order[start : start + config.batch_size],
            is_flipped=torch.rand(config.batch_size, generator=generator) < MIRRORED_FRAC,
            lots=torch.rand(shape, generator=generator),
            noise=torch.randn(*shape, 4, generator=generator),
        )
