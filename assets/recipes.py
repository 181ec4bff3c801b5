"""Recipes: digests of all that decides what a version holds."""

import hashlib
import json
from collections.abc import Mapping


def recipe_of(facts: Mapping[str, object]) -> str:
    """Digest of facts that JSON can hold; equal facts, in whatever order, give equal recipes."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
