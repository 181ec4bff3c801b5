"""Prompts become what the UNet attends to, or a clear error."""

from dataclasses import replace

import pytest
import torch

from models.generation import BundleError, count_tokens, encode_prompts


def test_prompts_are_padded_to_77_tokens_each_by_itself(tiny_bundle):
    both = encode_prompts(tiny_bundle, ["a red box", "a snowy night on the road"])
    assert both.shape == (2, 77, 32)
    assert not both.requires_grad
    alone = encode_prompts(tiny_bundle, ["a red box"])
    assert torch.allclose(both[:1], alone, atol=1e-6)
    assert not torch.allclose(both[0], both[1], atol=1e-3)


def test_it_is_what_diffusers_pipeline_encodes(tiny_bundle):
    from models.generation.saving import pipeline

    own = encode_prompts(tiny_bundle, ["a red box", ""])
    theirs, negative = pipeline(tiny_bundle).encode_prompt("a red box", "cpu", 1, True)
    assert torch.allclose(own[:1], theirs, atol=1e-6)
    assert torch.allclose(own[1:], negative, atol=1e-6)


def test_tokens_are_counted_with_start_and_end(tiny_bundle):
    assert count_tokens(tiny_bundle, "") == 2
    assert count_tokens(tiny_bundle, "a red box") == 5


def test_what_is_beyond_the_last_position_has_no_effect(tiny_bundle):
    long = "box " * 75
    assert count_tokens(tiny_bundle, long) == 77
    cut, whole = encode_prompts(tiny_bundle, [long + "red night", long])
    assert torch.equal(cut, whole)


def test_only_prompts_need_a_text_encoder(tiny_bundle):
    with pytest.raises(BundleError) as refused:
        encode_prompts(replace(tiny_bundle, source="x.pth", text_encoder=None), ["a"])
    assert str(refused.value) == (
        "x.pth: need a text encoder for prompts, found a bundle without one; use a checkpoint with "
        "cond_stage_model.*, or a folder or hub id with text_encoder"
    )


def test_only_prompts_need_a_tokenizer(tiny_bundle):
    with pytest.raises(BundleError, match=r"need a tokenizer .* pip install 'multishift\[sd\]'"):
        encode_prompts(replace(tiny_bundle, tokenizer=None), ["a"])
    with pytest.raises(BundleError, match="need a tokenizer"):
        count_tokens(replace(tiny_bundle, tokenizer=None), "a")


@pytest.mark.parametrize("prompts", [[], (), "a red box"])
def test_no_prompts_are_an_error(tiny_bundle, prompts):
    with pytest.raises(ValueError, match="need a sequence of one or more prompts"):
        encode_prompts(tiny_bundle, prompts)
