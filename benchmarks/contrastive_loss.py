"""The relative contrastive loss, forward and backward, beside the usual way to write it.

The usual way indexes by masks and draws its pairs with `torch.randperm` on the CPU, as the
published code does. Both take turns in one run on the same batch.

Run `python benchmarks/contrastive_loss.py` in the repository root on a machine with a CUDA GPU.
With `--device cpu --pairs 1 --size 96 96` it runs anywhere. On a GPU ours is first run once with
every wait of the host for the device made an error.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import interpolate, log_softmax, nll_loss

from models.losses import DEEPLAB_LOSS, LossSettings, relative_contrastive_loss
from storage.label_space import N_CLASSES, OOD_ID, VOID_ID

Batch = tuple[Tensor, Tensor, Tensor]
BAR_MS = 8.0
"""What ours may take on an H200 for 8 pairs at 700x700."""


def draw_batch(options: argparse.Namespace) -> Batch:
    """Logits, scores and labels in patches as large as a road scene's, at random."""
    torch.manual_seed(0)
    twice, size = 2 * options.pairs, tuple(options.size)
    patches = torch.randint(N_CLASSES, (twice, 1, 24, 24), device=options.device)
    draw = torch.rand(patches.shape, device=options.device)
    patches = patches.masked_fill(draw < 0.03, OOD_ID).masked_fill(draw > 0.9, VOID_ID)
    target = interpolate(patches.float(), size, mode="nearest")[:, 0].long()
    logits = torch.randn(twice, N_CLASSES, *size, device=options.device)
    if options.channels_last:
        logits = logits.to(memory_format=torch.channels_last)
    score = torch.randn(twice, *size, device=options.device) + 4.0 * (target == OOD_ID)
    return logits.requires_grad_(), score.requires_grad_(), target


def usual_loss(logits: Tensor, score: Tensor, target: Tensor) -> Tensor:
    """The formula with DeepLab's settings, written with masks as indices."""
    margins, weights = DEEPLAB_LOSS["margins"], DEEPLAB_LOSS["ce_weights"]
    half = len(target) // 2
    is_in, is_ood = target < 99, (target > 99) & (target != VOID_ID)
    known = torch.where(is_in, target, VOID_ID)
    original, generated = (
        nll_loss(log_softmax(part, 1), labels, ignore_index=VOID_ID, reduction="none")
        for part, labels in ((logits[:half], known[:half]), (logits[half:], known[half:]))
    )
    n_kept = int((DEEPLAB_LOSS["selection_ratio"] or 1.0) * int(is_in[half:].sum()))
    kept = generated[is_in[half:]].sort().values[:n_kept]
    sets = score[:half][is_in[:half]], score[half:][is_in[half:]], score[is_ood]
    n_pairs = min(len(values) for values in sets)
    drawn = [values[torch.randperm(len(values))[:n_pairs]] for values in sets]
    rise = (score[half:] - score[:half])[is_in[:half] & is_in[half:]]
    return (
        weights[0] * original.mean()
        + weights[1] * kept.mean()
        + (drawn[0] + margins[0] - drawn[2]).relu().mean()
        + (drawn[1] + margins[1] - drawn[2]).relu().mean()
        + (rise - margins[2]).relu().mean()
    )


def our_loss(*batch: Tensor) -> Tensor:
    """Ours with random pairs."""
    return relative_contrastive_loss(*batch, **DEEPLAB_LOSS)


def our_expected_loss(*batch: Tensor) -> Tensor:
    """Ours over all pairs."""
    settings: LossSettings = {**DEEPLAB_LOSS, "pairing": "all"}
    return relative_contrastive_loss(*batch, **settings)


WAYS: dict[str, Callable[..., Tensor]] = {
    "usual": usual_loss,
    "ours": our_loss,
    "ours, all pairs": our_expected_loss,
}


