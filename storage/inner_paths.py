"""Names of files that rows and pointers give relative to a root: none may lead out of it.

The names are judged as they are written. Links below a root are followed, since the owner of the
root made them.
"""

import re

WAY_OUT = r"^/|(^|/)\.\.(/|$)|\x00"
"""Pattern of a name that is absolute, climbs up, or ends early; for `re` and for Arrow's RE2."""

_WAY_OUT = re.compile(WAY_OUT)


def is_inner(name: str) -> bool:
    """Whether a name stays below the root that it is joined to."""
    return _WAY_OUT.search(name) is None
