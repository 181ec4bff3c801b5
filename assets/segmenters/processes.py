"""What each process of a launched training runs: ``python -m assets.segmenters.processes ITEM``.

accelerate joins the processes, torch's DistributedDataParallel means their gradients.
"""

import os
import sys
import threading
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from pathlib import Path

import torch
import torch.distributed
from accelerate import PartialState
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from assets.devices import prepare_device
from assets.engine.worker import one_line
from assets.segmenters.item import TrainingItem, item_from_json
from assets.segmenters.launching import REASON
from assets.segmenters.running import run_training
from models.training.launch import OneProcess

ORPHANED = 3
"""Exit status of a process whose parent is gone."""


class ManyProcesses:
    """A `models.training.launch.Launch`: one of several processes, joined by accelerate."""

    def __init__(self, state: PartialState) -> None:
        """Wrap a state that has joined its group."""
        self._state = state

    @property
    def process_index(self) -> int:
        """Number of this process, from 0."""
        return int(self._state.process_index)

    def wrap(self, objective: nn.Module) -> nn.Module:
        """The objective in DistributedDataParallel; buffers are exchanged where they change.

        Mask2Former has parameters that no loss reaches, which it must look for.
        """
        norms = (m for m in objective.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm))
        has_running = any(norm.training and norm.track_running_stats for norm in norms)
        return DistributedDataParallel(
            objective, broadcast_buffers=has_running, find_unused_parameters=True
        )

    def gathering(self, objective: nn.Module, *, is_last: bool) -> AbstractContextManager[object]:
        """No exchange of gradients but with the last batch of a step."""
        if is_last or not isinstance(objective, DistributedDataParallel):
            return nullcontext()
        waiting: AbstractContextManager[object] = objective.no_sync()
        return waiting

    def anywhere(self, flag: Tensor) -> Tensor:
        """Whether the flag is true in any process."""
        raised = flag.to(torch.uint8)
        torch.distributed.all_reduce(raised, op=torch.distributed.ReduceOp.MAX)
        return raised.bool()


def main(path: Path) -> int:
    """Train what a file says; an error that a person must mend goes into a file beside it."""
    item = item_from_json(path.read_text(encoding="utf-8"))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        _train(item)
    except (OSError, ValueError) as error:
        (item.folder / REASON).write_text(one_line(str(error)), encoding="utf-8")
        return 1
    return 0


def _train(item: TrainingItem) -> None:
    if item.wish.n_processes == 1:
        prepare_device(item.device)
        run_training(item, OneProcess())
        return
    state = PartialState(cpu=item.device == "cpu")
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
    sys.exit(main(Path(sys.argv[1])))
