"""Generators of scenes: diffusion models steered by a layout and a prompt, and their one door."""

from models.generation.bundle import Bundle, BundleError
from models.generation.door import load_bundle
from models.generation.prompts import count_tokens, encode_prompts
from models.generation.saving import save_bundle

__all__ = [
    "Bundle",
    "BundleError",
    "count_tokens",
    "encode_prompts",
    "load_bundle",
    "save_bundle",
]
