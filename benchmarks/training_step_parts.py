"""Where our training step spends its time, and whether the host waits for the device in it."""

import argparse
import copy
import statistics
import time
import traceback
import warnings
from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import torch
from contrastive_loss import usual_loss
from torch import Tensor, nn
from training_steps import OURS, Step, our_objective, our_step

from models.segmentation.mask2former import Mask2Former
from models.training.config import TrainingConfig
from models.training.launch import OneProcess
from models.training.objectives import TOTAL, Objective, make_objective
from models.training.stage_run import StageRun
from models.training.watch import Watch
from models.training_data import PairBatch

N_KERNELS = 15


class Clock:
    """Times of a device: events on a GPU, else the wall."""

    def __init__(self, device: str) -> None:
        self._is_cuda = torch.device(device).type == "cuda"
        self._marks: list[tuple[str, Any]] = []

    def wait(self) -> None:
        """Until the device has done all."""
        if self._is_cuda:
            torch.cuda.synchronize()

    def mark(self, name: str) -> None:
        """Name what has been asked of the device since the last mark."""
        now: Any = time.perf_counter()
        if self._is_cuda:
            now = torch.cuda.Event(enable_timing=True)
            now.record()
        self._marks.append((name, now))

    def spent_ms(self) -> dict[str, float]:
        """Milliseconds of each name since the first mark; forgets them."""
        self.wait()
        marks, self._marks = self._marks, []
        pairs = pairwise(marks)
        if self._is_cuda:
            return {name: first.elapsed_time(last) for (_, first), (name, last) in pairs}
        return {name: (last - first) * 1e3 for (_, first), (name, last) in pairs}

    def timed_ms(self, action: Callable[[], Any]) -> float:
        """Milliseconds from the call until the device has done all of it."""
        self.wait()
        start = time.perf_counter()
        action()
        self.wait()
        return (time.perf_counter() - start) * 1e3


def breakdown(
    objective: Objective, config: TrainingConfig, batch: PairBatch, options: argparse.Namespace
) -> dict[str, float]:
    """Median milliseconds of the parts of our step, by marks between them."""
    clock = Clock(options.device)
    run = StageRun(objective, config, 0, OneProcess())
    watch = Watch(torch.device(options.device))
    ends = {**_parts(objective.network), "loss, forward": objective}
    hooks = [
        module.register_forward_hook(lambda *_, name=name: clock.mark(name))
        for name, module in ends.items()
    ]
    hooks.append(objective.register_forward_pre_hook(lambda *_: clock.mark("batch to the device")))
    spent: dict[str, list[float]] = defaultdict(list)
    for number in range(options.warm_up + options.repeats):
        clock.mark("start")
        terms = run.gradients([batch], number)
        clock.mark("backward")
        run.update(terms[TOTAL], watch)
        clock.mark("optimizer")
        for name, value in clock.spent_ms().items():
            spent[name].append(value)
    for hook in hooks:
        hook.remove()
    return {name: statistics.median(values[options.warm_up :]) for name, values in spent.items()}


def _parts(network: nn.Module) -> dict[str, nn.Module]:
    """Modules by the part of the forward pass that ends with them, in order."""
    if isinstance(network, Mask2Former):
        head = network.sem_seg_head
        return {
            "frozen backbone, forward": network.backbone,
            "pixel decoder, forward": head.pixel_decoder,
            "query decoder, forward": head.predictor,
        }
    return {
        "frozen trunk, forward": network.get_submodule(f"mod{network.n_modules}"),
        "trained part, forward": network,
    }


def loss_alone(
    objective: Objective, config: TrainingConfig, batch: PairBatch, options: argparse.Namespace
) -> dict[str, float]:
    """Median milliseconds of losses, forward and backward, on what our network answers."""
    here, stage = batch.to(options.device), config.stages[0]
    images, network = here.normalized(), copy.copy(objective.network)
    mixed = torch.autocast(here.images.device.type, dtype=torch.bfloat16, enabled=config.is_mixed)
    with torch.no_grad(), mixed:
        found = network.predict(images) if isinstance(network, Mask2Former) else network(images)
    answer = type(found)(*(values.detach().requires_grad_() for values in found))
    network.forward = network.predict = lambda _: answer
    alone, generator = make_objective(network, config), torch.Generator(options.device)

    def ours() -> Tensor:
        with mixed:
            return alone(images, here.targets, generator, stage.mask_loss)[TOTAL]

    losses = {OURS: ours}
    if not isinstance(network, Mask2Former):
        losses["plain"] = lambda: usual_loss(*answer, here.targets.long())
    clock, times = Clock(options.device), defaultdict(list)
    for _ in range(options.warm_up + options.repeats):
        for name, loss in losses.items():
            times[name].append(
                clock.timed_ms(lambda loss=loss: torch.autograd.grad(loss(), answer))
            )
    return {name: statistics.median(values[options.warm_up :]) for name, values in times.items()}


def host_waits(config: TrainingConfig, batch: PairBatch, device: str) -> list[str]:
    """Places of our step where the host waits for the device; empty if there is none."""
    step = our_step(our_objective(config, device), config, batch, has_looks=False)
    step()  # constants reach the device in the first step
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        torch.cuda.set_sync_debug_mode("warn")
        step()
        torch.cuda.set_sync_debug_mode("error" if not _waits(caught) else "default")
        try:
            for _ in range(3):
                step()
        except RuntimeError as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            return [f"{place.filename}:{place.lineno}: {error}".splitlines()[0]]
        finally:
            torch.cuda.set_sync_debug_mode("default")
    return _waits(caught)


def _waits(caught: list[warnings.WarningMessage]) -> list[str]:
    return [
        f"{found.filename}:{found.lineno}"
        for found in caught
        if "called a synchronizing" in str(found.message)
    ]


def profile(step: Step, device: str) -> list[dict[str, Any]]:
    """What takes most time in our step: kernels on a GPU, else operations."""
    is_cuda = torch.device(device).type == "cuda"
    kinds = [torch.profiler.ProfilerActivity.CPU]
    if is_cuda:
        kinds.append(torch.profiler.ProfilerActivity.CUDA)
    with torch.profiler.profile(activities=kinds) as seen:
        step()
        if is_cuda:
            torch.cuda.synchronize()
    wanted = torch.autograd.DeviceType.CUDA if is_cuda else torch.autograd.DeviceType.CPU
    column = "self_device_time_total" if is_cuda else "self_cpu_time_total"
    rows = [
        {"name": row.key, "ms": getattr(row, column) / 1e3, "calls": row.count}
        for row in seen.key_averages()
        if row.device_type == wanted and not getattr(row, "is_user_annotation", False)
    ]
    return sorted(rows, key=lambda row: -row["ms"])[:N_KERNELS]
