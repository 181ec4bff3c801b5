"""SAM as the filter uses it: images and boxes in, one mask a box out."""

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float32, UInt8
from torch import Tensor, nn

from models.filtering.masks import Box
from models.filtering.sam.library import ResizeLongestSide


class BoxMasks(NamedTuple):
    """What SAM finds in the boxes of one image.

    Attributes:
        masks: one for each box, at the size of the image.
        predicted_ious: what SAM thinks of each mask, about 0 to 1.
    """

    masks: Bool[np.ndarray, "boxes height width"]
    predicted_ious: Float32[np.ndarray, " boxes"]


class SamSegmenter(nn.Module):
    """Segment Anything, prompted with boxes.

    Attributes:
        sam: network of controlnet-aux.
        architecture: its name.
    """

    sam: Any

    def __init__(self, sam: nn.Module, *, architecture: str) -> None:
        super().__init__()
        self.sam = sam
        self.architecture = architecture

    @property
    def size_px(self) -> int:
        """Longer side that images are resized to; the shorter one is padded to it."""
        return int(self.sam.image_encoder.img_size)

    @torch.inference_mode()
    def masks_in_boxes(
        self, images: UInt8[np.ndarray, "batch height width 3"], boxes: Sequence[Sequence[Box]]
    ) -> list[BoxMasks]:
        """One mask for each box of each image, as SAM's own predictor gives it.

        The images are encoded as one batch. Every box is decoded by itself, so that its mask does
        not depend on how many others there are.

        Args:
            images: RGB.
            boxes: for each image its boxes, none included, in pixels within the image.

        Raises:
            ValueError: if boxes and images differ in number, or a box is no box of its image.
        """
        size = images.shape[1], images.shape[2]
        if len(boxes) != len(images):
            raise ValueError(f"need boxes for {len(images)} images, got them for {len(boxes)}")
        for box in (box for of_image in boxes for box in of_image):
            _check_box(box, *size)
        if not any(boxes):
            return [_stacked([], size) for _ in boxes]
        resize = ResizeLongestSide(self.size_px)
        resized = torch.from_numpy(np.stack([resize.apply_image(image) for image in images]))
        inputs = self.sam.preprocess(resized.permute(0, 3, 1, 2).contiguous().to(self.sam.device))
        embeddings, input_size = self.sam.image_encoder(inputs), tuple(resized.shape[1:3])
        answers = []
        for embedding, of_image in zip(embeddings, boxes, strict=True):
            prompts = resize.apply_boxes(np.array(of_image, np.float64).reshape(-1, 4), size)
            prompts = torch.from_numpy(prompts).float().to(self.sam.device)
            found = [self._decode(embedding, prompt, input_size, size) for prompt in prompts]
            answers.append(_stacked(found, size))
        return answers

    def _decode(
        self, embedding: Tensor, prompt: Tensor, input_size: tuple[int, ...], size: tuple[int, int]
    ) -> tuple[Tensor, Tensor]:
        """Mask (height, width) and predicted IoU of one box in pixels of the resized image."""
        sparse, dense = self.sam.prompt_encoder(points=None, boxes=prompt[None], masks=None)
        logits, predicted_iou = self.sam.mask_decoder(
            image_embeddings=embedding[None],
            image_pe=self.sam.prompt_encoder.get_dense_pe(),
            sparse_prompt_embeddings=sparse,
            dense_prompt_embeddings=dense,
            multimask_output=False,
        )
        logits = self.sam.postprocess_masks(logits, input_size, size)
        return (logits > self.sam.mask_threshold)[0, 0], predicted_iou[0, 0]

    def _apply(self, fn: Callable[..., Any], recurse: bool = True) -> "SamSegmenter":
        """Move or convert, and with it what MobileSAM's attention keeps from evaluation mode."""
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        return self.train(self.training)


def _check_box(box: Box, height: int, width: int) -> None:
    x0, y0, x1, y1 = box
    is_inside = 0 <= x0 <= x1 <= width and 0 <= y0 <= y1 <= height
    if not (is_inside and all(map(isfinite, box))):
        raise ValueError(
            f"need boxes (x0, y0, x1, y1) within an image of {height}x{width} (height x width), "
            f"got {box}"
        )


def _stacked(found: Sequence[tuple[Tensor, Tensor]], size: tuple[int, int]) -> BoxMasks:
    """Answers of one image on the CPU."""
    if not found:
        return BoxMasks(np.zeros((0, *size), np.bool_), np.zeros(0, np.float32))
    masks, predicted_ious = zip(*found, strict=True)
    return BoxMasks(
        torch.stack(masks).cpu().numpy(), torch.stack(predicted_ious).float().cpu().numpy()
    )
