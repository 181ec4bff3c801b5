"""Tables in the metadata of a materialization: histograms, and what is in quarantine."""

from collections import Counter
from collections.abc import Iterable, Sequence

import dagster as dg

from storage.records import Quarantined

MAX_TABLE_ROWS = 100


def histogram_table(values: Iterable[str], *, empty: str) -> dg.MetadataValue:
    """How often each value occurs, the most frequent first; ``empty`` where there is none."""
    counts = Counter(values)
    if not counts:
        return dg.MetadataValue.text(empty)
    ordered = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))
    return dg.MetadataValue.table(
        [
            dg.TableRecord({"value": value, "count": count})
            for value, count in ordered[:MAX_TABLE_ROWS]
        ]
    )


def quarantine_table(bad: Sequence[Quarantined], *, empty: str) -> dg.MetadataValue:
    """Items that could not be finished, with their reasons; ``empty`` where there is none."""
    if not bad:
        return dg.MetadataValue.text(empty)
    return dg.MetadataValue.table(
        [
            dg.TableRecord({"item": row.item, "status": row.status, "reason": row.reason})
            for row in bad[:MAX_TABLE_ROWS]
        ]
    )
