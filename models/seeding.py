"""Seeds that depend on what is drawn, never on the order or the worker that draws it."""

import hashlib

Part = str | int


def derive_seed(*parts: Part) -> int:
    """Seed in [0, 2**63) that is a pure function of its parts, in their order.

    Parts keep their type and their borders: ``("a", 1)``, ``("a", "1")`` and ``("a1",)`` give three
    different seeds. In generation the parts are (round, frame, variant, attempt).

    Raises:
        ValueError: if there is no part, or one is neither a text nor a plain integer.
    """
    if not parts or not all(type(part) in (str, int) for part in parts):
        raise ValueError(f"need one or more texts and integers, got {parts!r}")
    named = [f"{type(part).__name__}:{part}".encode() for part in parts]
    digest = hashlib.sha256(b"".join(b"%d:%b" % (len(name), name) for name in named)).digest()
    return int.from_bytes(digest[:8], "big") >> 1
