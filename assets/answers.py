"""Answers to the blocking checks of an asset, all in one form."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import dagster as dg

_SHOWN = 5


def check_specs(asset: str, questions: Mapping[str, object]) -> list[dg.AssetCheckSpec]:
    """Blocking checks that an asset answers itself; the first line of each says what it asks."""
    return [
        dg.AssetCheckSpec(name, asset=asset, blocking=True, description=question.__doc__)
        for name, question in questions.items()
    ]


def answer(
    asset: str, name: str, problems: Sequence[str], facts: Mapping[str, Any]
) -> dg.AssetCheckResult:
    """Passed where there is no problem; the first ones are spelled out beside the facts."""
    shown = "; ".join(problems[:_SHOWN]) or "none"
    return dg.AssetCheckResult(
        passed=not problems,
        asset_key=asset,
        check_name=name,
        metadata={**facts, "problems": shown, "n_problems": len(problems)},
    )


def named(keys: Iterable[tuple[object, ...]]) -> list[str]:
    """Keys of frame, variant and, of an attempt, its number, as people read them; sorted."""
    words = ("frame", "variant", "attempt")
    return [
        ", ".join(f"{word} {part}" for word, part in zip(words, key, strict=False))
        for key in sorted(keys, key=str)
    ]
