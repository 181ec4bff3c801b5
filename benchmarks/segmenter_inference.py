"""Images a second of both published segmenters, bfloat16 beside plain float32, on a GPU.

Beside them transformers' own Mask2Former of the same size, which has one attention a layer where
ours has two, and no second class head.

Run `python benchmarks/segmenter_inference.py` in the repository root on a machine with a CUDA GPU.
Weights are random: the time does not depend on them. Precisions take turns in one run, and the
distance of their outputs is printed beside the times. With `--graph` nothing is timed: our two
networks are captured as graphs, and what a graph gives is compared with what the network gives.
"""

import argparse
import json
import statistics
import sys
from pathlib import Path
from typing import Any

import torch
import transformers
from torch import Tensor, nn
from torch.nn.functional import interpolate

from models.segmentation import SegmenterOutput, load_segmenter
from models.segmentation.mask2former import Mask2FormerConfig

THEIRS = "transformers' Mask2Former"
NETWORKS = ("deeplab_wrn38", "mask2former_r50", THEIRS)


class TheirMask2Former(nn.Module):
    """transformers' network and its usual semantic map: upsampled masks times class probabilities.

    Its score is one minus the largest class map of its only head.
    """

    def __init__(self) -> None:
        super().__init__()
        ours = Mask2FormerConfig()
        # Their defaults are the published sizes; they count one layer more than they build.
        config = transformers.Mask2FormerConfig(
            backbone_config=transformers.ResNetConfig(
                out_features=["stage1", "stage2", "stage3", "stage4"]
            ),
            num_labels=ours.n_classes,
            decoder_layers=ours.n_decoder_layers + 1,
        )
        self.network = transformers.Mask2FormerForUniversalSegmentation(config)

    def forward(self, images: Tensor) -> SegmenterOutput:
        """Maps at the size of the images."""
        found = self.network(images)
        masks = interpolate(
            found.masks_queries_logits.float(), images.shape[2:], mode="bilinear"
        ).sigmoid()
        classes = found.class_queries_logits.float().softmax(-1)[..., :-1]
        maps = torch.einsum("bqc,bqhw->bchw", classes, masks)
        return SegmenterOutput(maps, 1 - maps.amax(1))


def build(name: str) -> nn.Module:
    """A network by name, with random weights from a fixed seed."""
    if name != THEIRS:
        return load_segmenter(name)
    torch.manual_seed(0)
    return TheirMask2Former().eval()


def timed(network: nn.Module, images: Tensor) -> tuple[float, SegmenterOutput]:
    """Seconds of one forward pass, by device events, and its output."""
    start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
    start.record()
    output: SegmenterOutput = network(images)
    end.record()
    end.synchronize()
    return start.elapsed_time(end) / 1e3, output


def relative_error(found: Tensor, exact: Tensor) -> float:
    """Norm of the difference over the norm of the exact values."""
    return float((found.float() - exact).norm() / exact.norm())


@torch.inference_mode()
def measure(name: str, options: argparse.Namespace) -> dict[str, Any]:
    """Median seconds an image of each precision, and how far bfloat16 strays."""
    plain = build(name).cuda()
    half = build(name).cuda().bfloat16().to(memory_format=torch.channels_last)
    images = torch.randn(options.batch, 3, *options.size, device="cuda")
    inputs: dict[str, tuple[nn.Module, Tensor]] = {
        "float32": (plain, images),
        "bfloat16": (half, images.bfloat16().to(memory_format=torch.channels_last)),
    }
    times: dict[str, list[float]] = {name: [] for name in inputs}
    outputs = {}
    for repeat in range(options.warm_up + options.repeats):
        for precision, (network, batch) in inputs.items():
            seconds, outputs[precision] = timed(network, batch)
            if repeat >= options.warm_up:
                times[precision].append(seconds / options.batch)
    medians = {precision: statistics.median(values) for precision, values in times.items()}
    exact, rounded = outputs["float32"], outputs["bfloat16"]
    return {
        "images_per_s": {precision: 1 / median for precision, median in medians.items()},
        "median_s": medians,
        "ratio": medians["float32"] / medians["bfloat16"],
        "spread_s": {precision: [min(values), max(values)] for precision, values in times.items()},
        "logits_error": relative_error(rounded.logits, exact.logits),
        "ood_score_error": relative_error(rounded.ood_score, exact.ood_score),
        "same_class_frac": float(
            (rounded.logits.argmax(1) == exact.logits.argmax(1)).float().mean()
        ),
        "peak_gib": torch.cuda.max_memory_allocated() / 2**30,
    }


@torch.inference_mode()
def graph_difference(name: str, options: argparse.Namespace) -> float:
    """Largest difference of all outputs between a captured graph and the network itself.

    Raises:
        RuntimeError: if the host would have to wait for the device.
    """
    network = build(name).cuda()
    captured, images = (torch.randn(options.batch, 3, *options.size, device="cuda") for _ in "ab")
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):  # a capture must find libraries and buffers ready
        network(captured)
    torch.cuda.current_stream().wait_stream(side)
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    network(captured)
    torch.cuda.set_sync_debug_mode("default")
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        replayed = network(captured)
    captured.copy_(images)
    graph.replay()
    exact = network(images)
    return max(float((a - b).abs().max()) for a, b in zip(replayed, exact, strict=True))


def main() -> int:
    """Measure by the command line's options; 2 without a GPU."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, nargs=2, default=(1024, 2048), help="height, width")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--warm-up", type=int, default=5)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--json", type=Path, help="file for the numbers")
    parser.add_argument("--graph", action="store_true", help="compare with captured graphs")
    options = parser.parse_args()
    if not torch.cuda.is_available():
        print("needs a CUDA GPU")
        return 2
    device = torch.cuda.get_device_name()
    if options.graph:
        for name in (name for name in NETWORKS if name != THEIRS):
            print(f"{name}: graph and network differ by {graph_difference(name, options):g}")
        return 0
    numbers: dict[str, Any] = {"machine": f"{device}, torch {torch.__version__}"}
    for name in NETWORKS:
        torch.cuda.reset_peak_memory_stats()
        numbers[name] = found = measure(name, options)
        rates = ", ".join(f"{key} {rate:.1f}" for key, rate in found["images_per_s"].items())
        print(
            f"{name} on {device}, {options.size[0]}x{options.size[1]}, batch "
            f"{options.batch}: images a second {rates}; ratio {found['ratio']:.2f}; same class on "
            f"{found['same_class_frac']:.2%} of pixels"
        )
    if options.json:
        options.json.write_text(json.dumps(numbers, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
