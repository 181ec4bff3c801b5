"""The stage that measures an assembled set on fresh scenes, known and reserved ones told apart."""

import io
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from assets.miniature_set.assembling import DETECTOR_FILE, GENERATOR, SAM_FILE, write_json
from assets.miniature_set.networks import DETECTOR, load_classifier, load_judge
from assets.miniature_set.scenes import load_measured, specs_of
from assets.miniature_set.workshop import Facts, Workshop

if TYPE_CHECKING:
    from models.filtering import Thresholds
    from models.generation.bundle import Bundle
    from models.generation.sampling import Drawing, SamplerSettings
    from models.generation.training.measuring import Instruments, Judged, MeasuredScenes

QUALITY = "quality.json"
SAMPLES = "samples.webp"
KINDS = ("known", "reserved")
_N_OTHERS = 128
"""Scenes on which the settings beside the recommended one are measured."""
_MAX_SAMPLE_BYTES = 250_000
"""The pictures share the room that the weights leave: as good as fits."""


@dataclass(frozen=True, eq=False)
class _Bench:
    """What every measurement of one set needs."""

    shop: Workshop
    bundle: "Bundle"
    tools: "Instruments"
    thresholds: "Thresholds"


def measure(shop: Workshop, out: Path) -> Facts:
    """Stage: all figures of the set at its recommended setting, others beside it, and samples."""
    bench = _bench(shop)
    quality = {kind: _figures_of(bench, kind, out) for kind in KINDS}
    write_json(out / QUALITY, {**quality, **_about(bench), "others": _others(bench)})
    return {f"{kind}_{name}": value for kind in KINDS for name, value in _short(quality[kind])}


def _bench(shop: Workshop) -> _Bench:
    from models.filtering import Thresholds
    from models.filtering.sam.door import load_sam
    from models.generation.door import load_bundle
    from models.generation.training.measuring import Instruments, ood_threshold
    from models.segmentation.door import load_segmenter

    folder, drawing = shop.output("assemble"), shop.recipe.drawing
    tools = Instruments(
        judge=load_judge(shop),
        classifier=load_classifier(shop),
        sam=load_sam(folder / SAM_FILE).to(shop.device),
        detector=load_segmenter(DETECTOR, folder / DETECTOR_FILE).to(shop.device),
    )
    # Scenes that nothing else is measured on decide the threshold.
    scenes, _ = load_measured(shop, "known-floor")
    threshold = ood_threshold(scenes, tools.detector, quantile=drawing.ood_quantile)
    return _Bench(
        shop,
        load_bundle(folder / GENERATOR, device=shop.device),
        tools,
        Thresholds(min_ood_score=threshold, min_iou=drawing.min_iou),
    )


def _figures_of(bench: _Bench, kind: str, out: Path) -> dict[str, Any]:
    """Figures of generated and rendered pictures of one kind of scenes, and their ratios."""
    from models.generation.training.measuring import judged
    from models.generation.training.quality import frechet_distance

    scenes, layouts = load_measured(bench.shop, kind)
    generated = _draw(bench, kind, layouts, settings_of(bench.shop))
    bench.shop.say(f"measure: {len(generated)} pictures of {kind} scenes drawn")
    floor = judged(load_measured(bench.shop, f"{kind}-floor")[0].images, bench.tools)
    rendered = judged(scenes.images, bench.tools)
    found = judged(generated, bench.tools)
    if kind == "known":
        _write_samples(bench.shop, scenes, layouts, generated, out)
    figures = {
        "rendered": _pictures(bench, scenes.images, rendered, scenes),
        "generated": _pictures(bench, generated, found, scenes),
        "frechet": frechet_distance(found.features, rendered.features),
        "frechet_floor": frechet_distance(floor.features, rendered.features),
    }
    return {**figures, "ratios": _ratios(figures)}


def _pictures(
    bench: _Bench, images: np.ndarray, found: "Judged", scenes: "MeasuredScenes"
) -> dict[str, dict[str, Any]]:
    from models.generation.training.measuring import faithfulness, filter_figures

    faithful = faithfulness(images, found, scenes, bench.tools)
    filtered = filter_figures(images, found, scenes, bench.tools, bench.thresholds)
    return {"faithfulness": asdict(faithful), "filter": asdict(filtered)}


def _ratios(figures: dict[str, Any]) -> dict[str, float | None]:
    """Generated as a share of rendered."""
    from models.generation.training.quality import ratio

    parts = {
        "miou": ("faithfulness", "miou"),
        "condition_agreement": ("faithfulness", "condition_agreement"),
        "passed_frac": ("filter", "passed_frac"),
        "ood_iou": ("filter", "ood_iou"),
    }
    return {
        name: ratio(figures["generated"][group][key], figures["rendered"][group][key])
        for name, (group, key) in parts.items()
    }


def settings_of(shop: Workshop) -> "SamplerSettings":
    """The recommended setting, as the sampler takes it."""
    from models.generation.sampling import SamplerSettings

    drawing = shop.recipe.drawing
    return SamplerSettings(
        sampler=drawing.sampler, n_steps=drawing.n_steps, guidance=drawing.guidance
    )


