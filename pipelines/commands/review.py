"""`multishift review`: accept or veto samples without a browser, and list what was decided."""

from collections.abc import Sequence

from assets.reviewing.pictures import decide_on
from assets.reviewing.reviews import (
    ASSET,
    counted,
    in_force,
    picture_key,
    read_reviews,
    record_reviews,
    sample_name,
)
from assets.tracing.reading import Reader
from pipelines.commands.console import out
from pipelines.commands.decided import told_dagster, who_decides
from pipelines.settings import read_settings
from storage.review_records import ACCEPTED, VETOED, Review
from storage.store import Store


def run_review(
    samples: Sequence[str],
    *,
    decision: str,
    reason: str,
    reviewer: str | None,
) -> int:
    """Record one decision on each of the samples, all or none of them."""
    if not samples:
        raise ValueError("need a sample to decide on, got none; --list shows what was decided")
    store = _store()
    reader = Reader(store)
    found = [decide_on(text, reader, decision=decision, reason=reason) for text in samples]
    record_reviews(found, store, reviewer=who_decides(reviewer))
    for one in found:
        _say(f"{decision}: {one.name}, picture {one.image_sha256[:12]}")
    _say("training sets follow when they are materialized again: multishift select")
    told_dagster(ASSET, store)
    return 0


def run_review_list() -> int:
    """Print every decision, and which of them do not hold any more."""
    reviews = read_reviews(_store())
    held = in_force(reviews)
    for row in reviews:
        is_held = held[picture_key(row)] is row
        _say(f"{_line(row)}{'' if is_held else '  (replaced by a later one)'}")
    counts = counted(held)
    _say(f"{counts[ACCEPTED]} accepted, {counts[VETOED]} vetoed, {len(reviews)} decisions in all")
    return 0


def _line(row: Review) -> str:
    reason = f": {row.reason}" if row.reason else ""
    return (
        f"{row.decided}  {row.decision}  {sample_name(row)}  picture {row.image_sha256[:12]}  "
        f"by {row.reviewer}{reason}"
    )


def _store() -> Store:
    settings = read_settings()
    return settings.open_store()


def _say(text: str) -> None:
    out.print(text, markup=False, highlight=False, soft_wrap=True)
