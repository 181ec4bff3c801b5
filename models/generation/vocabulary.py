"""A small tokenizer in the manner of CLIP's, learned from the sentences that prompts can be.

Every word of those sentences becomes one token; any other text falls back to bytes.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise, product
from typing import Any

from transformers import CLIPTokenizer

from models.generation.clip_table import END, END_OF_WORD, N_TOKENS, START, byte_tokens
from models.miniature.world import KIND_NAMES, PLACE_NAMES, TIMES, WEATHERS
from models.scenes.prompts import Condition, write_prompt

Pair = tuple[str, str]


def miniature_sentences() -> tuple[str, ...]:
    """Prompts of the miniature world that hold every word that its prompts can hold."""
    conditions = (
        Condition(place=place, weather=weather, time=time)
        for place, weather, time in product(PLACE_NAMES, WEATHERS, TIMES)
    )
    settings = (write_prompt(condition, KIND_NAMES[:2]) for condition in conditions)
    objects = (write_prompt(Condition(), [kind]) for kind in KIND_NAMES)
    return (*settings, *objects)


def learn_tokenizer(sentences: Iterable[str]) -> CLIPTokenizer:
    """Tokenizer whose tokens are start (0), end and padding (1), the bytes, and the words.

    Pairs are merged in the order of their frequency, of equal ones the first by code points, until
    every word is one token: the same sentences give the same tokenizer in any order.

    Reference: Sennrich et al. 2016, byte pair encoding.
    """
    # Named Any: the library's annotation lacks the pairs that it needs.
    merges: Any = learn_merges(Counter(_words(sentences)))
    tokens = [START, END, *byte_tokens(), *map("".join, merges)]
    vocabulary = {token: number for number, token in enumerate(dict.fromkeys(tokens))}
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=N_TOKENS)


def learn_merges(n_seen: Mapping[str, int]) -> list[Pair]:
    """Pairs of symbols to merge, in their order, so that every word becomes one symbol.

    Args:
        n_seen: word, in letters that stand for bytes -> how often it was seen.
    """
    spelled = {word: [*word[:-1], word[-1] + END_OF_WORD] for word in n_seen}
    merges: list[Pair] = []
    while True:
        n_pairs: Counter[Pair] = Counter()
        for word, symbols in spelled.items():
            for pair in pairwise(symbols):
                n_pairs[pair] += n_seen[word]
        if not n_pairs:
            return merges
        merges.append(min(n_pairs, key=lambda pair: (-n_pairs[pair], pair)))
        spelled = {word: _merged(symbols, merges[-1]) for word, symbols in spelled.items()}


def _words(sentences: Iterable[str]) -> Iterable[str]:
    """The words as CLIP's tokenizer would cut and spell them."""
    blank = CLIPTokenizer().backend_tokenizer
    for sentence in sentences:
        plain = blank.normalizer.normalize_str(sentence)
        yield from (word for word, _ in blank.pre_tokenizer.pre_tokenize_str(plain))


def _merged(symbols: list[str], pair: Pair) -> list[str]:
    merged: list[str] = []
    for symbol in symbols:
        if merged and (merged[-1], symbol) == pair:
            merged[-1] += symbol
        else:
            merged.append(symbol)
    return merged
