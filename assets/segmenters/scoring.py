"""The held-out frames of a training set, as what checkpoints are compared on."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import UInt8

from assets.segmenters.curve import Score
from assets.segmenters.splitting import Split
from assets.selecting.dataset import TrainingPairs
from models.score_sheet import ScoredImage, score_sheet
from models.segmentation import Segmenter
from models.training.config import TrainingConfig
from models.training.selection import LabeledImage, ood_score_of, selection_score
from models.training.trainer import StepReport


class HeldOutFrames:
    """Photographs of the held-out frames, and one scene of each, at their full size."""

    def __init__(
        self, network: Segmenter, pairs: TrainingPairs, split: Split, config: TrainingConfig
    ) -> None:
        """Prepare to score a network that is in training as the configuration says."""
        self.network, self.split = network, split
        self._pairs, self._config = pairs, config

    def score(self, report: StepReport) -> Score:
        """How well the network does after a step.

        Raises:
            ValueError: if the frames show no unknown object or nothing else, or a file is bad.
        """
        try:
            found = selection_score(
                self.network,
                self._images(),
                is_mixed=self._config.is_mixed,
                ood_source=self._config.ood_source,
            )
        except ValueError as error:
            raise ValueError(
                f"the held-out frames {', '.join(self.split.frame_ids[:3])}, ... cannot be scored: "
                f"{error}"
            ) from error
        return Score(
            step=report.step,
            stage=report.stage,
            epoch=report.epoch,
            average_precision=found.average_precision,
            mean_iou=found.mean_iou,
        )

    def sheet(self, n_rows: int = 3) -> UInt8[np.ndarray, "_ _ 3"]:
        """A picture of what the network scores high on the scenes of a few held-out frames.

        Raises:
            ValueError: if a file is bad.
        """
        pairs = [self._pairs.pair(index) for index in self.split.scored[:n_rows]]
        return score_sheet(
            [
                ScoredImage(
                    image=pair.generated,
                    label=pair.generated_label,
                    ood_score=ood_score_of(
                        self.network,
                        pair.generated,
                        is_mixed=self._config.is_mixed,
                        ood_source=self._config.ood_source,
                    ),
                )
                for pair in pairs
            ]
        )

    def _images(self) -> Iterator[LabeledImage]:
        for index in self.split.scored:
            pair = self._pairs.pair(index)
            yield pair.original, pair.original_label
            yield pair.generated, pair.generated_label
