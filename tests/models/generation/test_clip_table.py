"""CLIP's tokenizer, from the table that another package carries."""

import importlib.util

import pytest

from models.generation import clip_table
from models.generation.clip_table import byte_tokens, clip_tokenizer


@pytest.fixture(scope="module")
def tokenizer():
    built = clip_tokenizer()
    if built is None:
        pytest.skip("needs the extra sd (open_clip_torch)")
    return built


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        # Known of CLIP: the last vocabulary entries are start and end; words as published.
        ("a photo of a cat", [49406, 320, 1125, 539, 320, 2368, 49407]),
        ("A Photo  of a CAT", [49406, 320, 1125, 539, 320, 2368, 49407]),
        ("", [49406, 49407]),
    ],
)
def test_known_ids(tokenizer, text, ids):
    assert tokenizer(text).input_ids == ids


def test_the_vocabulary_is_whole(tokenizer):
    assert len(tokenizer) == 49408
    assert tokenizer.model_max_length == 77
    assert (tokenizer.bos_token_id, tokenizer.eos_token_id) == (49406, 49407)
    assert tokenizer("cat", padding="max_length").input_ids == [49406, 2368, *[49407] * 75]


def test_it_agrees_with_the_package_on_plain_text(tokenizer):
    table = clip_table._table()
    spec = importlib.util.spec_from_file_location("clip_words", table.with_name("tokenizer.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    theirs = module.SimpleTokenizer(str(table))
    for text in (
        "An image sampled from various stereo video sequences taken by dash cam in Walvis Bay.",
        "There is a chest of drawers accidentally staying on the road., best quality, 4k",
        "it's 21 o'clock; they'll leave (maybe)!?",
        "Zürich, naïve café 日本",
    ):
        assert tokenizer(text).input_ids[1:-1] == theirs.encode(text)


def test_bytes_are_256_and_printable():
    tokens = byte_tokens()
    assert len(set(tokens)) == 512
    assert tokens[:3] == ["!", '"', "#"]
    assert all(token.isprintable() and not token.isspace() for token in tokens)


def test_without_the_package_there_is_no_tokenizer(monkeypatch):
    monkeypatch.setattr(clip_table, "find_spec", lambda name: None)
    assert clip_tokenizer() is None
