"""Published files brought to this machine: found out about, transferred, verified, written down.

`storage/tables/fetched_files.csv` names what is fetched. No revision and no hash of it is known
here: each is read from where the file is published, at run time, and kept in the lock file.
"""

from enum import StrEnum


class FetchedSet(StrEnum):
    """What a person asks for by one word; here, where importing it costs nothing."""

    GENERATOR = "generator"
    FILTER = "filter"
    SEGMENTERS = "segmenters"
    GENERATED_SET = "generated-set"
