"""Records that only tests store."""

from dataclasses import dataclass
from typing import Annotated

from storage.records import BlobRef


@dataclass(frozen=True, kw_only=True)
class Crop:
    number: Annotated[int, "key"]
    first: Annotated[str | None, "blob", BlobRef]
    others: Annotated[tuple[str, ...], "blobs", BlobRef]


def crops(*names):
    """One row for every blob, which it names in one of the two columns by turns."""
    rows = []
    for number, name in enumerate(names):
        is_first = len(names) % 2 == number % 2
        rows.append(
            Crop(
                number=number + 10 * len(names),
                first=name if is_first else None,
                others=() if is_first or name is None else (name,),
            )
        )
    return rows
