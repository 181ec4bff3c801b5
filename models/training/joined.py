"""Several processes that train one network: accelerate joins them, torch means their gradients."""

from contextlib import AbstractContextManager, nullcontext

import torch
import torch.distributed
from accelerate import PartialState
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from models.segmentation.mask2former import Mask2Former


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

        Only Mask2Former has parameters that no loss reaches, which must be looked for.
        """
        norms = (m for m in objective.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm))
        has_running = any(norm.training and norm.track_running_stats for norm in norms)
        has_unused = any(isinstance(module, Mask2Former) for module in objective.modules())
        return DistributedDataParallel(
            objective, broadcast_buffers=has_running, find_unused_parameters=has_unused
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
