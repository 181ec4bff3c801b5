"""Segment Anything as controlnet-aux brings it, imported without the warnings of its neighbors.

The import reads the whole package, every annotator of it, and takes seconds.
"""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from controlnet_aux.segment_anything.build_sam import (
        build_sam_vit_b,
        build_sam_vit_h,
        build_sam_vit_l,
        build_sam_vit_t,
    )
    from controlnet_aux.segment_anything.modeling import (
        ImageEncoderViT,
        MaskDecoder,
        PromptEncoder,
        Sam,
        TwoWayTransformer,
    )
    from controlnet_aux.segment_anything.utils.transforms import ResizeLongestSide

__all__ = [
    "ImageEncoderViT",
    "MaskDecoder",
    "PromptEncoder",
    "ResizeLongestSide",
    "Sam",
    "TwoWayTransformer",
    "build_sam_vit_b",
    "build_sam_vit_h",
    "build_sam_vit_l",
    "build_sam_vit_t",
]
