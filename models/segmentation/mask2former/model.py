"""Mask2Former with global masked attention and a second class head."""

from collections.abc import Mapping
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

from models.segmentation.mask2former.composition import class_maps
from models.segmentation.mask2former.config import MINIATURE, Mask2FormerConfig
from models.segmentation.mask2former.decoder import MaskPrediction, QueryDecoder
from models.segmentation.mask2former.pixel_decoder import PixelDecoder
from models.segmentation.mask2former.published_names import published_name
from models.segmentation.mask2former.transformers_parts import backbone_stages, residual_backbone
from models.segmentation.network import Segmenter, SegmenterOutput, check_images


class MaskHead(nn.Module):
    """Pixel decoder and query decoder, under their published names."""

    def __init__(self, config: Mask2FormerConfig) -> None:
        super().__init__()
        self.pixel_decoder = PixelDecoder(config)
        self.predictor = QueryDecoder(config)


class Mask2Former(Segmenter):
    """Masks with a class each, summed up to one map a class.

    References: Cheng et al. 2022 (arXiv 2112.01527) for the network; Rai et al. 2023, Mask2Anomaly
    (arXiv 2307.13316) for the global masked attention; Gao et al. 2024 (arXiv 2411.03829) for the
    second class head, whose score is one minus the largest class map.
    """

    class_layer: ClassVar[str] = "sem_seg_head.predictor.class_embed"
    ood_layer: ClassVar[str] = "sem_seg_head.predictor.class_embed2"
    ignored_keys: ClassVar[frozenset[str]] = frozenset({"criterion.empty_weight"})

    def __init__(self, config: Mask2FormerConfig) -> None:
        super().__init__()
        self.config = config
        self.backbone = residual_backbone(config)
        self.sem_seg_head = MaskHead(config)

    def forward(self, images: Float[Tensor, "batch 3 height width"]) -> SegmenterOutput:
        """Class maps and OOD score of RGB images, normalized with the ImageNet mean and deviation.

        Logits are sums of products of probabilities, in [0, queries]; the score is at most one.
        Both are float32 or wider. Any height and width will do: images are padded with zeros at
        the bottom and at the right, and the padding is cut off again.
        """
        stride = self.config.mask_stride
        semantic, known = class_maps(self.predict(images), stride=stride)
        height, width = images.shape[2:]
        logits = semantic[:, :, :height, :width].contiguous()
        return SegmenterOutput(logits, 1 - known[:, :, :height, :width].amax(dim=1))

    def predict(self, images: Float[Tensor, "batch 3 height width"]) -> MaskPrediction:
        """What the queries say after the last decoder layer."""
        queries, mask_features = self._queries(images)
        return self.sem_seg_head.predictor.predict(queries[-1], mask_features)

    def predict_every_layer(
        self, images: Float[Tensor, "batch 3 height width"]
    ) -> list[MaskPrediction]:
        """What the queries say before the first and after every decoder layer, the last one last.

        Training supervises all of them. Masks cover the padded image: at the mask stride, image
        height and width rounded up to a multiple of `config.size_divisor`.
        """
        queries, mask_features = self._queries(images)
        return [self.sem_seg_head.predictor.predict(layer, mask_features) for layer in queries]

    def published_state(self) -> dict[str, Tensor]:
        """Every parameter and buffer under its published name, in the order of the modules."""
        return {published_name(name): tensor for name, tensor in self.state_dict().items()}

    def load_published_state(self, state: Mapping[str, Tensor]) -> None:
        """Take over every parameter and buffer; names and shapes are those of `published_state`."""
        own_names = {published_name(name): name for name in self.state_dict()}
        self.load_state_dict({own_names.get(name, name): state[name] for name in state})

    def _queries(self, images: Tensor) -> tuple[list[Tensor], Tensor]:
        """Normalized queries before and after every layer, and the mask features."""
        check_images(images)
        kind = self.sem_seg_head.predictor.query_feat.weight.dtype
        padded = pad_to_multiple(images.to(kind), self.config.size_divisor)
        stages = backbone_stages(self.backbone, padded)
        mask_features, levels = self.sem_seg_head.pixel_decoder(stages)
        return self.sem_seg_head.predictor(mask_features, levels), mask_features


def pad_to_multiple(
    images: Float[Tensor, "batch 3 height width"], divisor: int
) -> Float[Tensor, "batch 3 padded_height padded_width"]:
    """Images with zeros at the bottom and at the right, up to the next multiple of `divisor`."""
    height, width = images.shape[2:]
    return functional.pad(images, (0, -width % divisor, 0, -height % divisor))


def mask2former_r50() -> Mask2Former:
    """The published network, with random weights: ResNet-50, 100 queries, 9 decoder layers."""
    return Mask2Former(Mask2FormerConfig())


def mask2former_miniature() -> Mask2Former:
    """A small network of the same parts for images of about 128x256 pixels, random weights."""
    return Mask2Former(MINIATURE)
