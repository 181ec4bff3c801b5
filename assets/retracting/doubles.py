"""Objects that show what a retracted one shows, under another name."""

from assets.retracting.sources import Retracted, sources_of_object
from assets.segmenters.crops import BANK
from assets.tracing.reading import Reader
from models.object_bank import find_doubles
from storage.records import OodObject


def doubles_of(retracted: Retracted, reader: Reader) -> tuple[str, ...]:
    """Names, as sources, of the doubles that any kept version of the bank holds, sorted.

    A version tells only of objects that it holds both; what it emptied is known by its place alone.
    """
    found: set[str] = set()
    for version in reader.all_kept(BANK) if retracted.of_objects else ():
        rows = reader.records(version, BANK, OodObject)
        named = {row.object_id for row in rows if retracted.has_object(row.object_id)}
        found.update(sources_of_object(object_id)[-1] for object_id in find_doubles(rows, named))
    return tuple(sorted(found))
