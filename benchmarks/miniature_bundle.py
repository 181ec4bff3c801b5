"""The miniature set against what is asked of it: quality from its file, and seconds a picture here.

Run `python benchmarks/miniature_bundle.py SET` in the repository root; with `--json FILE` the
numbers are kept. A picture is drawn at the set's own setting, decoded, and looked at by the filter,
in batches of one, as on any CPU. Exit 1 where a bar is missed.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from models.filtering import load_sam
from models.filtering.examining import Wanted, examine
from models.filtering.sam.segmenter import SamSegmenter
from models.generation import Bundle, load_bundle
from models.generation.sampling import Drawing, SamplerSettings, draw
from models.generation.training.examples import (
    draw_example,
    layout_palette,
    object_masks,
    prompts_of,
    render_example,
)
from models.scenes.prompts import NEGATIVE_PROMPT
from models.segmentation import Segmenter, load_segmenter
from storage.label_space import OOD_ID, VOID_ID

BARS = {
    "miou_ratio": (0.85, 1e9),
    "condition_agreement": (0.80, 1.0),
    "passed_frac": (0.60, 1.0),
    "ood_iou_ratio": (0.85, 1e9),
    "seconds": (0.0, 2.5),
}
"""Least and most of each number; those of quality on known places and object kinds."""

QUALITY, SETTINGS = "quality.json", "settings.json"


@dataclass(frozen=True)
class MiniatureSet:
    """The networks of a set, and its setting."""

    bundle: Bundle
    sam: SamSegmenter
    detector: Segmenter
    settings: SamplerSettings


def load_set(folder: Path) -> MiniatureSet:
    """Everything in a folder that the job `train_miniature_bundle` wrote."""
    facts = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    return MiniatureSet(
        bundle=load_bundle(folder / "generator"),
        sam=load_sam(folder / "sam.safetensors"),
        detector=load_segmenter("deeplab_miniature", folder / "detector.safetensors"),
        settings=SamplerSettings(
            sampler=facts["sampler"], n_steps=facts["n_steps"], guidance=facts["guidance"]
        ),
    )


def scene(index: int) -> tuple[Drawing, Wanted]:
    """What to draw of one fresh scene, and what the filter is to find."""
    example = render_example(draw_example(index, purpose="benchmark"))
    before = np.where(example.label == OOD_ID, VOID_ID, example.label).astype(np.uint8)
    drawing = Drawing(
        layout=layout_palette()[example.layout],
        prompt=prompts_of(example.spec)[0],
        negative_prompt=NEGATIVE_PROMPT,
        seed=index,
    )
    return drawing, Wanted(object_masks(example.instances), before)


def seconds_a_picture(found: MiniatureSet, *, n_repeats: int) -> list[float]:
    """Seconds of each picture, drawing, decoding and filter together; one before is not counted."""
    seconds = []
    for index in range(n_repeats + 1):
        drawing, wanted = scene(index)
        began = time.perf_counter()
        pictures = draw(found.bundle, [drawing], found.settings, batch_size=1)
        examine(pictures, [wanted], sam=found.sam, detector=found.detector, batch_size=1)
        seconds.append(time.perf_counter() - began)
    return seconds[1:]


def numbers_of(quality: dict[str, Any], kind: str) -> dict[str, float | None]:
    """The four figures of one kind of scenes, as they are compared with the bars."""
    figures = quality[kind]
    return {
        "miou_ratio": figures["ratios"]["miou"],
        "condition_agreement": figures["generated"]["faithfulness"]["condition_agreement"],
        "passed_frac": figures["generated"]["filter"]["passed_frac"],
        "ood_iou_ratio": figures["ratios"]["ood_iou"],
    }


def is_met(name: str, value: float | None) -> bool:
    """Whether a number lies within its bar; one that is missing does not."""
    least, most = BARS[name]
    return value is not None and least <= value <= most


def read_options(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line's options; ends with code 2 for a bad one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("set", type=Path, nargs="?", default=Path("models/miniature_set"))
    parser.add_argument("--repeats", type=int, default=5, help="pictures to time")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--json", type=Path, help="file for the numbers")
    options = parser.parse_args(words)
    for name in ("repeats", "threads"):
        if getattr(options, name) < 1:
            parser.error(f"need --{name} of 1 or more, got {getattr(options, name)}")
    for name in (SETTINGS, QUALITY):
        if not (options.set / name).is_file():
            parser.error(
                f"need the folder of a trained set, found no {options.set / name}; train one with "
                "the job train_miniature_bundle"
            )
    if options.json and not options.json.parent.is_dir():
        parser.error(f"need a file in a folder that exists as --json, got {options.json}")
    return options


def print_table(numbers: dict[str, Any]) -> None:
    """Numbers of known and reserved scenes beside their bars."""
    table = Table("number", "known", "reserved", "least", "most")
    for name, (least, most) in BARS.items():
        values = [numbers[kind].get(name) for kind in ("known", "reserved")]
        cells = ["" if value is None else f"{value:.3f}" for value in values]
        table.add_row(name, *cells, f"{least:g}", "" if most > 1e6 else f"{most:g}")
    Console().print(table)


def main(words: Sequence[str] | None = None) -> int:
    """Measure by the command line's options; 1 if a number misses its bar."""
    options = read_options(words)
    torch.set_num_threads(options.threads)
    quality = json.loads((options.set / QUALITY).read_text(encoding="utf-8"))
    numbers: dict[str, Any] = {kind: numbers_of(quality, kind) for kind in ("known", "reserved")}
    times = seconds_a_picture(load_set(options.set), n_repeats=options.repeats)
    numbers["known"]["seconds"] = statistics.median(times)
    numbers["seconds_each"], numbers["threads"] = times, options.threads
    print_table(numbers)
    if options.json:
        options.json.write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")
    return 0 if all(is_met(name, numbers["known"][name]) for name in BARS) else 1


if __name__ == "__main__":
    sys.exit(main())
