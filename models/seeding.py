"""Seeds that depend on what is drawn, never on the order or the worker that draws it."""

import hashlib

Part = str | int


def derive_seed(*parts: Part) -> int:
    """Seed in [0, 2**63) that is a pure function of its parts, in their order.

    Parts keep their type and their borders: ``("a", 1)``, ``("a", "1")`` and ``("a1",)`` give three
    different seeds. In generation the parts are (round, frame, variant, attempt).

    Raises:
        ValueError: if there is no part.
    """
    if not parts:
        raise ValueError("need at least one part to derive a seed from, got none")
    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in parts)
    digest = hashlib.sha256(text.encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
