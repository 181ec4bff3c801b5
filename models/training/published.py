"""The published trainings, and editions of them for the miniature networks.

Reference: Gao et al. 2024 (arXiv 2411.03829), section 3 and appendix A.3, and its code, whose
training runs 49 epochs of the 50 that it names: 9 and 40 of DeepLab, 4 and 45 of Mask2Former.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from models.losses import DEEPLAB_LOSS, MASK2FORMER_LOSS
from models.losses.mask2former import PUBLISHED_BACKGROUND, STAGE_TWO_LOSS
from models.losses.settings import contrastive_config
from models.training.config import StageConfig, TrainingConfig
from models.training.ood_source import ood_layer_of
from models.training_data import PAIR_TRANSFORMS, PUBLISHED_TRANSFORMS

_DEEPLAB = TrainingConfig(
    architecture="deeplab_wrn38",
    stages=(
        StageConfig(trainable=("ood_head",), n_epochs=9, learning_rate=1e-4, weight_decay=1e-4),
        StageConfig(
            # The last layer of the classes, `final`, keeps every bit in both stages.
            trainable=("aspp", "bot_fine", "bot_aspp", "ood_head"),
            n_epochs=40,
            learning_rate=1e-6,
            weight_decay=1e-4,
        ),
    ),
    loss=contrastive_config(DEEPLAB_LOSS),
    transform=PAIR_TRANSFORMS["deeplab"],
)

_MASK2FORMER = TrainingConfig(
    architecture="mask2former_r50",
    stages=(
        StageConfig(
            trainable=("sem_seg_head.predictor.class_embed2",), n_epochs=4, learning_rate=1e-4
        ),
        StageConfig(
            trainable=("sem_seg_head",),
            n_epochs=45,
            optimizer="adamw",
            learning_rate=1e-5,
            rate_factors=(("backbone", 0.1),),
            weight_decay=0.05,
            is_decay_selective=True,
            max_gradient_norm=0.01,
            mask_loss=STAGE_TWO_LOSS,
        ),
    ),
    loss=contrastive_config(MASK2FORMER_LOSS),
    transform=PAIR_TRANSFORMS["mask2former"],
)

_DEEPLAB_MINIATURE = replace(
    _DEEPLAB,
    architecture="deeplab_miniature",
    stages=(
        replace(_DEEPLAB.stages[0], n_epochs=2, learning_rate=1e-2),
        replace(_DEEPLAB.stages[1], n_epochs=4, learning_rate=1e-4),
    ),
    transform=PAIR_TRANSFORMS["deeplab_miniature"],
    batch_size=4,
    is_mixed=False,
)

_MASK2FORMER_MINIATURE = replace(
    _MASK2FORMER,
    architecture="mask2former_miniature",
    stages=(
        replace(_MASK2FORMER.stages[0], n_epochs=2, learning_rate=1e-2),
        replace(
            _MASK2FORMER.stages[1],
            n_epochs=4,
            learning_rate=1e-4,
            mask_loss=replace(STAGE_TWO_LOSS, n_points=1_024),
        ),
    ),
    transform=PAIR_TRANSFORMS["mask2former_miniature"],
    batch_size=4,
    is_mixed=False,
)

PUBLISHED: Mapping[str, TrainingConfig] = MappingProxyType(
    {
        config.architecture: config
        for config in (_DEEPLAB, _MASK2FORMER, _DEEPLAB_MINIATURE, _MASK2FORMER_MINIATURE)
    }
)
"""Training by architecture as the paper has it, in bfloat16 on a GPU.

Where the paper says that a part is frozen it truly is, and no batch norm gathers statistics.
`trainable=("backbone", "sem_seg_head")` trains all of a Mask2Former, the backbone ten times slower.
A decay that no source states is 0. The miniatures have the same stages, with fewer epochs and
higher rates, tried on toy pictures, for two cores.
"""

RELEASED: Mapping[str, TrainingConfig] = MappingProxyType(
    {
        "deeplab_wrn38": replace(
            _DEEPLAB,
            stages=tuple(replace(stage, norms="running") for stage in _DEEPLAB.stages),
            transform=PUBLISHED_TRANSFORMS["deeplab"],
            is_mixed=False,
        ),
        "mask2former_r50": replace(
            _MASK2FORMER,
            stages=(
                _MASK2FORMER.stages[0],
                replace(
                    _MASK2FORMER.stages[1],
                    trainable=("backbone", "sem_seg_head"),
                    mask_loss=replace(STAGE_TWO_LOSS, background_ids=PUBLISHED_BACKGROUND),
                ),
            ),
            transform=PUBLISHED_TRANSFORMS["mask2former"],
            is_mixed=False,
        ),
    }
)
"""What the released code does where it departs from the paper, for comparison.

DeepLab's norms gather statistics and its dropout drops in all of the network, in both stages;
Mask2Former's second stage trains the ResNet too, whose norms stay in evaluation mode.
"""


def without_head(config: TrainingConfig) -> TrainingConfig:
    """The training with its OOD score taken from the class logits, and no OOD layer learned.

    A stage of that layer alone is left out, and the others do not name it. So DeepLab has its
    second stage only, in which the features below the fixed class layer learn.

    Reference: Gao et al. 2024, table 5, "- learnable head", which does not say what becomes of the
    first stage: nothing would learn in it.

    Raises:
        ValueError: if nothing else learns in any stage.
    """
    layer = ood_layer_of(config.architecture)
    kept = ((stage, tuple(p for p in stage.trainable if p != layer)) for stage in config.stages)
    stages = tuple(replace(stage, trainable=others) for stage, others in kept if others)
    return replace(config, stages=stages, ood_source="logits")
