"""A training step of stage 2 in several ways, each a function that takes it and gives its loss.

Plain ways are written as the first implementation is: one graph through the whole network, images
channel by channel, random pairs drawn on the host. All learn the same parameters of the same first
weights from the same bytes, and none gathers statistics in its norms.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import repeat

import torch
import transformers
from contrastive_loss import usual_loss
from torch import Tensor, nn
from torch.nn.functional import pad

from models.segmentation.architectures import build
from models.segmentation.mask2former import Mask2Former
from models.segmentation.mask2former.model import pad_to_multiple
from models.training.config import TrainingConfig
from models.training.objectives import TOTAL, Objective, make_objective
from models.training.parameters import begin_stage, published_parameters
from models.training.trainer import Trainer
from models.training_data import PairBatch
from storage.label_space import N_CLASSES, VOID_ID

Step = Callable[[], Tensor]

OURS = "ours"

_NEVER = 10**9


COMPILED = ("trunk", "network", "trunk-autotuned")
"""What of ours torch may be asked to compile."""


def ways_of(
    config: TrainingConfig,
    batch: PairBatch,
    device: str,
    *,
    compiled: Sequence[str] = (),
    wanted: Sequence[str] | None = None,
) -> tuple[Objective, dict[str, Step]]:
    """Our objective, and every way by name, plain ones first.

    Args:
        config: of which the only stage is measured.
        batch: on the host.
        device: where the steps are taken.
        compiled: of `COMPILED`; ours comes with each of them once more.
        wanted: names of plain ways, hyphens for spaces; None takes all.
    """
    objective = our_objective(config, device)
    plain = their_ways if isinstance(objective.network, Mask2Former) else plain_ways
    ways = {
        name: step
        for name, step in plain(config, batch, device).items()
        if wanted is None or name.replace(" ", "-") in wanted
    }
    ways[OURS] = our_step(objective, config, batch)
    for part in compiled:
        other = our_objective(config, device)
        compile_part(other, part)
        ways[f"{OURS}, {part} compiled"] = our_step(other, config, batch)
    return objective, ways


def our_objective(config: TrainingConfig, device: str) -> Objective:
    """The loss around a network with random weights, the same at every call."""
    return make_objective(build(config.architecture, seed=0).to(device), config)


def our_step(
    objective: Objective, config: TrainingConfig, batch: PairBatch, *, has_looks: bool = True
) -> Step:
    """The step as the trainer takes it; without looks the host never asks whether all is finite."""

    def batches(stage: int, epoch: int, n_skipped: int) -> Iterator[PairBatch]:  # noqa: ARG001
        return repeat(batch)

    looks = {} if has_looks else {"n_between_looks": _NEVER}
    reports = iter(Trainer(objective, config, batches, **looks))
    return lambda: next(reports).terms[TOTAL]


def compile_part(objective: Objective, part: str) -> None:
    """Let torch compile the part that has no gradient, or all that answers."""
    network = objective.network
    mode = "max-autotune-no-cudagraphs" if part == "trunk-autotuned" else "default"
    if isinstance(network, Mask2Former):
        (network if part == "network" else network.backbone).compile(mode=mode)
    elif part == "network":
        network.compile(mode=mode)
    else:
        network.extract = torch.compile(network.extract, mode=mode)


def plain_ways(config: TrainingConfig, batch: PairBatch, device: str) -> dict[str, Step]:
    """DeepLab with one network for all: only one of the steps is taken at a time."""
    network = build(config.architecture, seed=0).to(device)
    learning = _learning(network, config)
    optimizer = torch.optim.Adam(learning, **_rates(config))

    def loss_of(is_whole: bool) -> Tensor:
        network.requires_grad_(is_whole)
        for parameter in learning:
            parameter.requires_grad_()
        network.zero_grad()
        images, target = _placed(batch, device)
        return usual_loss(*network(images), target)

    def step(*, is_whole: bool = True, **precision: bool) -> Tensor:
        return _descend(lambda: loss_of(is_whole), optimizer, device, **precision)

    return {
        "plain float32": lambda: step(has_tf32=False),
        "plain TF32": step,
        "plain TF32, trunk out of the graph": lambda: step(is_whole=False),
        "plain bfloat16": lambda: step(is_mixed=True),
    }


def their_ways(config: TrainingConfig, batch: PairBatch, device: str) -> dict[str, Step]:
    """The Mask2Former of transformers with its own loss, on the last layer as ours.

    It has one attention a layer where ours has two, no second class head and no contrastive loss.
    Its masks of segments are made before the time is taken.
    """
    sizes = build(config.architecture, seed=0)
    network = _their_network(sizes).to(device)
    learning = [p for p in network.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(learning, **_rates(config))
    divisor = sizes.config.size_divisor
    segments = _segments(batch.targets.to(device), divisor)

    def loss_of() -> Tensor:
        network.zero_grad()
        images, _ = _placed(batch, device)
        found = network(pad_to_multiple(images, divisor))
        # With labels its forward adds the loss of every layer, whatever its settings are.
        answers = found.masks_queries_logits, found.class_queries_logits
        return network.get_loss(network.get_loss_dict(*answers, *segments, None))

    def step(**precision: bool) -> Tensor:
        return _descend(loss_of, optimizer, device, **precision)

    return {
        "transformers float32": lambda: step(has_tf32=False),
        "transformers TF32": step,
        "transformers bfloat16": lambda: step(is_mixed=True),
    }


def _descend(
    loss_of: Callable[[], Tensor],
    optimizer: torch.optim.Optimizer,
    device: str,
    *,
    is_mixed: bool = False,
    has_tf32: bool = True,
) -> Tensor:
    """Take a step; the defaults are torch's, whose convolutions may be TF32 both ways."""
    with tf32_convolutions(has_tf32):
        with torch.autocast(torch.device(device).type, dtype=torch.bfloat16, enabled=is_mixed):
            loss = loss_of()
        loss.backward()
        optimizer.step()
    return loss.detach()


@contextmanager
def tf32_convolutions(is_allowed: bool) -> Iterator[None]:
    """Whether float32 convolutions inside may be rounded to TF32."""
    former = torch.backends.cudnn.allow_tf32
    torch.backends.cudnn.allow_tf32 = is_allowed
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32 = former


def _placed(batch: PairBatch, device: str) -> tuple[Tensor, Tensor]:
    here = batch.to(device)
    return here.normalized().contiguous(), here.targets.long()


def _learning(network: nn.Module, config: TrainingConfig) -> list[nn.Parameter]:
    begin_stage(network, config.stages[0])
    return [p for p in published_parameters(network).values() if p.requires_grad]


def _rates(config: TrainingConfig) -> dict[str, float]:
    stage = config.stages[0]
    return {"lr": stage.learning_rate, "weight_decay": stage.weight_decay}


def _their_network(ours: Mask2Former) -> nn.Module:
    """Their network with our sizes, in training mode but for its backbone, which learns nothing."""
    sizes = ours.config
    config = transformers.Mask2FormerConfig(
        backbone_config=ours.backbone.config,
        num_labels=sizes.n_classes,
        feature_size=sizes.hidden_dim,
        mask_feature_size=sizes.hidden_dim,
        hidden_dim=sizes.hidden_dim,
        num_attention_heads=sizes.n_heads,
        encoder_layers=sizes.n_encoder_layers,
        encoder_feedforward_dim=sizes.encoder_width,
        dim_feedforward=sizes.decoder_width,
        num_queries=sizes.n_queries,
        decoder_layers=sizes.n_decoder_layers + 1,  # they count one more than they build
    )
    torch.manual_seed(0)
    network = transformers.Mask2FormerForUniversalSegmentation(config).train()
    network.model.pixel_level_module.encoder.eval().requires_grad_(False)
    return network


def _segments(targets: Tensor, divisor: int) -> tuple[list[Tensor], list[Tensor]]:
    """Masks and classes of every image, padded as the images are."""
    height, width = targets.shape[1:]
    padded = pad(targets, (0, -width % divisor, 0, -height % divisor), value=VOID_ID)
    classes = [image[image < N_CLASSES].unique().long() for image in padded]
    masks = [
        (image == names[:, None, None]).float()
        for image, names in zip(padded, classes, strict=True)
    ]
    return masks, classes
