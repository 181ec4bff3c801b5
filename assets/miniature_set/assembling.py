"""The stage that puts the trained networks together as the files that are committed."""

import json
import shutil
from pathlib import Path
from typing import Any

from assets.miniature_set.fitting import read_network, write_state
from assets.miniature_set.generator import blank_bundle
from assets.miniature_set.networks import WEIGHTS
from assets.miniature_set.workshop import Facts, Workshop

GENERATOR = "generator"
SAM_FILE = "sam.safetensors"
DETECTOR_FILE = "detector.safetensors"
SETTINGS = "settings.json"

LICENSE = "Apache-2.0"

MAX_FILE_BYTES = 15 * 2**20
MAX_SET_BYTES = 40 * 2**20
_SHARD_SIZE = "15MB"
"""Of 10^6 bytes, so that a shard and its header stay below `MAX_FILE_BYTES`."""


def assemble(shop: Workshop, out: Path) -> Facts:
    """Stage: generator, SAM and detector in float16, and the recommended setting.

    Raises:
        ValueError: if a file, or all of them together, are too large to be committed.
    """
    import torch
    from safetensors.torch import load_file

    from models.generation.saving import save_bundle
    from models.generation.training.diffusion import denoiser_of

    bundle = blank_bundle(shop)
    vae: Any = bundle.vae
    read_network(shop.output("autoencoder") / WEIGHTS, vae, "cpu")
    read_network(shop.output("diffusion") / WEIGHTS, denoiser_of(bundle), "cpu")
    shutil.rmtree(out / GENERATOR, ignore_errors=True)  # of an interrupted run
    save_bundle(bundle, out / GENERATOR, dtype=torch.float16, max_shard_size=_SHARD_SIZE)
    for stage, name in (("sam", SAM_FILE), ("detector", DETECTOR_FILE)):
        write_state(out / name, load_file(shop.output(stage) / WEIGHTS), is_half=True)
    write_json(out / SETTINGS, recommended(shop))
    refuse_large(out)
    return {"bytes": sum(sizes_of(out).values()), "files": sizes_of(out)}


def recommended(shop: Workshop) -> dict[str, Any]:
    """The setting that the set is measured at, as `assets.synthesis.presets` reads it."""
    from models.miniature import HEIGHT, WIDTH

    drawing = shop.recipe.drawing
    return {
        "sampler": drawing.sampler,
        "n_steps": drawing.n_steps,
        "guidance": drawing.guidance,
        "short_side_px": min(HEIGHT, WIDTH),
        "height_px": HEIGHT,
        "width_px": WIDTH,
        "ood_quantile": drawing.ood_quantile,
        "min_iou": drawing.min_iou,
        "license": LICENSE,
    }


def sizes_of(folder: Path) -> dict[str, int]:
    """Bytes of every file below a folder, by its path there."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in files}


def refuse_large(folder: Path) -> None:
    """Let pass a set that can be committed.

    Raises:
        ValueError: naming the file that is too large, or the size of all.
    """
    sizes = sizes_of(folder)
    for name, size in sizes.items():
        if size > MAX_FILE_BYTES:
            raise ValueError(
                f"{folder / name}: need files of at most {MAX_FILE_BYTES} bytes, found {size}; "
                "choose smaller sizes in the recipe"
            )
    if sum(sizes.values()) > MAX_SET_BYTES:
        raise ValueError(
            f"{folder}: need at most {MAX_SET_BYTES} bytes in all, found {sum(sizes.values())} in "
            f"{len(sizes)} files; choose smaller sizes in the recipe"
        )


def write_json(path: Path, content: Any) -> None:
    """Make a file hold an object as JSON for people and programs."""
    path.write_text(json.dumps(content, indent=2, allow_nan=False) + "\n", encoding="utf-8")
