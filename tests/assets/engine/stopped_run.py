"""A Dagster run whose stage keeps a line for each outcome, for a test to stop.

Arguments: folder, mode of the engine, seconds to drain, and ``executor`` to run as the UI does, in
processes of Dagster's own.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import dagster as dg
import stopped_items

from assets.engine.resource import Engine

FOLDER, MODE, DRAIN_S = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])


@dg.asset
def keeps(engine: Engine) -> dg.MaterializeResult:
    """Keep what comes out, slowly."""
    items = [(str(FOLDER), number) for number in range(20)]
    for outcome in engine.map(stopped_items.take_two_seconds, items, key=lambda item: str(item[1])):
        with (FOLDER / "rows").open("a") as rows:
            rows.write(f"{outcome.key}\n")
    (FOLDER / "committed").touch()
    return dg.MaterializeResult()


defs = dg.Definitions(
    assets=[keeps],
    resources={"engine": Engine(mode=MODE, n_workers=2, drain_s=DRAIN_S, start_timeout_s=40)},
    jobs=[dg.define_asset_job("job")],
)


def job() -> dg.JobDefinition:
    return defs.resolve_job_def("job")


if __name__ == "__main__":
    from dagster._utils.interrupts import setup_interrupt_handlers

    setup_interrupt_handlers()  # as Dagster's own commands do
    if "executor" in sys.argv:
        with dg.DagsterInstance.get() as instance:
            ran = dg.execute_job(dg.build_reconstructable_job("stopped_run", "job"), instance)
            sys.exit(0 if ran.success else 1)
    job().execute_in_process()
