"""Bundles from the original single file of a Stable Diffusion 1 model with its ControlNet.

diffusers converts and loads; the configurations in ``sd15`` tell it the architecture, so that no
network is needed. Every name and shape is checked first, on tensors without values.
"""

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, ControlNetModel, UNet2DConditionModel
from diffusers.loaders.single_file_utils import (
    convert_controlnet_checkpoint,
    convert_ldm_unet_checkpoint,
    convert_ldm_vae_checkpoint,
    create_diffusers_clip_model_from_ldm,
)
from torch import Tensor
from transformers import CLIPTextConfig, CLIPTextModel

from models.checkpoint.matching import compare, describe, grouped
from models.checkpoint.reading import CheckpointError, read_tensors
from models.generation.bundle import Bundle, BundleError
from models.generation.clip_table import clip_tokenizer
from models.generation.folder import scheduler_config
from models.generation.quiet import quiet

CONFIGS = Path(__file__).with_name("sd15")
"""Configurations of Stable Diffusion 1.5 and of its ControlNet for segmentation, one folder each.

Reference: Rombach et al. 2022 and Zhang et al. 2023, as published with their checkpoints.
"""

PREFIXES: Mapping[str, str] = {
    "controlnet": "control_model.",
    "unet": "model.diffusion_model.",
    "vae": "first_stage_model.",
    "text_encoder": "cond_stage_model.",
}
"""Part -> how the names of its tensors begin."""

_TEXT_PREFIXES = ("cond_stage_model.transformer.", "text_model.")
_POSITIONS = "embeddings.position_ids"
"""A buffer of older files that only counts from 0."""

_CONVERTERS: Mapping[str, tuple[type[Any], Callable[..., dict[str, Any]]]] = {
    "controlnet": (ControlNetModel, convert_controlnet_checkpoint),
    "unet": (UNet2DConditionModel, convert_ldm_unet_checkpoint),
    "vae": (AutoencoderKL, convert_ldm_vae_checkpoint),
}
_CURE = "use control_sd15_seg.pth as it is published, or a folder or hub id in diffusers layout"


def load_single_file(path: Path) -> Bundle:
    """The bundle in a .pth, .ckpt or .safetensors file; nothing in it is run.

    Weights may lie in the file, mapped into memory. Without ``cond_stage_model.*`` there is no text
    encoder.

    Raises:
        BundleError: if the file cannot be read safely, or does not hold every tensor of the parts.
    """
    try:
        tensors = read_tensors(path)
    except CheckpointError as error:
        raise BundleError(path, error.fact, error.cure) from error
    parts = {
        part: {key: tensor for key, tensor in tensors.items() if key.startswith(prefix)}
        for part, prefix in PREFIXES.items()
    }
    _refuse_absent(path, parts, tensors)
    networks = {part: _network(path, part, parts[part]) for part in _CONVERTERS}
    text = parts["text_encoder"]
    return Bundle(
        source=str(path),
        unet=networks["unet"],
        controlnet=networks["controlnet"],
        vae=networks["vae"],
        text_encoder=_text_encoder(path, text) if text else None,
        tokenizer=clip_tokenizer(),
        scheduler_config=published_schedule(),
    )


def published_schedule() -> Mapping[str, Any]:
    """Configuration of DDIM on the noise schedule of Stable Diffusion 1.5."""
    path = CONFIGS / "scheduler" / "scheduler_config.json"
    return scheduler_config(json.loads(path.read_text()))


def _refuse_absent(
    path: Path, parts: Mapping[str, Mapping[str, Tensor]], tensors: Mapping[str, Tensor]
) -> None:
    absent = [part for part in _CONVERTERS if not parts[part]]
    if not absent:
        return
    needed = ", ".join(f"{PREFIXES[part]}* ({part})" for part in _CONVERTERS)
    if len(absent) < len(_CONVERTERS):
        found = f"no {' and no '.join(f'{PREFIXES[part]}*' for part in absent)}"
        raise BundleError(path, f"need {needed} in one file, found {found}", _CURE)
    fact = f"need {needed}, found {len(tensors)} tensors of another model ({grouped(tensors)})"
    raise BundleError(path, fact, f"{_CURE}; checkpoints of segmenters go to load_segmenter")


