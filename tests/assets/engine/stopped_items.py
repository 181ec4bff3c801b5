"""Items that tell in a folder when they begin and end."""

import time
from pathlib import Path

SECONDS = 2.0


def take_two_seconds(item):
    folder, number = Path(item[0]), item[1]
    (folder / f"began-{number}").touch()
    time.sleep(SECONDS)
    (folder / f"ended-{number}").touch()
    return number
