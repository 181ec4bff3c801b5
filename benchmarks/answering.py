"""Waiting for a server that a benchmark has started."""

import time
import urllib.request


def wait_until_it_answers(url: str, *, longest_s: float) -> None:
    """Return as soon as an address answers.

    Raises:
        OSError: the last failure, if it does not in time.
    """
    deadline = time.monotonic() + longest_s
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
        else:
            return
