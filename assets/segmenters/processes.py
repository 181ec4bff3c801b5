"""What each process of a launched training runs, with ``python -m``, an item and a meeting file.

accelerate joins the processes, torch's DistributedDataParallel means their gradients.
"""

import os
import sys
import threading
from dataclasses import replace
from pathlib import Path

from accelerate import PartialState
from upath import UPath

from assets.devices import prepare_device
from assets.engine.worker import one_line
from assets.passing import may_pass
from assets.segmenters.item import TrainingItem, item_from_json
from assets.segmenters.launching import REASON
from assets.segmenters.running import run_training
from models.training.joined import ManyProcesses
from models.training.launch import OneProcess
from storage.atomic import write_atomically

ORPHANED = 3
"""Exit status of a process whose parent is gone."""


def main(path: Path, meeting: Path) -> int:
    """Train what a file says; an error that a person must mend goes into a file beside it.

    Processes of one training meet in the file ``meeting``, which the first one makes.
    """
    item = item_from_json(path.read_text(encoding="utf-8"))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        _train(item, meeting)
    except (OSError, ValueError) as error:
        if may_pass(error):
            raise
        write_atomically(UPath(item.folder / REASON), one_line(str(error)).encode())
        return 1
    return 0


def _train(item: TrainingItem, meeting: Path) -> None:
    if item.wish.n_processes == 1:
        prepare_device(item.device)
        run_training(item, OneProcess())
        return
    state = PartialState(
        cpu=item.device == "cpu",
        init_method=meeting.as_uri(),
        rank=int(os.environ["RANK"]),
        world_size=int(os.environ["WORLD_SIZE"]),
    )
    try:
        here = replace(item, device=str(state.device))
        prepare_device(here.device)
        run_training(here, ManyProcesses(state))
    finally:
        state.destroy_process_group()


def _end_with_parent() -> None:
    """Wait on the pipe from the parent, which ends with it; then end at once."""
    while os.read(sys.stdin.fileno(), 1):
        pass
    os._exit(ORPHANED)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
