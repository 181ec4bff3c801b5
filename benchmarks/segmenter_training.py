"""A training step of stage 2, 8 pairs at 700x700: ours beside plain ways to write it, in one run.

DeepLab stands beside the first implementation's way, in four steps towards ours, so that one sees
what comes from what; Mask2Former beside transformers' own network and loss. Ways take turns.

Run `PYTHONPATH=. python benchmarks/segmenter_training.py` in the repository root on a machine with
a CUDA GPU, or `--device cpu --architecture deeplab_miniature --pairs 1 --size 96 192` anywhere. On
a GPU the places in our step where the host waits for the device are listed first. Weights and
images are random: the time does not depend on them. A training as `models.training` publishes it
is measured: the miniatures' is without bfloat16.
"""

import argparse
import json
import statistics
import sys
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from contrastive_loss import draw_batch
from training_step_parts import Clock, breakdown, host_waits, loss_alone, profile
from training_steps import COMPILED, OURS, Step, ways_of

from models.training.config import TrainingConfig
from models.training.published import PUBLISHED
from models.training_data import PairBatch, TransformedPair, collate

BAR_ARCHITECTURE, BAR_MS = "deeplab_wrn38", 150.0
"""What our step may take on an H200 for 8 pairs at 700x700."""

AGREEMENT = 0.02
"""How far first losses may lie apart, relatively: pairs are drawn anew, and bfloat16 rounds."""


def pair_batch(options: argparse.Namespace) -> PairBatch:
    """Noise with the labels of the loss benchmark, on the host as a loader gives it."""
    drawn = draw_batch(argparse.Namespace(**vars(options), channels_last=False))[2]
    targets, n_pairs = drawn.to("cpu", torch.uint8), options.pairs
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(
        256, (2 * n_pairs, 3, *options.size), dtype=torch.uint8, generator=generator
    )
    rows = {str(n): [n, n + n_pairs] for n in range(n_pairs)}
    batch = collate(
        [
            TransformedPair(sample_id=name, images=images[both], targets=targets[both])
            for name, both in rows.items()
        ]
    )
    return batch if options.device == "cpu" else batch.pin_memory()


def first_losses(ways: dict[str, Step]) -> dict[str, Any]:
    """Each way's loss at the weights that all begin with; a way but ours may fail."""
    found: dict[str, Any] = {}
    for name, step in ways.items():
        try:
            found[name] = {"first_loss": float(step())}
        except RuntimeError as error:  # no memory, say
            if name == OURS:
                raise
            found[name] = {"failed": str(error).splitlines()[0]}
    return found


def measure(ways: dict[str, Step], options: argparse.Namespace) -> dict[str, Any]:
    """First loss, memory and time of each way, in turns."""
    found = first_losses(ways)
    working = {name: step for name, step in ways.items() if "failed" not in found[name]}
    for name, step in working.items():
        found[name]["peak_gib"] = peak_gib(step, options.device)
    clock, times = Clock(options.device), defaultdict(list)
    for _ in range(options.warm_up + options.repeats):
        for name, step in working.items():
            times[name].append(clock.timed_ms(step))
    for name, values in times.items():
        kept = values[options.warm_up :]
        median = statistics.median(kept)
        found[name] |= {"median_ms": median, "spread_ms": [min(kept), max(kept)]}
        found[name]["images_per_s"] = 2e3 * options.pairs / median
    return found


def peak_gib(step: Step, device: str) -> float | None:
    """Most memory during a step, beyond what lies there between steps; None on a CPU."""
    if torch.device(device).type != "cuda":
        step()
        return None
    torch.cuda.synchronize()
    before = torch.cuda.memory_allocated()
    torch.cuda.reset_peak_memory_stats()
    step()
    torch.cuda.synchronize()
    return (torch.cuda.max_memory_allocated() - before) / 2**30


def disagreement(ways: dict[str, Any]) -> float:
    """Largest relative difference of our first loss to that of a plain way of the same loss."""
    ours = ways[OURS]["first_loss"]
    plain = [found["first_loss"] for found in ways.values() if "first_loss" in found]
    return max(abs(loss - ours) / abs(loss) for loss in plain)


def second_stage(options: argparse.Namespace) -> TrainingConfig:
    """The published training without its first stage."""
    published = PUBLISHED[options.architecture]
    return replace(published, stages=published.stages[1:], batch_size=options.pairs)