def _draw(bench: _Bench, kind: str, layouts: np.ndarray, settings: "SamplerSettings") -> np.ndarray:
    """One picture (height, width, 3) for each layout of a kind of scenes."""
    from models.generation.sampling import draw

    size = bench.shop.recipe.drawing.batch_size
    drawings = _drawings(bench.shop, kind, layouts)
    batches = [drawings[start : start + size] for start in range(0, len(drawings), size)]
    return np.concatenate([draw(bench.bundle, b, settings, batch_size=size) for b in batches])


def _drawings(shop: Workshop, kind: str, layouts: np.ndarray) -> list["Drawing"]:
    from models.generation.sampling import Drawing
    from models.generation.training.examples import layout_palette, prompts_of
    from models.scenes.prompts import NEGATIVE_PROMPT
    from models.seeding import derive_seed

    return [
        Drawing(
            layout=layout_palette()[layout],
            prompt=prompts_of(spec)[0],
            negative_prompt=NEGATIVE_PROMPT,
            seed=derive_seed("measuring", kind, index),
        )
        for index, (layout, spec) in enumerate(zip(layouts, specs_of(shop, kind), strict=False))
    ]


def _about(bench: _Bench) -> dict[str, Any]:
    from models.generation.training.measuring import FEATURES

    counts, drawing = bench.shop.recipe.scenes, bench.shop.recipe.drawing
    return {
        "n_scenes_each": counts.n_measured,
        "setting": {
            "sampler": drawing.sampler,
            "n_steps": drawing.n_steps,
            "guidance": drawing.guidance,
        },
        "ood_quantile": drawing.ood_quantile,
        "ood_threshold": bench.thresholds.min_ood_score,
        "min_iou": drawing.min_iou,
        "frechet_features": FEATURES,
    }


def _others(bench: _Bench) -> list[dict[str, Any]]:
    """Faithfulness at other settings, on the first of the known scenes."""
    from models.generation.training.measuring import MeasuredScenes, faithfulness, judged
    from models.generation.training.quality import ratio

    scenes, layouts = load_measured(bench.shop, "known")
    few = MeasuredScenes(
        images=scenes.images[:_N_OTHERS],
        labels=scenes.labels[:_N_OTHERS],
        instances=scenes.instances[:_N_OTHERS],
        conditions=scenes.conditions[:_N_OTHERS],
    )
    rendered = faithfulness(few.images, judged(few.images, bench.tools), few, bench.tools)
    own, rows = settings_of(bench.shop), []
    for sampler, n_steps, guidance in (
        (own.sampler, own.n_steps, own.guidance),
        *bench.shop.recipe.drawing.others,
    ):
        settings = replace(own, sampler=sampler, n_steps=n_steps, guidance=guidance)
        images = _draw(bench, "known", layouts[:_N_OTHERS], settings)
        found = faithfulness(images, judged(images, bench.tools), few, bench.tools)
        rows.append(
            {
                "sampler": sampler,
                "n_steps": n_steps,
                "guidance": guidance,
                "n_scenes": len(images),
                "miou_ratio": ratio(found.miou, rendered.miou),
                "condition_agreement": found.condition_agreement,
            }
        )
    return rows


def _short(figures: dict[str, Any]) -> Sequence[tuple[str, Any]]:
    """What a glance at the stage should tell."""
    return [
        ("miou_ratio", figures["ratios"]["miou"]),
        ("condition_agreement", figures["generated"]["faithfulness"]["condition_agreement"]),
        ("passed_frac", figures["generated"]["filter"]["passed_frac"]),
        ("ood_iou_ratio", figures["ratios"]["ood_iou"]),
    ]


def _write_samples(
    shop: Workshop, scenes: "MeasuredScenes", layouts: np.ndarray, generated: np.ndarray, out: Path
) -> None:
    """Layout, rendered and generated picture of the first scene of each of several conditions."""
    from models.generation.training.examples import layout_palette
    from models.generation.training.pictures import Sample, samples_sheet

    specs = specs_of(shop, "known")
    _, firsts = np.unique(scenes.conditions, return_index=True)
    samples = [
        Sample(
            f"{specs[i].weather} {specs[i].time}, {specs[i].place}: "
            f"{', '.join(specs[i].object_kinds)} (layout, rendered, generated)",
            [layout_palette()[layouts[i]], scenes.images[i], generated[i]],
        )
        for i in firsts.tolist()
    ]
    (out / SAMPLES).write_bytes(_encoded(samples_sheet(samples)))


def _encoded(picture: np.ndarray) -> bytes:
    """The picture as WebP, in the best quality that fits."""
    for quality in (95, 90, 80, 70, 50, 30):
        stream = io.BytesIO()
        Image.fromarray(picture).save(stream, format="WEBP", quality=quality)
        if stream.tell() <= _MAX_SAMPLE_BYTES:
            break
    return stream.getvalue()
