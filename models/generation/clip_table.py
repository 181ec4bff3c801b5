"""The tokenizer of CLIP, built from the table of byte pairs that open_clip_torch carries."""

import gzip
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tokenizers.pre_tokenizers import ByteLevel
from transformers import CLIPTokenizer

TABLE = "bpe_simple_vocab_16e6.txt.gz"
INSTALL = "install the extra: pip install 'multishift[sd]'"
END_OF_WORD = "</w>"
START, END = "<|startoftext|>", "<|endoftext|>"
N_TOKENS = 77
"""Positions of CLIP's text encoder: 75 tokens between start and end."""

_N_VOCABULARY = 49408
_N_BYTES = 256
_N_MERGES = _N_VOCABULARY - 2 * _N_BYTES - 2


def byte_tokens() -> list[str]:
    """The 256 bytes as printable letters, then the same at the end of a word; CLIP's order.

    Reference: Radford et al. 2019 (GPT-2) map bytes to letters so that all are printable; sorting
    by code point gives their order.
    """
    alphabet = sorted(ByteLevel.alphabet())
    return [*alphabet, *(letter + END_OF_WORD for letter in alphabet)]


def clip_tokenizer() -> CLIPTokenizer | None:
    """CLIP's tokenizer (49,408 tokens, start 49406, end and padding 49407); None without the table.

    Reference: Radford et al. 2021: bytes, merges in the order of the table, start, end.
    """
    table = _table()
    if table is None:
        return None
    lines = gzip.decompress(table.read_bytes()).decode("utf-8").split("\n")
    merges: Any = [(left, right) for left, right in map(str.split, lines[1 : _N_MERGES + 1])]
    tokens = [*byte_tokens(), *map("".join, merges), START, END]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    return CLIPTokenizer(vocab=vocabulary, merges=merges, model_max_length=N_TOKENS)


def _table() -> Path | None:
    """Where the package keeps its table; the package itself is not imported."""
    found = find_spec("open_clip")
    folders = found.submodule_search_locations if found else None
    paths = (Path(folder) / TABLE for folder in folders or ())
    return next((path for path in paths if path.is_file()), None)
