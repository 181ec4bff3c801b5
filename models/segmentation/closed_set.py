"""Plain training on the known classes: cross-entropy, flips, one cosine of the learning rate.

No OOD data and no change of conditions: what comes out is the network that a shift is measured
with, or that the published two-stage training starts from.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.optim import AdamW
from torch.optim.lr_scheduler import OneCycleLR

from models.segmentation.checkpoint.matching import has_prefix
from models.segmentation.network import Segmenter, normalize
from storage.label_space import N_CLASSES, VOID_ID

MIRRORED_FRAC = 0.5
"""Share of the images seen from left to right; a street's mirror image is a street."""


@dataclass(frozen=True, kw_only=True)
class ClosedSetConfig:
    """How long and how fast to train.

    Attributes:
        n_steps: batches.
        batch_size: images a batch, drawn without repetition until all were seen.
        learning_rate: highest of the cycle: it rises for the first tenth, then falls as a cosine.
        weight_decay: of AdamW.
        seed: of the order of the images and the flips.
        is_mixed: bfloat16 autocast, for a GPU.
    """

    n_steps: int = 600
    batch_size: int = 8
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    seed: int = 0
    is_mixed: bool = False


def train_closed_set(
    network: Segmenter,
    images: UInt8[Tensor, "images height width 3"],
    labels: UInt8[Tensor, "images height width"],
    config: ClosedSetConfig,
) -> Iterator[Tensor]:
    """Train in place and give the loss of each step, a scalar on the network's device.

    The second class layer takes no part; `copy_class_layer` gives it the trained weights.

    Args:
        network: where it lies decides the device; left in training mode.
        images: RGB; may stay in host memory.
        labels: train ids; every value that is no class is ignored.
        config: length, rate and seed.

    Raises:
        ValueError: if there are fewer images than a batch holds.
    """
    if len(images) < config.batch_size:
        raise ValueError(f"need at least a batch of {config.batch_size} images, got {len(images)}")
    device = next(network.parameters()).device
    optimizer = AdamW(
        network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    schedule = OneCycleLR(
        optimizer, config.learning_rate, total_steps=config.n_steps, pct_start=0.1
    )
    network.train()
    for chosen, is_flipped in _draws(len(images), config):
        batch, target = images[chosen].to(device), labels[chosen].to(device).long()
        batch = batch.flip(2).where(is_flipped[:, None, None, None].to(device), batch)
        target = target.flip(2).where(is_flipped[:, None, None].to(device), target)
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=config.is_mixed):
            logits = network(normalize(batch)).logits
        loss = _known_cross_entropy(logits, target)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        yield loss.detach()


def _known_cross_entropy(
    logits: Float[Tensor, "batch classes height width"], target: Int64[Tensor, "batch height width"]
) -> Float[Tensor, ""]:
    """Mean over the pixels of a known class; 0, and no gradient, where there is none."""
    known = target.where(target < N_CLASSES, VOID_ID)
    total = cross_entropy(logits, known, ignore_index=VOID_ID, reduction="sum")
    return total / (known != VOID_ID).sum().clamp(min=1)


def copy_class_layer(network: Segmenter) -> None:
    """Give the layer behind the OOD score the weights of the class layer, as the method begins."""
    state = network.published_state()
    for key in (key for key in state if has_prefix(key, (network.ood_layer,))):
        state[key] = state[network.class_key(key)].clone()
    network.load_published_state(state)


def _draws(n_images: int, config: ClosedSetConfig) -> Iterator[tuple[Tensor, Tensor]]:
    """For each step the images of its batch, and which of them are mirrored."""
    generator = torch.Generator().manual_seed(config.seed)
    n_batches = n_images // config.batch_size
    for step in range(config.n_steps):
        if step % n_batches == 0:
            order = torch.randperm(n_images, generator=generator)
        start = step % n_batches * config.batch_size
        is_flipped = torch.rand(config.batch_size, generator=generator) < MIRRORED_FRAC
        yield order[start : start + config.batch_size], is_flipped
