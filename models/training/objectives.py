"""What each architecture descends: images and targets of pairs in, the parts of a loss out."""

from abc import ABC, abstractmethod

import torch
from jaxtyping import Float, Integer
from torch import Tensor, nn

from models.losses import pair_terms
from models.losses.mask2former import Mask2FormerLossConfig, mask2former_loss, training_ood_score
from models.losses.settings import ContrastiveConfig
from models.segmentation.mask2former import Mask2Former
from models.segmentation.network import Segmenter
from models.training.config import TrainingConfig
from models.training.ood_source import OodSource, ood_score_from
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
    """The loss of pairs on the logits and the OOD score.

    While only the OOD layer learns, no gradient goes through the network, whose activations are
    then not kept; the cross-entropies are constants of the batch.
    """

    def __init__(
        self, network: Segmenter, loss: ContrastiveConfig, ood_source: OodSource = "head"
    ) -> None:
        super().__init__(network)
        self._loss, self._ood_source = loss, ood_source

    def forward(
        self,
        images: Float[Tensor, "twice 3 height width"],
        targets: Integer[Tensor, "twice height width"],
        generator: torch.Generator,
        mask_loss: Mask2FormerLossConfig | None = None,  # noqa: ARG002
    ) -> dict[str, Tensor]:
        """Terms of the loss of pairs, its score being that of the source."""
        output = self.network(images)
        score = ood_score_from(self.network, output, self._ood_source)
        terms = pair_terms(output.logits, score, targets, self._loss, generator=generator)
        return dict(terms._asdict())


class Mask2FormerObjective(Objective):
    """The loss of pairs on the OOD score, and the criterion of masks where asked for.

    The score is that of training, at the scale of the masks, in both stages; the published first
    stage upsamples every mask before it sums them up.
    """

    def __init__(
        self, network: Mask2Former, loss: ContrastiveConfig, ood_source: OodSource = "head"
    ) -> None:
        super().__init__(network)
        self._loss, self._stride, self._predict = loss, network.config.mask_stride, network.predict
        self._ood_source = ood_source

    def forward(
        self,
        images: Float[Tensor, "twice 3 height width"],
        targets: Integer[Tensor, "twice height width"],
        generator: torch.Generator,
        mask_loss: Mask2FormerLossConfig | None = None,
    ) -> dict[str, Tensor]:
        """Terms of the loss of pairs, then the criterion's with the prefix `mask2former_`."""
        height, width = images.shape[2:]
        prediction = self._predict(images)
        score = training_ood_score(
            prediction,
            stride=self._stride,
            size=(height, width),
            class_logits=prediction.class_logits if self._ood_source == "logits" else None,
        )
        # The weights of the cross-entropies are 0: the criterion is in their place.
        logits = score.new_zeros(()).expand(len(score), N_CLASSES, height, width)
        contrast = pair_terms(logits, score, targets, self._loss, generator=generator)
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
        return Mask2FormerObjective(network, config.loss, config.ood_source)
    return DeepLabObjective(network, config.loss, config.ood_source)
