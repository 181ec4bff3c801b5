"""One stage under way: its optimizer, and what a step does to the network."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

import torch
from torch import Tensor
from torch.nn.utils import clip_grads_with_norm_, get_total_norm

from models.divergence import DivergedError
from models.losses.mask2former import NonFiniteCostError
from models.seeding import derive_seed
from models.training.config import TrainingConfig
from models.training.launch import Launch
from models.training.objectives import TOTAL, Objective
from models.training.optimizing import fill_slots, make_optimizer, slots_of
from models.training.parameters import begin_stage, has_dropout
from models.training.watch import Watch
from models.training_data import PairBatch


class StageRun:
    """A stage from its beginning: its parameters learn, and the optimizer is fresh."""

    def __init__(
        self, objective: Objective, config: TrainingConfig, stage_index: int, launch: Launch
    ) -> None:
        self.stage_index, self._stage = stage_index, config.stages[stage_index]
        self._config, self._launch = config, launch
        self._groups = begin_stage(objective.network, self._stage)
        self._learning = [p for group in self._groups for p in group.parameters.values()]
        self._device = self._learning[0].device
        self._optimizer = make_optimizer(self._groups, self._stage.optimizer)
        self._wrapped = launch.wrap(objective)
        self._has_dropout = has_dropout(objective.network)

    @property
    def slots(self) -> dict[str, dict[str, Tensor]]:
        """What the optimizer keeps of each parameter, by published name."""
        return slots_of(self._optimizer, self._groups)

    def restore_slots(self, slots: Mapping[str, Mapping[str, Tensor]]) -> None:
        """Let the optimizer go on from what `slots` gave."""
        fill_slots(self._optimizer, self._groups, slots)

    def gradients(self, batches: Sequence[PairBatch], n_steps: int) -> dict[str, Tensor]:
        """Leave the mean gradient of the batches, and give the mean of their terms.

        Args:
            batches: of one step.
            n_steps: taken before; all draws follow from it.

        Raises:
            DivergedError: if masks are so wrong that they cannot be matched.
        """
        sums: dict[str, Tensor] = {}
        generator = torch.Generator(self._device).manual_seed(self._seed("loss", n_steps))
        self._optimizer.zero_grad(set_to_none=True)
        with self._drawing(n_steps):
            for number, batch in enumerate(batches, start=1):
                is_last = number == len(batches)
                with self._launch.gathering(self._wrapped, is_last=is_last):
                    terms = self._terms(batch, generator)
                    (terms[TOTAL] / len(batches)).backward()  # type: ignore[no-untyped-call]
                for name, term in terms.items():
                    share = term.detach() / len(batches)
                    sums[name] = sums[name] + share if name in sums else share
        return sums

    def update(self, total: Tensor, watch: Watch) -> Tensor:
        """Step by the gradients that are there, if all is and was finite; gives their norm."""
        norm = get_total_norm([p.grad for p in self._learning if p.grad is not None])
        is_wrong = self._launch.anywhere(~(torch.isfinite(norm) & torch.isfinite(total)))
        if self._stage.max_gradient_norm is not None:
            clip_grads_with_norm_(self._learning, self._stage.max_gradient_norm, norm)
        # torch's gradient scaler tells an optimizer in this way to leave weights and slots alone.
        self._optimizer.found_inf = watch.add(is_wrong, total, norm)  # type: ignore[attr-defined]
        self._optimizer.step()
        return norm

    def _terms(self, batch: PairBatch, generator: torch.Generator) -> dict[str, Tensor]:
        here = batch.to(self._device, non_blocking=True)
        mixed = torch.autocast(
            self._device.type, dtype=torch.bfloat16, enabled=self._config.is_mixed
        )
        try:
            with mixed:
                terms: dict[str, Tensor] = self._wrapped(
                    here.normalized(), here.targets, generator, self._stage.mask_loss
                )
        except NonFiniteCostError as error:
            name = batch.sample_ids[error.image % len(batch.sample_ids)]
            raise DivergedError(f"pair {name}: {error}", sample_ids=(name,)) from error
        return terms

    def _drawing(self, n_steps: int) -> AbstractContextManager[None]:
        """Dropout inside draws what belongs to the step, and disturbs nobody else's draws."""
        if not self._has_dropout:
            return nullcontext()
        return _drawn(self._seed("dropout", n_steps), self._device)

    def _seed(self, purpose: str, n_steps: int) -> int:
        process = self._launch.process_index
        return derive_seed("training", purpose, self._config.seed, n_steps, process)


@contextmanager
def _drawn(seed: int, device: torch.device) -> Iterator[None]:
    is_cuda = device.type == "cuda"
    with torch.random.fork_rng(devices=[device] if is_cuda else []):
        torch.default_generator.manual_seed(seed)
        if is_cuda:
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        yield
