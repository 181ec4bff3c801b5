"""The model card of a miniature set, written from what its training measured and nothing else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Facts = Mapping[str, Any]

_HEAD = """---
license: apache-2.0
library_name: diffusers
tags: [controlnet, miniature, synthetic]
---

# The miniature set

A generator of street scenes small enough for any machine, with the two networks of the filter that
judges its pictures: a Segment Anything (`sam.safetensors`) and a detector of unknown objects
(`detector.safetensors`, architecture `deeplab_miniature`). The generator (`generator/`, layout of
diffusers) takes a layout in ADE20K colors and a prompt. All were trained from random weights by the
job `train_miniature_bundle` of this project on scenes that it rendered itself; no photograph and no
foreign weight took part. This card was written by the training, from measured values only.

## Intended use and limits

- It stands in for a large generator in demonstrations, tests and continuous integration: the same
  code drives both. It draws the miniature world of this project at {height} x {width} pixels, in
  the words of its prompts; it knows nothing of real streets.
- Places and object kinds that the world reserves were seen by none of these networks; the column
  "reserved" below tells what that costs.
- Labels of its pictures can be wrong: use them behind the filter, with the setting in
  `settings.json`.
"""


@dataclass(frozen=True, kw_only=True)
class CardFacts:
    """Everything that the card tells.

    Attributes:
        recipe: numbers of the recipe, nested.
        world_version: of the miniature world.
        stages: name -> what the stage told of itself.
        quality: figures, as the stage `measure` writes them.
        sizes: file -> bytes.
        size_px: height and width of the pictures.
    """

    recipe: Facts
    world_version: str
    stages: Mapping[str, Facts]
    quality: Facts
    sizes: Mapping[str, int]
    size_px: tuple[int, int]


def model_card(facts: CardFacts) -> str:
    """The card as Markdown."""
    height, width = facts.size_px
    parts = [
        _HEAD.format(height=height, width=width),
        _quality(facts.quality),
        _classes(facts.quality),
        _others(facts.quality),
        "![Layout, rendered and generated picture](samples.webp)\n",
        _training(facts),
        "![Loss of every training by step](curves.png)\n",
        _sizes(facts.sizes),
    ]
    return "\n".join(parts)


def _quality(quality: Facts) -> str:
    rows = []
    for name, group, key in (
        ("mIoU of the judge", "faithfulness", "miou"),
        ("weather and time as prompted", "faithfulness", "condition_agreement"),
        ("first attempts that pass the filter", "filter", "passed_frac"),
        ("IoU of label 254 with the judge's unknown pixels, of those", "filter", "ood_iou"),
    ):
        cells = [name]
        for kind in ("known", "reserved"):
            found = quality[kind]
            cells += [_number(found[side][group][key]) for side in ("generated", "rendered")]
            cells.append(_number(found["ratios"][key]))
        rows.append(cells)
    distance = ["Frechet distance to rendered"]
    for kind in ("known", "reserved"):
        found = quality[kind]
        distance += [_number(found["frechet"]), _number(found["frechet_floor"]), ""]
    setting = quality["setting"]
    return "\n".join(
        [
            "## Measured quality",
            "",
            f"On {quality['n_scenes_each']} fresh scenes of known places and object kinds and as "
            "many of reserved ones, drawn with "
            f"{setting['sampler']}, {setting['n_steps']} steps, guidance {setting['guidance']:g}. "
            "The judge, a segmenter of the known classes and unknown objects, and the classifier "
            "of weather and time took no part in the training of the set. The filter asks for an "
            f"IoU above {quality['min_iou']:g} and an OOD score above "
            f"{quality['ood_threshold']:.3f}, the quantile {quality['ood_quantile']:g} of known "
            "pixels on further rendered scenes. Frechet distance: of the "
            f"{quality['frechet_features']}; in the column of rendered pictures between two sets "
            "of them.",
            "",
            _table(
                ["", *(f"{k}: {s}" for k in ("known", "reserved") for s in _SIDES)],
                [*rows, distance],
            ),
        ]
    )


_SIDES = ("generated", "rendered", "ratio")


def _classes(quality: Facts) -> str:
    def ious(kind: str, side: str) -> Facts:
        found: Facts = quality[kind][side]["faithfulness"]["class_iou"]
        return found

    columns = [(kind, side) for kind in ("known", "reserved") for side in _SIDES[:2]]
    names = ious("known", "rendered")
    rows = [[name, *(_number(ious(*column)[name]) for column in columns)] for name in names]
    head = ["class", *(f"{kind}: {side}" for kind, side in columns)]
    return f"IoU by class:\n\n{_table(head, rows)}"


def _others(quality: Facts) -> str:
    rows = [
        [
            row["sampler"],
            str(row["n_steps"]),
            f"{row['guidance']:g}",
            str(row["n_scenes"]),
            _number(row["miou_ratio"]),
            _number(row["condition_agreement"]),
        ]
        for row in quality["others"]
    ]
    head = ["sampler", "steps", "guidance", "scenes", "mIoU ratio", "weather and time as prompted"]
    return f"Other settings, on the first known scenes:\n\n{_table(head, rows)}"


def _training(facts: CardFacts) -> str:
    rows = [
        [
            name,
            _whole(told.get("n_steps")),
            _number(told.get("steps_per_s")),
            _number(told.get("first_loss")),
            _number(told.get("last_loss")),
            _number(told.get("seconds")),
        ]
        for name, told in facts.stages.items()
    ]
    head = ["stage", "steps", "steps/s", "first loss", "last loss", "seconds"]
    machines = sorted({str(told["machine"]) for told in facts.stages.values()})
    psnr = facts.stages["autoencoder"]["psnr_db"]
    scenes = facts.recipe["scenes"]
    return "\n".join(
        [
            "## Training",
            "",
            f"Miniature world, version {facts.world_version}; {scenes['n_training']} rendered "
            f"scenes; recipe `{facts.recipe['name']}`. The autoencoder reaches {psnr} dB PSNR on "
            f"fresh scenes. Machine: {'; '.join(machines)}.",
            "",
            _table(head, rows),
            "Every number of the recipe:",
            "",
            _table(["number", "value"], _flat(facts.recipe)),
        ]
    )


def _sizes(sizes: Mapping[str, int]) -> str:
    rows = [[f"`{name}`", f"{size / 2**20:.2f}"] for name, size in sizes.items()]
    return f"## Files\n\n{_table(['file', 'MiB'], rows)}"


def _flat(numbers: Facts, prefix: str = "") -> list[list[str]]:
    rows: list[list[str]] = []
    for key, value in numbers.items():
        if isinstance(value, Mapping):
            rows += _flat(value, f"{prefix}{key}.")
        else:
            rows.append([f"{prefix}{key}", str(value)])
    return rows


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}" if value >= 100 else f"{value:.3f}"


def _whole(value: int | None) -> str:
    return "-" if value is None else str(value)
