"""Servers that a benchmark starts: waiting until one answers, and ending it."""

import subprocess
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


def end(server: "subprocess.Popen[bytes]", *, longest_s: float) -> None:
    """Ask a server to end, and make it end where it does not in time."""
    server.terminate()
    try:
        server.wait(timeout=longest_s)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
