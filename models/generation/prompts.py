"""Prompts as what a generator attends to."""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor
from transformers import CLIPTextModel, CLIPTokenizer

from models.generation.bundle import Bundle, BundleError
from models.generation.clip_table import INSTALL


@torch.no_grad()
def encode_prompts(bundle: Bundle, prompts: Sequence[str]) -> Float[Tensor, "prompt token width"]:
    """Last hidden states of the text encoder, padded to its 77 tokens, on its device.

    Tokens beyond the 75th are cut off, as published; see `count_tokens`.

    Raises:
        BundleError: if the bundle has no text encoder or no tokenizer.
        ValueError: if there is no prompt.
    """
    encoder, tokenizer = _text_parts(bundle)
    if isinstance(prompts, str) or not prompts:
        raise ValueError(f"need a sequence of one or more prompts, got {prompts!r}")
    ids = tokenizer(
        list(prompts),
        padding="max_length",
        max_length=tokenizer.model_max_length,
        truncation=True,
        return_tensors="pt",
    ).input_ids
    states: Tensor = encoder(ids.to(encoder.device)).last_hidden_state
    return states


def count_tokens(bundle: Bundle, prompt: str) -> int:
    """Tokens of a prompt with start and end; what is beyond the encoder's 77 has no effect.

    Raises:
        BundleError: if the bundle has no tokenizer.
    """
    return len(_tokenizer(bundle)(prompt).input_ids)


def _text_parts(bundle: Bundle) -> tuple[CLIPTextModel, CLIPTokenizer]:
    if bundle.text_encoder is None:
        fact = "need a text encoder for prompts, found a bundle without one"
        cure = "use a checkpoint with cond_stage_model.*, or a folder or hub id with text_encoder"
        raise BundleError(bundle.source, fact, cure)
    return bundle.text_encoder, _tokenizer(bundle)


def _tokenizer(bundle: Bundle) -> CLIPTokenizer:
    if bundle.tokenizer is None:
        fact = "need a tokenizer for prompts, found a bundle without one"
        cure = f"single files take theirs from open_clip_torch: {INSTALL}"
        raise BundleError(bundle.source, fact, cure)
    return bundle.tokenizer
