"""Open a round: register its key and the cities, so that there are partitions to materialize."""

import dagster as dg
from pydantic import Field

from assets.failures import bad_input_fails_once
from assets.partitions import FIRST_ROUND, open_round
from assets.resources import DataRoot


class RoundConfig(dg.Config):
    """Which round to open."""

    round: str = Field(
        FIRST_ROUND,
        description="Key of the round; it feeds every seed, so another key gives other scenes.",
    )


@dg.op
def register_round(context: dg.OpExecutionContext, config: RoundConfig, data: DataRoot) -> None:
    """Register a round and the cities of the Cityscapes training split."""
    with bad_input_fails_once():
        n_cities = open_round(context.instance, data.folder, config.round)
    context.log.info("%s is open: %d cities to materialize", config.round, n_cities)
