"""Stage 2 on one GPU and on several: images a second, and whether the loss falls alike.

Each process steps through 8 pairs of its own, which gives the speed. For the curves all processes
together learn 4 batches of 8 pairs by heart, at a hundred times the published rate: n processes
take an n-th of each batch, one process takes these parts one after the other. What one process does
with other random pairs in the loss says how much of a difference is noise.

Run `PYTHONPATH=. python benchmarks/segmenter_scaling.py` in the repository root on a machine with
two GPUs, or `--device cpu --architecture deeplab_miniature --pairs 2 --size 40 64` anywhere.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import cycle, islice, pairwise, repeat
from pathlib import Path
from typing import Any

import torch
from accelerate import PartialState

from assets.devices import prepare_device
from models.segmentation.architectures import build
from models.training.config import TrainingConfig
from models.training.joined import ManyProcesses
from models.training.launch import Launch, OneProcess
from models.training.objectives import TOTAL, make_objective
from models.training.published import PUBLISHED
from models.training.trainer import Trainer
from models.training_data import PairBatch, TransformedPair, collate
from storage.label_space import N_CLASSES, OOD_ID, VOID_ID

BAR = 1.8
"""Images a second of two GPUs, in those of one."""

N_BATCHES = 4
RATE_FACTOR = 100.0


def noise(n_pairs: int, size: tuple[int, int], seed: int) -> PairBatch:
    """Random images with labels in patches, on the host."""
    generator = torch.Generator().manual_seed(seed)
    shape = (2 * n_pairs, -(-size[0] // 32), -(-size[1] // 32))
    labels = torch.randint(N_CLASSES, shape, dtype=torch.uint8, generator=generator)
    draw = torch.rand(shape, generator=generator)
    labels = labels.masked_fill(draw < 0.03, OOD_ID).masked_fill(draw > 0.9, VOID_ID)
    targets = labels.repeat_interleave(32, 1).repeat_interleave(32, 2)[:, : size[0], : size[1]]
    images = torch.randint(256, (2 * n_pairs, 3, *size), dtype=torch.uint8, generator=generator)
    return collate(
        [
            TransformedPair(sample_id=str(n), images=images[both], targets=targets[both])
            for n, both in ((n, [n, n + n_pairs]) for n in range(n_pairs))
        ]
    )


def share(batch: PairBatch, index: int, n_processes: int) -> PairBatch:
    """The pairs of a batch that one of several processes takes."""
    n_pairs = len(batch.sample_ids)
    mine = range(index * n_pairs // n_processes, (index + 1) * n_pairs // n_processes)
    rows = [*mine, *(n_pairs + n for n in mine)]
    return PairBatch(
        images=batch.images[rows].contiguous(memory_format=torch.channels_last),
        targets=batch.targets[rows],
        sample_ids=tuple(batch.sample_ids[n] for n in mine),
    )


class Bench:
    """What one process measures."""

    def __init__(self, options: argparse.Namespace, launch: Launch, device: torch.device) -> None:
        self._options, self._launch, self._device = options, launch, device
        self._n_processes = int(os.environ.get("WORLD_SIZE", "1"))
        published = PUBLISHED[options.architecture]
        self._config = replace(published, stages=published.stages[1:], batch_size=options.pairs)

    def images_per_s(self) -> float:
        """Of all processes together: median step after the first ones."""
        options, marks = self._options, [0.0]
        batch = self._pinned(noise(options.pairs, tuple(options.size), self._launch.process_index))
        for _ in islice(
            self._trainer(self._config, repeat(batch)), options.warm_up + options.steps
        ):
            if self._device.type == "cuda":
                torch.cuda.synchronize()
            marks.append(time.perf_counter())
        steps = [after - before for before, after in pairwise(marks)]
        median = statistics.median(steps[max(1, options.warm_up) :])
        return self._n_processes * 2 * options.pairs / median

    def curve(self, *, seed: int) -> list[float]:
        """Losses of the steps, the mean over the processes."""
        options, config = self._options, self._config
        stage = replace(
            config.stages[0], learning_rate=config.stages[0].learning_rate * RATE_FACTOR
        )
        pool = [noise(options.pairs, tuple(options.size), 100 + n) for n in range(N_BATCHES)]
        index, n_parts, n_here = self._launch.process_index, options.processes, self._n_processes
        taken = range(n_parts) if n_here == 1 else (index,)
        mine = [self._pinned(share(batch, part, n_parts)) for batch in pool for part in taken]
        config = replace(config, stages=(stage,), seed=seed, n_accumulated=len(taken))
        trainer = self._trainer(config, cycle(mine))
        losses = torch.stack([r.terms[TOTAL] for r in islice(trainer, options.curve_steps)])
        if n_here > 1:
            torch.distributed.all_reduce(losses)
        return [float(loss) / n_here for loss in losses]

    def _trainer(self, config: TrainingConfig, stream: Iterator[PairBatch]) -> Trainer:
        network = build(config.architecture, seed=0).to(self._device)

        def batches(stage: int, epoch: int, n_skipped: int) -> Iterator[PairBatch]:  # noqa: ARG001
            return stream

        objective = make_objective(network, config)
        return Trainer(objective, config, batches, self._launch)

    def _pinned(self, batch: PairBatch) -> PairBatch:
        return batch.pin_memory() if self._device.type == "cuda" else batch


def work(options: argparse.Namespace) -> None:
    """Measure in this process; the first one writes what was found."""
    is_alone = int(os.environ.get("WORLD_SIZE", "1")) == 1
    state = None if is_alone else PartialState(cpu=options.device == "cpu")
    device = torch.device(options.device) if state is None else state.device
    prepare_device(str(device))
    launch: Launch = OneProcess() if state is None else ManyProcesses(state)
    bench = Bench(options, launch, device)
    found: dict[str, Any] = {"images_per_s": bench.images_per_s(), "curve": bench.curve(seed=0)}
    if is_alone:
        found["curve_of_other_draws"] = bench.curve(seed=1)
    if launch.process_index == 0:
        options.json.write_text(json.dumps(found))
    if state is not None:
        state.destroy_process_group()


def in_processes(n_processes: int) -> dict[str, Any]:
    """What `work` finds in so many processes, started as a training starts them."""
    start = [sys.executable]
    if n_processes > 1:
        start += ["-m", "torch.distributed.run", "--standalone", "--local-addr", "127.0.0.1"]
        start += ["--nproc-per-node", str(n_processes)]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "found.json"
        given = [*sys.argv[1:], "--worker", "--json", str(path)]
        subprocess.run([*start, __file__, *given], check=True)
        found: dict[str, Any] = json.loads(path.read_text())
    return found


def distance(curve: list[float], other: list[float]) -> float:
    """Mean difference of two curves, in what the second one falls from first to last batches."""
    fall = statistics.mean(other[:N_BATCHES]) - statistics.mean(other[-N_BATCHES:])
    return statistics.mean(abs(a - b) for a, b in zip(curve, other, strict=True)) / abs(fall)


def compare(options: argparse.Namespace) -> dict[str, Any]:
    """Both launches and what lies between them."""
    alone, joined = in_processes(1), in_processes(options.processes)
    machine = torch.cuda.get_device_name() if options.device == "cuda" else "CPU"
    return {
        "machine": f"{machine}, torch {torch.__version__}",
        **{k: v for k, v in vars(options).items() if k not in ("json", "worker")},
        "alone": alone,
        "joined": joined,
        "ratio": joined["images_per_s"] / alone["images_per_s"],
        "curve_distance": distance(joined["curve"], alone["curve"]),
        "noise_distance": distance(alone["curve_of_other_draws"], alone["curve"]),
    }


def parse_options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--architecture", choices=tuple(PUBLISHED), default="deeplab_wrn38")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--pairs", type=int, default=8)
    parser.add_argument("--size", type=int, nargs=2, default=[700, 700], help="height, width")
    parser.add_argument("--warm-up", type=int, default=5)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--curve-steps", type=int, default=40)
    parser.add_argument("--json", type=Path, help="file for the numbers")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def main() -> int:
    """Measure by the command line's options; 1 if several GPUs are slower than the bar."""
    options = parse_options()
    if options.worker:
        work(options)
        return 0
    found = compare(options)
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")
    n, alone, joined = options.processes, found["alone"], found["joined"]
    print(
        f"{options.architecture} on {found['machine']}: {alone['images_per_s']:.1f} images/s in "
        f"one process, {joined['images_per_s']:.1f} in {n}, {found['ratio']:.2f} times"
    )
    print(
        f"loss {alone['curve'][0]:.3f} to {alone['curve'][-1]:.3f} in one, "
        f"{joined['curve'][0]:.3f} to {joined['curve'][-1]:.3f} in {n}; the curves lie "
        f"{found['curve_distance']:.3f} of the fall apart, those of two draws "
        f"{found['noise_distance']:.3f}"
    )
    return int(options.device == "cuda" and found["ratio"] < BAR * n / 2)


if __name__ == "__main__":
    sys.exit(main())
