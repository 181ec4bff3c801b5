"""Plain training on the known classes: cross-entropy, flips, one cosine of the learning rate.

No OOD data and no change of conditions: what comes out is the network that a shift is measured
with, or that the published two-stage training starts from.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int64, Integer, UInt8
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.optim import AdamW
from torch.optim.lr_scheduler import OneCycleLR

from models.checkpoint.matching import has_prefix
from models.segmentation.network import Segmenter, normalize
from storage.label_space import N_CLASSES, VOID_ID

MIRRORED_FRAC = 0.5
"""Share of the images seen from left to right; a street's mirror image is a street."""

MAX_STEPS_WITHOUT_RISE = 10
"""A training this short has no step to spare for the rise of the learning rate."""


@dataclass(frozen=True, kw_only=True)
class ClosedSetConfig:
    """How long and how fast to train.

    Attributes:
        n_steps: batches, one at least.
        batch_size: images a batch, one at least, drawn without repetition until all were seen.
        learning_rate: highest of the cycle: it rises for the first tenth, then falls as a cosine.
            AdamW's first momentum runs against it, from 0.95 to 0.85 and back. In ten steps or
            fewer both halves would not fit, and the rate falls from the first step on.
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

    def __post_init__(self) -> None:
        """Refuse a training of nothing.

        Raises:
            ValueError: if there is no step, or no image in a batch.
        """
        for name, number in (("n_steps", self.n_steps), ("batch_size", self.batch_size)):
            if number < 1:
                raise ValueError(f"need {name} of 1 or more, got {number}")


def train_closed_set(
    network: Segmenter,
    images: UInt8[Tensor, "images height width 3"],
    labels: Integer[Tensor, "images height width"],
    config: ClosedSetConfig,
) -> Iterator[Tensor]:
    """Train in place and give the loss of each step, a scalar on the network's device.

    The second class layer takes no part; `copy_class_layer` gives it the trained weights.

    Args:
        network: where it lies decides the device; left in training mode.
        images: RGB; may stay in host memory.
        labels: train ids; every value that is no class is ignored, a negative one too.
        config: length, rate and seed.

    Raises:
        ValueError: at once, if there are fewer images than a batch holds, or not as many labels.
    """
    if len(labels) != len(images):
        raise ValueError(f"need a label map an image, got {len(labels)} for {len(images)} images")
    if len(images) < config.batch_size:
        raise ValueError(f"need at least a batch of {config.batch_size} images, got {len(images)}")
    return _steps(network, images, labels, config)


def _steps(
    network: Segmenter, images: Tensor, labels: Tensor, config: ClosedSetConfig
) -> Iterator[Tensor]:
    device = next(network.parameters()).device
    optimizer = AdamW(
        network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    schedule = _one_cycle(optimizer, config)
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


def _one_cycle(optimizer: AdamW, config: ClosedSetConfig) -> OneCycleLR:
    rate, n_steps = config.learning_rate, config.n_steps
    if n_steps > MAX_STEPS_WITHOUT_RISE:
        return OneCycleLR(optimizer, rate, total_steps=n_steps, pct_start=0.1)
    # A rise of no step is divided by; one step more, so that the last one still learns.
    return OneCycleLR(optimizer, rate, total_steps=n_steps + 1, pct_start=0.0)


def _known_cross_entropy(
    logits: Float[Tensor, "batch classes height width"], target: Int64[Tensor, "batch height width"]
) -> Float[Tensor, ""]:
    """Mean over the pixels of a known class; 0, and no gradient, where there is none."""
    known = target.where((target >= 0) & (target < N_CLASSES), VOID_ID)
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
