"""The miniature's tokenizer: one token a word, bytes for the rest, the same for the same words."""

import random
from collections import Counter
from itertools import pairwise

import pytest

from models.generation.clip_table import END_OF_WORD
from models.generation.vocabulary import learn_merges, learn_tokenizer, miniature_sentences
from models.miniature.world import KIND_NAMES, PLACE_NAMES
from models.scenes.prompts import Condition, write_prompt


@pytest.fixture(scope="module")
def tokenizer():
    return learn_tokenizer(miniature_sentences())


def test_merges_worked_by_hand():
    # a b c</w> twice, a b</w> once: (a, b) 2 of 5 pairs, (b, c</w>) 2; the first by letters wins.
    assert learn_merges({"abc": 2, "ab": 1}) == [("a", "b"), ("ab", "c</w>"), ("a", "b</w>")]


def test_pairs_inside_one_word_do_not_overlap():
    assert learn_merges({"aaa": 1}) == [("a", "a"), ("aa", "a</w>")]
    assert learn_merges({"aaaa": 1}) == [("a", "a"), ("a", "a</w>"), ("aa", "aa</w>")]


def test_no_words_need_no_merges():
    assert learn_merges({}) == []
    assert learn_merges({"x": 4}) == []


def test_every_word_of_every_prompt_is_one_token(tokenizer):
    for place in PLACE_NAMES:
        for kind in KIND_NAMES:
            text = write_prompt(Condition(place=place, weather="foggy", time="night"), [kind])
            tokens = tokenizer.convert_ids_to_tokens(tokenizer(text).input_ids)[1:-1]
            assert all(token.endswith(END_OF_WORD) for token in tokens), tokens
            assert len(tokens) + 2 <= 77


def test_special_tokens_come_first_and_bytes_follow(tokenizer):
    ids = tokenizer("", padding="max_length", max_length=77).input_ids
    assert ids == [0, *[1] * 76]
    assert tokenizer.convert_ids_to_tokens([2, 2 + 256]) == ["!", "!</w>"]
    assert sorted(tokenizer.get_vocab().values()) == list(range(len(tokenizer)))


@pytest.mark.parametrize("text", ["zürich", "xylophone", "日本", "#7", "naïve café"])
def test_unknown_words_fall_back_to_bytes(tokenizer, text):
    ids = tokenizer(text).input_ids
    assert ids.count(0) == 1  # unknown text is no special token
    assert ids.count(1) == 1
    assert tokenizer.decode(ids, skip_special_tokens=True).replace(" ", "") == text.replace(" ", "")


def test_the_order_of_sentences_does_not_matter(tokenizer):
    shuffled = list(miniature_sentences())
    random.Random(0).shuffle(shuffled)
    assert learn_tokenizer(shuffled).get_vocab() == tokenizer.get_vocab()


def test_merges_follow_the_counts_by_a_plain_oracle():
    words = Counter({"road": 5, "roads": 3, "rod": 4, "ado": 2})
    spelled = {word: [*word[:-1], word[-1] + END_OF_WORD] for word in words}
    for pair in learn_merges(words):
        seen = Counter(
            (left, right)
            for word, symbols in spelled.items()
            for left, right in pairwise(symbols)
            for _ in range(words[word])
        )
        assert seen[pair] == max(seen.values())
        assert pair == min(other for other in seen if seen[other] == seen[pair])
        for word, symbols in spelled.items():
            joined = "\0".join(symbols)
            spelled[word] = joined.replace("\0".join(pair), "".join(pair)).split("\0")
    assert all(len(symbols) == 1 for symbols in spelled.values())
