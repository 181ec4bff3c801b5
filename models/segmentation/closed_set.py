"""Plain training on the known classes: cross-entropy, crops, flips, one cosine of the rate.

No OOD data and no change of conditions: what comes out is the network that a shift is measured
with, or that the published two-stage training starts from.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int64, Integer, UInt8
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.optim import AdamW
from torch.optim.lr_scheduler import OneCycleLR

from models.checkpoint.matching import has_prefix
from models.metrics import Classes, confusion_matrix
from models.segmentation.network import Segmenter, normalize
from storage.label_space import N_CLASSES, VOID_ID

MIRRORED_FRAC = 0.5
"""Share of the images seen from left to right; a street's mirror image is a street."""

ClosedSetLoss = Callable[[Segmenter, Tensor, Tensor], Tensor]
"""Loss of a network on normalized images (B, 3, H, W) and train ids (B, H, W), as a scalar."""

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
        seed: of the order of the images, the crops and the flips.
        is_mixed: bfloat16 autocast, for a GPU.
        crop: height and width of the part of each image that a step sees, no larger than the
            images; None for all of it.
        class_balance: how much more the pixels of rare classes count: a pixel weighs the share of
            its class among all known pixels, to the power of minus this. At 0 all count alike, at
            1 all classes do.
    """

    n_steps: int = 600
    batch_size: int = 8
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    seed: int = 0
    is_mixed: bool = False
    crop: tuple[int, int] | None = None
    class_balance: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a training of nothing.

        Raises:
            ValueError: if there is no step, no image in a batch, no pixel in a crop, or the balance
                lies outside [0, 1].
        """
        if not 0 <= self.class_balance <= 1:
            raise ValueError(f"need class_balance in [0, 1], got {self.class_balance}")
        height, width = self.crop or (1, 1)
        for name, number in (
            ("n_steps", self.n_steps),
            ("batch_size", self.batch_size),
            ("crop height", height),
            ("crop width", width),
        ):
            if number < 1:
                raise ValueError(f"need {name} of 1 or more, got {number}")


def train_closed_set(
    network: Segmenter,
    images: UInt8[Tensor, "images height width 3"],
    labels: Integer[Tensor, "images height width"],
    config: ClosedSetConfig,
    loss_of: ClosedSetLoss | None = None,
) -> Iterator[Tensor]:
    """Train in place and give the loss of each step, a scalar on the network's device.

    The second class layer takes no part; `copy_class_layer` gives it the trained weights.

    Args:
        network: where it lies decides the device; left in training mode.
        images: RGB; may stay in host memory.
        labels: train ids; every value that is no class is ignored, a negative one too.
        config: length, rate and seed.
        loss_of: what is descended; the cross-entropy of the logits if not given. Another loss
            knows nothing of ``class_balance``.

    Raises:
        ValueError: at once, if there are fewer images than a batch holds, not as many labels, or a
            crop is larger than the images.
    """
    if len(labels) != len(images):
        raise ValueError(f"need a label map an image, got {len(labels)} for {len(images)} images")
    if len(images) < config.batch_size:
        raise ValueError(f"need at least a batch of {config.batch_size} images, got {len(images)}")
    height, width = images.shape[1:3]
    crop = config.crop or (height, width)
    if crop[0] > height or crop[1] > width:
        raise ValueError(f"need a crop of {height}x{width} or less, got {crop[0]}x{crop[1]}")
    device = next(network.parameters()).device
    weights = _class_weights(labels, config.class_balance).to(device)
    return _steps(network, (images, labels), config, loss_of or _balanced(weights))


def _steps(
    network: Segmenter,
    learned: tuple[Tensor, Tensor],
    config: ClosedSetConfig,
    loss_of: ClosedSetLoss,
) -> Iterator[Tensor]:
    images, labels = learned
    device = next(network.parameters()).device
    optimizer = AdamW(
        network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    schedule = _one_cycle(optimizer, config)
    network.train()
    for chosen, is_flipped, corners in _draws(images.shape, config):
        batch = _cropped(images, chosen, corners, config.crop).to(device)
        target = _cropped(labels, chosen, corners, config.crop).to(device).long()
        batch = batch.flip(2).where(is_flipped[:, None, None, None].to(device), batch)
        target = target.flip(2).where(is_flipped[:, None, None].to(device), target)
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=config.is_mixed):
            loss = loss_of(network, normalize(batch), target)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        schedule.step()
        yield loss.detach()


