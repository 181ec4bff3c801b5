"""Runs for what changed: one for each state that a sensor has not asked for yet."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

import dagster as dg

MAX_REQUESTS = 20
"""Runs that one tick asks for at most; the rest comes with the next ticks."""

Cursor = Mapping[str, str]
"""What was asked for last, by name: a digest."""


@dataclass(frozen=True)
class State:
    """What a run would work on, and the newest event that made it so.

    A state that comes back after another has another event: it is asked for again, where its digest
    alone would be taken for the run of the first time.
    """

    digest: str
    event: int


def ask(
    wanted: Mapping[str, State], asked: Cursor, config: Mapping[str, object], *, nothing: str
) -> dg.SensorResult | dg.SkipReason:
    """A run for each partition whose digest is another than at the last request."""
    due = [name for name in sorted(wanted) if wanted[name].digest != asked.get(name)]
    if not due:
        return dg.SkipReason(nothing)
    chosen = {name: wanted[name] for name in due[:MAX_REQUESTS]}
    requests = [
        dg.RunRequest(
            run_key=f"{name}:{state.digest}:{state.event}", partition_key=name, run_config=config
        )
        for name, state in chosen.items()
    ]
    cursor = {**asked, **{name: state.digest for name, state in chosen.items()}}
    return dg.SensorResult(run_requests=requests, cursor=json.dumps(cursor, sort_keys=True))


def asked_by(context: dg.SensorEvaluationContext) -> Cursor:
    """What the ticks of a sensor have asked for."""
    return dict(json.loads(context.cursor)) if context.cursor else {}