def run(way: Callable[..., Tensor], batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
    """The loss and its gradients to logits and scores."""
    loss = way(*batch)
    to_logits, to_score = torch.autograd.grad(loss, batch[:2])
    return loss.detach(), to_logits, to_score


def check_no_wait(batch: Batch) -> None:
    """Run ours once; the host may not wait for the device.

    Raises:
        RuntimeError: if it would.
    """
    torch.cuda.set_sync_debug_mode("error")
    for way in (our_loss, our_expected_loss):
        run(way, batch)
    torch.cuda.set_sync_debug_mode("default")


def disagreement(batch: Batch) -> float:
    """How far the ways stray: largest relative error of loss and of the gradient to the logits.

    The pairs are drawn anew each time, so the loss strays by what a draw does.
    """
    exact, exact_slope, _ = run(usual_loss, batch)
    errors = []
    for way in (our_loss, our_expected_loss):
        found, slope, _ = run(way, batch)
        errors += [(found - exact).abs() / exact, (slope - exact_slope).norm() / exact_slope.norm()]
    return max(float(error) for error in errors)


def timed(way: Callable[..., Tensor], batch: Batch) -> float:
    """Milliseconds from the call to the last gradient on the device."""
    is_cuda = batch[0].is_cuda
    if is_cuda:
        torch.cuda.synchronize()
    start = time.perf_counter()
    run(way, batch)
    if is_cuda:
        torch.cuda.synchronize()
    return (time.perf_counter() - start) * 1e3


def measure(batch: Batch, *, warm_up: int, repeats: int) -> dict[str, Any]:
    """Median and spread of each way, in turns, and the ratio of usual to ours."""
    times: dict[str, list[float]] = {name: [] for name in WAYS}
    for repeat in range(warm_up + repeats):
        for name, way in WAYS.items():
            spent = timed(way, batch)
            if repeat >= warm_up:
                times[name].append(spent)
    medians = {name: statistics.median(values) for name, values in times.items()}
    return {
        "median_ms": medians,
        "spread_ms": {name: [min(values), max(values)] for name, values in times.items()},
        "ratio": medians["usual"] / medians["ours"],
    }


def profile(batch: Batch) -> str:
    """Where the device spends the time of one run of ours, largest first."""
    kinds = [torch.profiler.ProfilerActivity.CPU]
    if batch[0].is_cuda:
        kinds.append(torch.profiler.ProfilerActivity.CUDA)
    with torch.profiler.profile(activities=kinds) as found:
        run(our_loss, batch)
    column = "self_cuda_time_total" if batch[0].is_cuda else "self_cpu_time_total"
    return str(found.key_averages().table(sort_by=column, row_limit=20))


def parse_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--pairs", type=int, default=8)
    parser.add_argument("--size", type=int, nargs=2, default=(700, 700), help="height, width")
    parser.add_argument("--channels-last", action="store_true", help="logits in that layout")
    parser.add_argument("--warm-up", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--json", type=Path, help="file for the numbers")
    parser.add_argument("--profile", action="store_true", help="also print where ours spends time")
    return parser.parse_args()


def main() -> int:
    """Measure by the command line's options.

    1 if the ways disagree or ours misses its bar on a GPU, 2 without the device.
    """
    options = parse_options()
    if options.device != "cpu" and not torch.cuda.is_available():
        print("needs a CUDA GPU, or --device cpu")
        return 2
    batch = draw_batch(options)
    is_cuda = batch[0].is_cuda
    if is_cuda:
        check_no_wait(batch)
    strays = disagreement(batch)
    if strays > 0.01:
        print(f"the ways disagree by {strays:g}")
        return 1
    found = measure(batch, warm_up=options.warm_up, repeats=options.repeats)
    machine = torch.cuda.get_device_name() if is_cuda else "CPU"
    found |= {"machine": f"{machine}, torch {torch.__version__}", "disagreement": strays}
    print(
        f"relative contrastive loss, forward and backward, {options.pairs} pair(s) at "
        f"{options.size[0]}x{options.size[1]} on {machine}: "
        + ", ".join(f"{name} {median:.2f} ms" for name, median in found["median_ms"].items())
        + f"; ours {found['ratio']:.1f} times as fast (bar on an H200: {BAR_MS:g} ms)"
    )
    if options.profile:
        print(profile(batch))
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")
    return int(is_cuda and found["median_ms"]["ours"] > BAR_MS)


if __name__ == "__main__":
    sys.exit(main())