def _balanced(weights: Float[Tensor, " classes"]) -> ClosedSetLoss:
    """Cross-entropy of the class logits, every class with its weight."""

    def loss_of(network: Segmenter, images: Tensor, target: Tensor) -> Tensor:
        logits = network(images).logits
        with torch.autocast(logits.device.type, enabled=False):
            return _known_cross_entropy(logits, target, weights)

    return loss_of


def _one_cycle(optimizer: AdamW, config: ClosedSetConfig) -> OneCycleLR:
    rate, n_steps = config.learning_rate, config.n_steps
    if n_steps > MAX_STEPS_WITHOUT_RISE:
        return OneCycleLR(optimizer, rate, total_steps=n_steps, pct_start=0.1)
    # A rise of no step is divided by; one step more, so that the last one still learns.
    return OneCycleLR(optimizer, rate, total_steps=n_steps + 1, pct_start=0.0)


def _known_cross_entropy(
    logits: Float[Tensor, "batch classes height width"],
    target: Int64[Tensor, "batch height width"],
    weights: Float[Tensor, " classes"],
) -> Float[Tensor, ""]:
    """Weighted mean over the pixels of a known class; 0, and no gradient, where there is none."""
    is_known = (target >= 0) & (target < N_CLASSES)
    known = target.where(is_known, VOID_ID)
    total = cross_entropy(logits, known, weights, ignore_index=VOID_ID, reduction="sum")
    weight = weights[target.where(is_known, 0)].where(is_known, 0).sum()
    return total / weight.where(is_known.any(), 1)


def _class_weights(
    labels: Integer[Tensor, "images height width"], balance: float
) -> Float[Tensor, " classes"]:
    """Weight of a pixel of each class; 1 for a class that no label shows."""
    counts = torch.stack([(labels == train_id).sum() for train_id in range(N_CLASSES)])
    shares = counts / counts.sum().clamp(min=1)
    return shares.where(counts > 0, 1).pow(-balance).cpu()


def copy_class_layer(network: Segmenter) -> None:
    """Give the layer behind the OOD score the weights of the class layer, as the method begins."""
    state = network.published_state()
    for key in (key for key in state if has_prefix(key, (network.ood_layer,))):
        state[key] = state[network.class_key(key)].clone()
    network.load_published_state(state)


def closed_set_confusion(
    network: Segmenter,
    images: UInt8[Tensor, "images height width 3"],
    labels: Integer[Tensor, "images height width"],
    *,
    batch_size: int = 8,
) -> Classes:
    """Pixels by true class (row) and predicted class (column), for `models.metrics.mean_iou`.

    The network may be in the middle of a training: it is left in the mode that it had.
    """
    device, was_training = next(network.parameters()).device, network.training
    network.eval()
    total = np.zeros((N_CLASSES, N_CLASSES), np.int64)
    with torch.no_grad():
        for start in range(0, len(images), batch_size):
            part = slice(start, start + batch_size)
            logits = network(normalize(images[part].to(device))).logits
            total += confusion_matrix(labels[part].numpy(), logits.argmax(1).cpu().numpy())
    network.train(was_training)
    return total


def _draws(
    shape: torch.Size, config: ClosedSetConfig
) -> Iterator[tuple[Tensor, Tensor, tuple[tuple[int, int], ...]]]:
    """For each step the images of its batch, which of them are mirrored, and corners of crops."""
    n_images, height, width = shape[:3]
    generator = torch.Generator().manual_seed(config.seed)
    n_batches = n_images // config.batch_size
    for step in range(config.n_steps):
        if step % n_batches == 0:
            order = torch.randperm(n_images, generator=generator)
        start = step % n_batches * config.batch_size
        is_flipped = torch.rand(config.batch_size, generator=generator) < MIRRORED_FRAC
        corners: tuple[tuple[int, int], ...] = ()
        if config.crop is not None:
            room = (height - config.crop[0], width - config.crop[1])
            corners = tuple(_corner(room, generator) for _ in range(config.batch_size))
        yield order[start : start + config.batch_size], is_flipped, corners


def _corner(room: tuple[int, int], generator: torch.Generator) -> tuple[int, int]:
    """Top and left of a crop, each from 0 to what there is room for."""
    top, left = (int(torch.randint(most + 1, (1,), generator=generator)) for most in room)
    return top, left


def _cropped(
    maps: Tensor,
    chosen: Tensor,
    corners: tuple[tuple[int, int], ...],
    crop: tuple[int, int] | None,
) -> Tensor:
    if crop is None:
        return maps[chosen]
    height, width = crop
    return torch.stack(
        [
            maps[index, top : top + height, left : left + width]
            for index, (top, left) in zip(chosen.tolist(), corners, strict=True)
        ]
    )
