"""Bundles from folders in the layout of diffusers, loaded by its own classes, safetensors only."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import diffusers
import torch
from diffusers import AutoencoderKL, ControlNetModel, SchedulerMixin, UNet2DConditionModel
from torch import nn
from transformers import CLIPTextModel, CLIPTokenizer

from models.checkpoint.matching import Mismatch, describe
from models.generation.bundle import Bundle, BundleError
from models.generation.layout import SCHEDULER, Layout, read_json, weights_variant
from models.generation.quiet import quiet

_DIFFUSERS_WEIGHTS, _TRANSFORMERS_WEIGHTS = "diffusion_pytorch_model", "model"
_TEXT_TYPES = ("clip_text_model", "clip")


def load_folder(layout: Layout) -> Bundle:
    """The bundle whose parts lie as ``layout`` says, with every weight from its files.

    Raises:
        BundleError: if a part is of another class, lacks tensors, or has others or other shapes.
    """
    return Bundle(
        source=layout.source,
        unet=_network(layout, "unet", UNet2DConditionModel),
        controlnet=_network(layout, "controlnet", ControlNetModel),
        vae=_network(layout, "vae", AutoencoderKL),
        text_encoder=_text_encoder(layout),
        tokenizer=_tokenizer(layout),
        scheduler_config=_scheduler_config(layout),
        edge_controlnet=(
            _network(layout, "edge_controlnet", ControlNetModel)
            if "edge_controlnet" in layout.folders
            else None
        ),
    )


def scheduler_config(config: Mapping[str, Any]) -> Mapping[str, Any]:
    """The configuration of a diffusers scheduler with all its settings, and its ``_class_name``.

    Raises:
        ValueError: if diffusers has no scheduler of this name, or not with these settings.
    """
    name = config.get("_class_name")
    scheduler_class = getattr(diffusers, name, None) if isinstance(name, str) else None
    if not (isinstance(scheduler_class, type) and issubclass(scheduler_class, SchedulerMixin)):
        raise ValueError(f"need the name of a diffusers scheduler as _class_name, found {name!r}")
    with quiet():
        settings = dict(scheduler_class.from_config(config).config)
    public = {key: value for key, value in settings.items() if not key.startswith("_")}
    return MappingProxyType({"_class_name": name, **public})


def _network(layout: Layout, part: str, network_class: type[Any]) -> Any:
    config = read_json(layout.folders[part] / "config.json", layout.cure)
    _refuse_other_class(layout, part, config.get("_class_name"), (network_class.__name__,))
    network = _loaded(layout, part, network_class, config, _DIFFUSERS_WEIGHTS)
    network.register_to_config(_name_or_path="")  # or a saved copy would name this machine's paths
    return network


def _text_encoder(layout: Layout) -> CLIPTextModel | None:
    if "text_encoder" not in layout.folders:
        return None
    config = read_json(layout.folders["text_encoder"] / "config.json", layout.cure)
    _refuse_other_class(layout, "text_encoder", config.get("model_type"), _TEXT_TYPES)
    encoder: CLIPTextModel | None = _loaded(
        layout, "text_encoder", CLIPTextModel, config, _TRANSFORMERS_WEIGHTS
    )
    return encoder


def _refuse_other_class(layout: Layout, part: str, found: object, known: tuple[str, ...]) -> None:
    if found not in known:
        path = layout.folders[part] / "config.json"
        fact = f"need a {part} of class {known[0]}, found {found!r}"
        raise BundleError(path, fact, "use a bundle of the Stable Diffusion 1 family with its own")


def _loaded(
    layout: Layout, part: str, network_class: type[Any], config: Mapping[str, Any], stem: str
) -> Any:
    """The network of one part; the library tells what its files lacked, and that is refused."""
    folder = layout.folders[part]
    if config.get("quantization_config") is not None:
        cure = "use the bundle that this one was quantized from"
        raise BundleError(folder, f"need plain weights of {part}, found quantized ones", cure)
    variant = weights_variant(folder, stem, layout.cure)
    try:
        with quiet():
            network, told = network_class.from_pretrained(
                str(folder),
                variant=variant,
                dtype=torch.float32,
                use_safetensors=True,
                local_files_only=True,
                ignore_mismatched_sizes=True,  # so that they are told, not raised one by one
                output_loading_info=True,
            )
    except Exception as error:  # a config can make the libraries raise whatever they like
        raise BundleError(folder, _told_by(error, network_class), layout.cure) from error
    _refuse_mismatch(layout, part, network, told)
    return network


def _refuse_mismatch(
    layout: Layout, part: str, network: nn.Module, told: Mapping[str, Any]
) -> None:
    """Let pass a part whose files held its tensors, all of them and no others."""
    shapes = {key: (tuple(found), tuple(needed)) for key, found, needed in told["mismatched_keys"]}
    mismatch = Mismatch(
        missing=tuple(sorted(told["missing_keys"])),
        unexpected=tuple(sorted(told["unexpected_keys"])),
        misshapen=tuple(shapes),
    )
    if mismatch:
        needed = {key: shape for key, (_, shape) in shapes.items()}
        found = {key: shape for key, (shape, _) in shapes.items()}
        told_so = describe(mismatch, needed, found)
        fact = f"need the {len(network.state_dict())} tensors of {part}, found {told_so}"
        raise BundleError(layout.folders[part], fact, layout.cure)


def _told_by(error: Exception, loaded_class: type[Any]) -> str:
    first_line = str(error).strip().partition("\n")[0]
    return f"cannot be loaded as {loaded_class.__name__} ({type(error).__name__}: {first_line})"


def _tokenizer(layout: Layout) -> CLIPTokenizer | None:
    if "tokenizer" not in layout.folders:
        return None
    folder = layout.folders["tokenizer"]
    if not ((folder / "tokenizer.json").is_file() or (folder / "vocab.json").is_file()):
        raise BundleError(folder, "need tokenizer.json or vocab.json, found neither", layout.cure)
    try:
        with quiet():
            tokenizer: CLIPTokenizer = CLIPTokenizer.from_pretrained(
                str(folder), local_files_only=True
            )
    except Exception as error:  # as above: the files decide what goes wrong
        raise BundleError(folder, _told_by(error, CLIPTokenizer), layout.cure) from error
    return tokenizer


def _scheduler_config(layout: Layout) -> Mapping[str, Any] | None:
    if SCHEDULER not in layout.folders:
        return None
    path = layout.folders[SCHEDULER] / "scheduler_config.json"
    try:
        return scheduler_config(read_json(path, layout.cure))
    except BundleError:
        raise
    except Exception as error:
        raise BundleError(path, f"cannot be used ({error})", layout.cure) from error