def _network(path: Path, part: str, tensors: dict[str, Tensor]) -> Any:
    network_class, _ = _CONVERTERS[part]
    _refuse_unfit_part(path, part, tensors, network_class.load_config(str(CONFIGS / part)))
    with quiet():
        return network_class.from_single_file(
            tensors,
            config=str(CONFIGS),
            subfolder=part,
            dtype=torch.float32,
            local_files_only=True,
        )


def _refuse_unfit_part(
    path: Path, part: str, tensors: Mapping[str, Tensor], config: Mapping[str, Any]
) -> None:
    network_class, convert = _CONVERTERS[part]
    with torch.device("meta"):
        needed = network_class.from_config(config).state_dict()
    found = _renamed(path, part, tensors, partial(convert, config=config))
    _refuse_misfit(path, part, needed, found)


def _renamed(
    path: Path, part: str, tensors: Mapping[str, Tensor], convert: Callable[..., dict[str, Any]]
) -> dict[str, Tensor]:
    """Tensors without values by the names that diffusers gives them, or else by their own."""
    stand_ins = {key: torch.empty_like(tensor, device="meta") for key, tensor in tensors.items()}
    try:
        with quiet():
            converted = convert(dict(stand_ins))
    except Exception as error:  # the names in the file decide where the conversion trips
        fact = f"need a {part} of Stable Diffusion 1.5, found names that diffusers cannot convert"
        raise BundleError(path, f"{fact} ({type(error).__name__}: {error})", _CURE) from error
    renamed = {key: tensor for key, tensor in converted.items() if tensor is not None}
    # What diffusers reshapes are views of what it was given.
    used = {id(tensor if tensor._base is None else tensor._base) for tensor in renamed.values()}
    unused = {key: tensor for key, tensor in stand_ins.items() if id(tensor) not in used}
    return renamed | unused


def _text_encoder(path: Path, tensors: dict[str, Tensor]) -> CLIPTextModel:
    with torch.device("meta"):
        needed = CLIPTextModel(
            CLIPTextConfig.from_pretrained(CONFIGS / "text_encoder")
        ).state_dict()
    _refuse_misfit(
        path,
        "text_encoder",
        {_short(key): tensor for key, tensor in needed.items()},
        {_short(key): tensor for key, tensor in tensors.items()},
    )
    with quiet():
        encoder: CLIPTextModel = create_diffusers_clip_model_from_ldm(
            CLIPTextModel,
            tensors,
            subfolder="text_encoder",
            config=str(CONFIGS),
            torch_dtype=torch.float32,
            local_files_only=True,
        )
    return encoder


def _short(key: str) -> str:
    """Name within the text encoder, without the wrappers that versions and files put around it."""
    for prefix in _TEXT_PREFIXES:
        key = key.removeprefix(prefix)
    return key


def _refuse_misfit(
    path: Path, part: str, needed: Mapping[str, Tensor], found: Mapping[str, Tensor]
) -> None:
    shapes = {key: tuple(tensor.shape) for key, tensor in needed.items()}
    found_shapes = {key: tuple(tensor.shape) for key, tensor in found.items()}
    mismatch = compare(shapes, found_shapes, expected=(), ignored=(_POSITIONS,))
    if mismatch:
        told = describe(mismatch, shapes, found_shapes)
        fact = f"need the {len(shapes)} tensors of the {part} of Stable Diffusion 1.5, found {told}"
        raise BundleError(path, fact, _CURE)
    whole = [key for key in shapes if not found[key].is_floating_point()]
    if whole:
        fact = f"need floating-point weights of {part}, found {found[whole[0]].dtype}"
        raise BundleError(path, f"{fact} as {whole[0]}", _CURE)
