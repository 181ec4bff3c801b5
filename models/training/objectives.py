"""What each architecture descends: images and targets of pairs in, the parts of a loss out."""

from abc import ABC, abstractmethod

import torch
from jaxtyping import Float, Integer
from torch import Tensor, nn

from models.losses import relative_contrastive_terms
from models.losses.mask2former import Mask2FormerLossConfig, mask2former_loss, training_ood_score
from models.losses.settings import ContrastiveConfig
from models.segmentation.mask2former import Mask2Former
from models.segmentation.network import Segmenter
from models.training.config import TrainingConfig
from storage.label_space import N_CLASSES

TOTAL = "total"
"""Name of the term that is descended."""


class Objective(nn.Module, ABC):
    """A loss as a module around the network, so that a launcher can wrap both.

    Attributes:
        network: what learns; the objective has no parameters of its own.
    """

    def __init__(self, network: Segmenter) -> None:
        super().__init__()
        self.network = network

    @abstractmethod
    def forward(
        self,
        images: Float[Tensor, "twice 3 height width"],
        targets: Integer[Tensor, "twice height width"],
        generator: torch.Generator,
        mask_loss: Mask2FormerLossConfig | None = None,
    ) -> dict[str, Tensor]:
        """Scalar terms by name, the sum `total` among them, of pairs, originals first."""


class DeepLabObjective(Objective):
    """The relative contrastive loss on the logits and the OOD score.

    While only the OOD layer learns, no gradient goes through the network, whose activations are
    then not kept; the cross-entropies are constants of the batch.
    """

    def __init__(self, network: Segmenter, loss: ContrastiveConfig) -> None:
        super().__init__(network)
        self._loss = loss

    def forward(
        self,
        images: Float[Tensor, "twice 3 height width"],
        targets: Integer[Tensor, "twice height width"],
        generator: torch.Generator,
        mask_loss: Mask2FormerLossConfig | None = None,  # noqa: ARG002
    ) -> dict[str, Tensor]:
        """Terms of the relative contrastive loss."""
        output = self.network(images)
        terms = relative_contrastive_terms(
            output.logits, output.ood_score, targets, **self._loss.keywords(), generator=generator
        )
        return dict(terms._asdict())


class Mask2FormerObjective(Objective):
    """The relative contrastive loss on the OOD score, and the criterion of masks where asked for.

    The score is that of training, at the scale of the masks, in both stages; the published first
    stage upsamples every mask before it sums them up.
    """

    def __init__(self, network: Mask2Former, loss: ContrastiveConfig) -> None:
        super().__init__(network)
        self._loss, self._stride, self._predict = loss, network.config.mask_stride, network.predict

    def forward(
        self,
        images: Float[Tensor, "twice 3 height width"],
        targets: Integer[Tensor, "twice height width"],
        generator: torch.Generator,
        mask_loss: Mask2FormerLossConfig | None = None,
    ) -> dict[str, Tensor]:
        """Hinge terms, then the criterion's with the prefix `mask2former_`."""
        height, width = images.shape[2:]
        prediction = self._predict(images)
        score = training_ood_score(prediction, stride=self._stride, size=(height, width))
        # The weights of the cross-entropies are 0: the criterion is in their place.
        logits = score.new_zeros(()).expand(len(score), N_CLASSES, height, width)
        contrast = relative_contrastive_terms(
            logits, score, targets, **self._loss.keywords(), generator=generator
        )
        terms = dict(contrast._asdict())
        if mask_loss is not None:
            criterion = mask2former_loss(
                prediction, targets, stride=self._stride, config=mask_loss, generator=generator
            )
            terms |= {f"mask2former_{k}": term for k, term in criterion._asdict().items()}
            terms[TOTAL] = terms[TOTAL] + criterion.total
        return terms


def make_objective(network: Segmenter, config: TrainingConfig) -> Objective:
    """The objective of the configuration's architecture around a network of it."""
    if isinstance(network, Mask2Former):
        return Mask2FormerObjective(network, config.loss)
    return DeepLabObjective(network, config.loss)
