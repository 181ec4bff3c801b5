"""A Dagster run with worker processes, for a test to interrupt: prints the workers, then waits."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import dagster as dg
import engine_items
import psutil

from assets.engine.resource import Engine


@dg.asset
def waits(engine: Engine) -> dg.MaterializeResult:
    """Fan out items of which one hangs."""
    for _ in engine.map(engine_items.hang_if_told, ["a", "hang"], key=str):
        workers = [p.pid for p in psutil.Process().children(recursive=True)]
        print("workers", *workers, flush=True)
    return dg.MaterializeResult()


if __name__ == "__main__":
    dg.materialize([waits], resources={"engine": Engine(mode="processes", n_workers=1, drain_s=1)})
