"""Whether the tensors of a file are those that an architecture needs, and how to say what is wrong.

Shapes in, words out: nothing here holds a weight.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

Shapes = Mapping[str, tuple[int, ...]]
"""Name -> shape."""

COUNTER_SUFFIX = ".num_batches_tracked"
"""Ends the keys of the norms' batch counters: older files and frozen norms have none."""

LIKENESS_TO_NAME = 0.5
"""Share of tensors in common from which a file is said to be of an architecture."""

MAX_NAMED = 4
"""Names or groups of names that one error spells out of each kind."""


@dataclass(frozen=True, kw_only=True)
class Mismatch:
    """Where needed and found tensors differ and nobody expected it; names in the given order."""

    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    misshapen: tuple[str, ...]

    def __bool__(self) -> bool:
        """True if anything differs."""
        return bool(self.missing or self.unexpected or self.misshapen)


def has_prefix(key: str, prefixes: Iterable[str]) -> bool:
    """Whether a key is one of the names or lies below one: ``final`` holds ``final.6.weight``."""
    return any(key == prefix or key.startswith(f"{prefix}.") for prefix in prefixes)


def compare(
    needed: Shapes, found: Shapes, *, expected: Collection[str], ignored: Collection[str]
) -> Mismatch:
    """What a file lacks and has too much; batch counters may be there or not.

    Args:
        needed: of the architecture.
        found: of the file.
        expected: prefixes of keys that either side may lack.
        ignored: keys that the file may hold beside the needed ones.
    """

    def is_wrong(key: str) -> bool:
        return not (key.endswith(COUNTER_SUFFIX) or has_prefix(key, expected))

    return Mismatch(
        missing=tuple(key for key in needed if key not in found and is_wrong(key)),
        unexpected=tuple(
            key for key in found if key not in needed and key not in ignored and is_wrong(key)
        ),
        misshapen=tuple(key for key in needed if key in found and found[key] != needed[key]),
    )


def describe(mismatch: Mismatch, needed: Shapes, found: Shapes) -> str:
    """The differences as one short phrase, keys grouped by module."""
    parts = []
    if mismatch.missing:
        parts.append(f"{len(mismatch.missing)} missing ({grouped(mismatch.missing)})")
    if mismatch.unexpected:
        parts.append(f"{len(mismatch.unexpected)} unexpected ({grouped(mismatch.unexpected)})")
    if mismatch.misshapen:
        shapes = [
            f"{key} {_spelled(found[key])} for {_spelled(needed[key])}"
            for key in mismatch.misshapen[:MAX_NAMED]
        ]
        more = ["..."] if len(mismatch.misshapen) > MAX_NAMED else []
        parts.append(f"{len(mismatch.misshapen)} of another shape ({', '.join(shapes + more)})")
    return ", ".join(parts)


def grouped(keys: Collection[str]) -> str:
    """Keys under their longest prefixes that are few enough to name, with counts."""
    paths = [key.split(".") for key in keys]
    for depth in range(max(map(len, paths)), 0, -1):
        groups: dict[str, list[str]] = {}
        for path in paths:
            groups.setdefault(".".join(path[:depth]), []).append(".".join(path))
        if len(groups) <= MAX_NAMED:
            break
    names = [
        below[0] if len(below) == 1 else f"{prefix}.* {len(below)}"
        for prefix, below in groups.items()
    ]
    return ", ".join(names[:MAX_NAMED] + ["..."] * (len(names) > MAX_NAMED))


def likeness(needed: Shapes, found: Shapes) -> float:
    """Share of the tensors of either side that both have, by name and shape; 0 to 1."""
    n_common = sum(found.get(key) == shape for key, shape in needed.items())
    return n_common / len(needed.keys() | found.keys())


def _spelled(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "scalar"