def run(options: argparse.Namespace) -> dict[str, Any]:
    """All numbers."""
    is_cuda = options.device != "cpu"
    batch, config = pair_batch(options), second_stage(options)
    if is_cuda:
        torch.backends.cudnn.benchmark = options.cudnn_benchmark
    machine = torch.cuda.get_device_name() if is_cuda else "CPU"
    numbers: dict[str, Any] = {
        "machine": f"{machine}, torch {torch.__version__}",
        **{key: value for key, value in vars(options).items() if key not in ("json", "profile")},
        "host_waits": host_waits(config, batch, options.device) if is_cuda else None,
    }
    objective, ways = ways_of(
        config, batch, options.device, compiled=options.compile, wanted=options.ways
    )
    numbers["ways"] = measure(ways, options)
    if is_cuda:
        numbers["n_allocation_retries"] = torch.cuda.memory_stats()["num_alloc_retries"]
    if options.profile:
        numbers["profile"] = profile(ways[OURS], options.device)
    numbers["loss_ms"] = loss_alone(objective, config, batch, options)
    numbers["parts_ms"] = breakdown(objective, config, batch, options)
    return numbers


def report(numbers: dict[str, Any]) -> None:
    """The numbers for people."""
    ours = numbers["ways"][OURS]
    print(
        f"{numbers['architecture']}, a step of {numbers['pairs']} pair(s) at "
        f"{numbers['size'][0]}x{numbers['size'][1]} on {numbers['machine']}"
    )
    if numbers["host_waits"] is not None:
        print("host waits in our step: " + (", ".join(numbers["host_waits"]) or "none"))
    for name, found in numbers["ways"].items():
        if "failed" in found:
            print(f"  {name}: failed, {found['failed']}")
            continue
        peak = "" if found["peak_gib"] is None else f", peak {found['peak_gib']:.1f} GiB"
        print(
            f"  {name}: {found['median_ms']:.1f} ms, {found['images_per_s']:.1f} images/s{peak}; "
            f"ours takes {ours['median_ms'] / found['median_ms']:.2f} of it"
        )
    for title, key in (("loss alone, forward and backward", "loss_ms"), ("our step", "parts_ms")):
        listed = ", ".join(f"{name} {value:.2f}" for name, value in numbers[key].items())
        print(f"{title}, ms: {listed}")
    for row in numbers.get("profile", []):
        print(f"  {row['ms']:9.3f} ms {row['calls']:5d} x {row['name'][:100]}")


def is_too_slow(numbers: dict[str, Any]) -> bool:
    """Whether ours misses its bar, where there is one."""
    is_barred = (
        numbers["architecture"] == BAR_ARCHITECTURE
        and "H200" in numbers["machine"]
        and (numbers["pairs"], *numbers["size"]) == (8, 700, 700)
    )
    return bool(is_barred and numbers["ways"][OURS]["median_ms"] > BAR_MS)


def parse_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--architecture", choices=tuple(PUBLISHED), default=BAR_ARCHITECTURE)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--pairs", type=int, default=8)
    parser.add_argument("--size", type=int, nargs=2, default=[700, 700], help="height, width")
    parser.add_argument("--warm-up", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument(
        "--compile", nargs="*", choices=COMPILED, default=(), help="ours also with this compiled"
    )
    parser.add_argument(
        "--ways",
        nargs="*",
        help="plain ways to take beside ours, such as plain-bfloat16 (all): with --cudnn-benchmark "
        "each takes minutes in float32",
    )
    parser.add_argument(
        "--cudnn-benchmark",
        action="store_true",
        help="let cuDNN try its algorithms, for all ways: its choices are kept for the process",
    )
    parser.add_argument("--json", type=Path, help="file for the numbers")
    parser.add_argument("--profile", action="store_true", help="also what takes most of our step")
    return parser.parse_args()


def main() -> int:
    """Measure by the command line's options.

    1 if first losses disagree or ours misses its bar, 2 without the device.
    """
    options = parse_options()
    if options.device != "cpu" and not torch.cuda.is_available():
        print("needs a CUDA GPU, or --device cpu")
        return 2
    numbers = run(options)
    if options.json:
        options.json.write_text(json.dumps(numbers, indent=2) + "\n")
    report(numbers)
    theirs = [name for name in numbers["ways"] if name.startswith("transformers")]
    strays = 0.0 if theirs else disagreement(numbers["ways"])  # theirs is another loss
    if strays > AGREEMENT:
        print(f"the first losses disagree by {strays:.3f}")
    slow = is_too_slow(numbers)
    if slow:
        print(f"ours misses its bar of {BAR_MS:g} ms")
    return int(slow or strays > AGREEMENT)


if __name__ == "__main__":
    sys.exit(main())
