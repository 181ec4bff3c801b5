"""The Segment Anything networks by name, built with random weights."""

from collections.abc import Callable, Mapping
from functools import cache, partial
from types import MappingProxyType
from typing import Any

from torch import nn

from models.filtering.sam.library import (
    ImageEncoderViT,
    MaskDecoder,
    PromptEncoder,
    Sam,
    TwoWayTransformer,
    build_sam_vit_b,
    build_sam_vit_h,
    build_sam_vit_l,
    build_sam_vit_t,
)
from models.random_weights import drawn_from, undisturbed

_MINIATURE_SIZE_PX = 256
_MINIATURE_PATCH_PX = 8
_MINIATURE_WIDTH = 96

_COUNTS_IN_TENSORS = frozenset({"mobile_sam"})
"""Networks whose constructor reads numbers out of tensors, which empty ones have not."""


def _miniature() -> Any:
    """For pictures of 128x256, padded to 256x256: 2.1 million parameters, 32x32 tokens.

    Patches of 8 pixels and masks at half the resolution keep small objects; three wide heads and
    windows of 8 tokens in four of six blocks keep it quick, as attention maps cost the most. The
    decoder has one mask token: boxes leave no ambiguity that three more would resolve.
    """
    n_tokens, width = _MINIATURE_SIZE_PX // _MINIATURE_PATCH_PX, _MINIATURE_WIDTH
    image_encoder = ImageEncoderViT(
        img_size=_MINIATURE_SIZE_PX,
        patch_size=_MINIATURE_PATCH_PX,
        embed_dim=144,
        depth=6,
        num_heads=3,
        out_chans=width,
        norm_layer=partial(nn.LayerNorm, eps=1e-6),
        use_rel_pos=True,
        window_size=8,
        global_attn_indexes=(2, 5),
    )
    prompt_encoder = PromptEncoder(
        embed_dim=width,
        image_embedding_size=(n_tokens, n_tokens),
        input_image_size=(_MINIATURE_SIZE_PX, _MINIATURE_SIZE_PX),
        mask_in_chans=8,
    )
    transformer = TwoWayTransformer(depth=2, embedding_dim=width, num_heads=4, mlp_dim=256)
    mask_decoder = MaskDecoder(
        transformer_dim=width,
        transformer=transformer,
        num_multimask_outputs=0,
        iou_head_hidden_dim=width,
    )
    return Sam(image_encoder, prompt_encoder, mask_decoder)


ARCHITECTURES: Mapping[str, Callable[[], Any]] = MappingProxyType(
    {
        "sam_vit_h": build_sam_vit_h,
        "sam_vit_l": build_sam_vit_l,
        "sam_vit_b": build_sam_vit_b,
        "mobile_sam": build_sam_vit_t,
        "sam_miniature": _miniature,
    }
)
"""Name -> builder. Published files: sam_vit_h_4b8939.pth, sam_vit_l_0b3195.pth,
sam_vit_b_01ec64.pth, mobile_sam.pt."""


def build(name: str, *, seed: int) -> Any:
    """Network with weights drawn from ``seed``, in evaluation mode, float32 on the CPU.

    torch's own random numbers go on afterwards as if nothing had been drawn.
    """
    with drawn_from(seed):
        return ARCHITECTURES[name]().eval()


def skeleton(name: str) -> Any:
    """Network to be given weights: it holds none of its own where that can be spared."""
    device = "cpu" if name in _COUNTS_IN_TENSORS else "meta"
    with undisturbed(device):
        return ARCHITECTURES[name]()


@cache
def published_shapes(name: str) -> Mapping[str, tuple[int, ...]]:
    """Name -> shape of every tensor of a checkpoint."""
    state = skeleton(name).state_dict()
    return MappingProxyType({key: tuple(tensor.shape) for key, tensor in state.items()})
