"""What people decided as observable sources: a veto makes stale what was made without it.

The store holds the decisions. The commands that write them report the new data version at once;
observing the sources brings Dagster up to date with decisions that were made elsewhere.
"""

import warnings
from collections.abc import Callable, Iterator

import dagster as dg

from assets.resources import ManifestStore
from assets.retracting.retractions import ASSET as RETRACTIONS
from assets.retracting.retractions import data_version_of_retractions, read_retractions
from assets.reviewing.reviews import ASSET as REVIEWS
from assets.reviewing.reviews import read_reviews
from assets.reviewing.standing import data_version_of_reviews
from storage.store import Store

warnings.filterwarnings("ignore", message=".*multi_observable_source_asset.*beta")

_LOOKS: dict[str, Callable[[Store], tuple[str, int]]] = {
    REVIEWS: lambda store: (data_version_of_reviews(rows := read_reviews(store)), len(rows)),
    RETRACTIONS: lambda store: (
        data_version_of_retractions(rows := read_retractions(store)),
        len(rows),
    ),
}
"""Data version of the decisions that hold, and how many there are."""

_TOLD = {
    REVIEWS: "Decisions of people on samples, accepted or vetoed (docs/reviewing.md).",
    RETRACTIONS: "Sources that may no longer be used (docs/retraction.md).",
}


@dg.multi_observable_source_asset(  # type: ignore[untyped-decorator]
    name="observe_decisions",
    specs=[
        dg.AssetSpec(name, group_name="decisions", owners=["team:data"], description=told)
        for name, told in _TOLD.items()
    ],
    can_subset=True,
)
def decisions(
    context: dg.AssetExecutionContext, store: ManifestStore
) -> Iterator[dg.ObserveResult]:
    """Look at the decisions that the store holds now."""
    opened = store.open()
    for name in _TOLD:
        if dg.AssetKey(name) in context.selected_asset_keys:
            version, n_rows = _LOOKS[name](opened)
            yield dg.ObserveResult(
                name,
                data_version=dg.DataVersion(version),
                metadata={"dagster/row_count": n_rows},
            )


def report_decisions(asset: str, instance: dg.DagsterInstance, store: Store) -> None:
    """Tell Dagster which decisions hold now; done after each one, so that staleness shows at once.

    Raises:
        KeyError: if ``asset`` is neither reviews nor retractions.
    """
    version, n_rows = _LOOKS[asset](store)
    instance.report_runless_asset_event(
        dg.AssetObservation(
            asset,
            metadata={"dagster/row_count": n_rows},
            tags={"dagster/data_version": version},
        )
    )
