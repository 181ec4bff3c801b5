"""Fan-out of items inside one asset: in this process, in local processes, or on a Dask cluster.

An asset asks for `assets.engine.resource.Engine` and reads `assets.engine.outcome.Outcome`. Workers
import `assets.engine.worker` and nothing else of this package, so nothing may be imported here:
Dagster alone would cost every worker more than a second.
"""
