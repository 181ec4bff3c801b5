"""Where the OOD score of a training comes from: a layer of its own, or the class logits."""

from typing import Literal

from jaxtyping import Float
from torch import Tensor

from models.scores.baselines import baseline_score
from models.segmentation.deeplab import DeepLab
from models.segmentation.mask2former import Mask2Former
from models.segmentation.network import Segmenter, SegmenterOutput

OodSource = Literal["head", "logits"]


def has_masks(architecture: str) -> bool:
    """Whether networks of this name sum up masks."""
    return architecture.startswith("mask2former")


def ood_layer_of(architecture: str) -> str:
    """Published prefix of the OOD layer of networks of this name."""
    kind: type[Segmenter] = Mask2Former if has_masks(architecture) else DeepLab
    return kind.ood_layer


def ood_score_from(
    network: Segmenter, output: SegmenterOutput, source: OodSource
) -> Float[Tensor, "batch height width"]:
    """The OOD score of the source, higher is further out.

    That of the logits is the score which Gao et al. 2024 replace with a layer: the energy, or of a
    network with masks minus the largest class map. Evaluation names them `energy` and `max_logit`.

    Args:
        network: that gave the output.
        output: of the network.
        source: of the score.
    """
    if source == "head":
        return output.ood_score
    is_masked = isinstance(network, Mask2Former)
    name = "max_logit" if is_masked else "energy"
    return baseline_score(name, output.logits, has_masks=is_masked)
