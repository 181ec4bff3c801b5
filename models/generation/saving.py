"""Bundles as folders in the layout of diffusers, written by its own pipeline."""

import shutil
from copy import deepcopy
from pathlib import Path
from typing import Any
from uuid import uuid4

import diffusers
import torch
from diffusers import StableDiffusionControlNetPipeline
from diffusers.models.controlnets.multicontrolnet import MultiControlNetModel

from models.generation.bundle import Bundle, BundleError
from models.generation.layout import EDGE_FOLDER
from models.generation.quiet import quiet


def save_bundle(
    bundle: Bundle,
    folder: Path | str,
    *,
    dtype: torch.dtype | None = None,
    max_shard_size: str = "10GB",
) -> None:
    """Make ``folder`` hold the bundle, for `load_bundle` and for diffusers; whole or not at all.

    Args:
        bundle: stays as it is.
        folder: must not exist, or be empty.
        dtype: of the written weights; None for those of the bundle.
        max_shard_size: weight files of one part are split above it, such as ``15MB`` (MB of 10^6
            bytes).

    Raises:
        BundleError: if the folder holds something.
    """
    folder = Path(folder)
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise BundleError(folder, "need a new or empty folder, found it in use", "name another")
    folder.parent.mkdir(parents=True, exist_ok=True)
    staged = folder.parent / f".tmp-{uuid4().hex}"
    try:
        with quiet():
            _write(pipeline(bundle, dtype=dtype), staged, max_shard_size)
        staged.rename(folder)
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _write(built: Any, folder: Path, max_shard_size: str) -> None:
    built.save_pretrained(folder, safe_serialization=True, max_shard_size=max_shard_size)
    controlnet: Any = built.controlnet
    if isinstance(controlnet, MultiControlNetModel):
        # It wrote one file a network: the library's class does not pass the size on.
        for name, network in zip(("controlnet", EDGE_FOLDER), built.controlnet.nets, strict=True):
            shutil.rmtree(folder / name)
            network.save_pretrained(
                folder / name, safe_serialization=True, max_shard_size=max_shard_size
            )


def pipeline(bundle: Bundle, *, dtype: torch.dtype | None = None) -> Any:
    """The parts as a `StableDiffusionControlNetPipeline` of diffusers, without its safety checker.

    A bundle with a ControlNet for edges gives one of two ControlNets, the layout's first.

    Args:
        bundle: its networks become those of the pipeline, or are copied where ``dtype`` differs.
        dtype: of the pipeline's networks; None for those of the bundle.
    """
    networks = {
        part: network if dtype in (None, network.dtype) else deepcopy(network).to(dtype)
        for part, network in bundle.modules.items()
    }
    controlnets = [networks.pop(part) for part in bundle.controlnets]
    scheduler = None
    if bundle.scheduler_config is not None:
        scheduler_class = getattr(diffusers, bundle.scheduler_config["_class_name"])
        scheduler = scheduler_class.from_config(dict(bundle.scheduler_config))
    with quiet():
        return StableDiffusionControlNetPipeline(
            **{"text_encoder": None, **networks},
            controlnet=controlnets if len(controlnets) > 1 else controlnets[0],
            tokenizer=bundle.tokenizer,
            scheduler=scheduler,
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )
