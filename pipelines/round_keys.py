"""Names of scheduled rounds: one for each tick, the same whenever the tick is evaluated."""

import re
from datetime import UTC, datetime

_WEEKLY = re.compile(r"(@weekly|\d+ \d+ \* \* ([0-7]|[A-Za-z]{3}))")


def round_key(cron: str, tick: datetime) -> str:
    """Key of the round that a tick opens: its week where the cron ticks weekly, else its minute.

    Args:
        cron: the schedule's line.
        tick: time that the tick was scheduled for, in the schedule's time zone.

    Returns:
        Such as ``week-2026-48`` (ISO 8601), or ``round-2026-11-23T0516`` (UTC).
    """
    if _WEEKLY.fullmatch(cron.strip()):
        year, week, _ = tick.isocalendar()
        return f"week-{year}-{week:02d}"
    # In UTC: summer time repeats an hour, and two ticks of it must not share a round.
    return f"round-{tick.astimezone(UTC):%Y-%m-%dT%H%M}"
