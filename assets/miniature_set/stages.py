"""The stages of the training in their order, and how one is run: once for the same numbers.

For a script, without Dagster or Dask:

    shop = open_workshop(RECIPES["full"], work, device="cuda", map_chunks=in_processes(16))
    for name in STAGES:
        run_stage(shop, name)
    publish(shop, output)
"""

import hashlib
import json
import platform
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path
from time import perf_counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from assets.devices import prepare_device
from assets.miniature_set import assembling, finishing, generator, measuring, networks, scenes
from assets.miniature_set.finishing import FACTS, facts_of
from assets.miniature_set.processes import in_turn
from assets.miniature_set.scenes import MapChunks
from assets.miniature_set.workshop import Facts, Say, Workshop

if TYPE_CHECKING:
    from models.generation.training.recipe import BundleRecipe

CODE_VERSION = "2"
"""Raise it when a stage makes something else of the same numbers."""


@dataclass(frozen=True)
class Stage:
    """One step of the training.

    Attributes:
        run: fills a folder and gives facts.
        inputs: stages whose output it reads.
        numbers: the fields of the recipe that decide what comes out, beside its inputs.
    """

    run: Callable[[Workshop, Path], Facts]
    inputs: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()


STAGES: Mapping[str, Stage] = MappingProxyType(
    {
        "render": Stage(scenes.render_scenes, (), ("scenes",)),
        "feature_segmenter": Stage(
            networks.train_feature_segmenter, ("render",), ("feature_segmenter",)
        ),
        "autoencoder": Stage(
            generator.train_autoencoder,
            ("render", "feature_segmenter"),
            ("seed", "sizes", "autoencoder"),
        ),
        "latents": Stage(generator.encode_latents, ("render", "autoencoder"), ()),
        "detector": Stage(networks.train_detector, ("render",), ("detector",)),
        "sam": Stage(networks.train_small_sam, ("render",), ("sam",)),
        "diffusion": Stage(generator.train_generator, ("render", "latents"), ("diffusion",)),
        "judge": Stage(networks.train_judge, ("render",), ("judge",)),
        "classifier": Stage(networks.train_classifier, ("render",), ("classifier",)),
        "assemble": Stage(
            assembling.assemble, ("autoencoder", "diffusion", "sam", "detector"), ("drawing",)
        ),
        "measure": Stage(
            measuring.measure, ("render", "assemble", "judge", "classifier"), ("drawing",)
        ),
        "finish": Stage(finishing.finish, ("assemble", "measure"), ("name",)),
    }
)
"""Name -> stage, in an order in which each finds its inputs."""


def open_workshop(
    recipe: "BundleRecipe",
    work: Path,
    *,
    device: str = "cpu",
    say: Say = print,
    map_chunks: MapChunks = in_turn,
) -> Workshop:
    """Workshop in a folder, which is made.

    Args:
        recipe: all numbers.
        work: scratch folder; the full recipe needs about 12 GB there.
        device: that torch trains on.
        say: takes lines of progress.
        map_chunks: renders chunks; `in_processes` of `assets.miniature_set.processes` uses
            several cores.

    Raises:
        ValueError: if torch cannot use the device.
    """
    prepare_device(device)
    work.mkdir(parents=True, exist_ok=True)
    digests = digests_of(recipe)
    folders = {name: work / f"{name}-{digest[:12]}" for name, digest in digests.items()}
    return Workshop(recipe=recipe, folders=folders, device=device, say=say, map_chunks=map_chunks)


def digests_of(recipe: "BundleRecipe") -> dict[str, str]:
    """Name of each stage -> digest of everything that decides what it leaves."""
    from models.miniature import WORLD_VERSION

    digests: dict[str, str] = {}
    for name, stage in STAGES.items():
        numbers = {field: _plain(getattr(recipe, field)) for field in stage.numbers}
        inputs = [digests[needed] for needed in stage.inputs]
        spelled = json.dumps([CODE_VERSION, WORLD_VERSION, name, numbers, inputs])
        digests[name] = hashlib.sha256(spelled.encode()).hexdigest()
    return digests


def run_stage(shop: Workshop, name: str) -> Facts:
    """Run a stage unless it is finished; what it told of itself.

    Its folder appears whole at the end. A stage that was interrupted continues from its checkpoint,
    or keeps the chunks that are there, or begins anew.

    Raises:
        FileNotFoundError: if a stage that it reads is not finished.
        DivergedError: if a training's loss is not finite.
    """
    folder, stage = shop.folders[name], STAGES[name]
    if folder.is_dir():
        shop.say(f"{name}: finished before, kept")
        return facts_of(folder)
    for needed in stage.inputs:
        shop.output(needed)
    out = shop.unfinished(name)
    out.mkdir(parents=True, exist_ok=True)
    began = perf_counter()
    facts = stage.run(shop, out)
    seconds = round(max(perf_counter() - began, facts.get("training_s", 0)), 1)
    facts |= {"seconds": seconds, "machine": machine(shop.device)}
    assembling.write_json(out / FACTS, facts)
    out.rename(folder)
    shop.checkpoint(name).unlink(missing_ok=True)
    shop.say(f"{name}: finished after {seconds} s")
    return facts


def train_bundle(shop: Workshop) -> Path:
    """Run every stage that is not finished; the folder of the finished set."""
    for name in STAGES:
        run_stage(shop, name)
    return shop.output("finish")


def machine(device: str) -> str:
    """Processor or accelerator, and the versions of what computes."""
    import diffusers
    import torch
    import transformers

    kind = torch.device(device).type
    name = torch.cuda.get_device_name(device) if kind == "cuda" else f"{kind} {platform.machine()}"
    return (
        f"{name}, Python {platform.python_version()}, torch {torch.__version__}, diffusers "
        f"{diffusers.__version__}, transformers {transformers.__version__}"
    )


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return value
