"""The one door through which a bundle becomes a generator."""

from pathlib import Path

import torch
from torch import nn

from models.checkpoint.values import is_finite
from models.generation.bundle import Bundle, BundleError
from models.generation.fit import refuse_unfit
from models.generation.folder import load_folder
from models.generation.hub import find_in_cache, looks_like_hub_id
from models.generation.layout import find_parts
from models.generation.single_file import load_single_file

_COPY_AGAIN = "copy the folder again, or write it anew with save_bundle"


def load_bundle(
    source: Path | str,
    *,
    device: torch.device | str = "cpu",
    dtype: torch.dtype = torch.float32,
) -> Bundle:
    """Generator in evaluation mode, by default in float32 on the CPU; the network is never used.

    Args:
        source: a folder in diffusers layout (subfolders ``unet``, ``controlnet``, ``vae``,
            ``text_encoder``, ``tokenizer``, ``scheduler``, and ``controlnet_1`` where there is a
            ControlNet for edges; safetensors only); the original single
            file of Stable Diffusion 1.5 with its ControlNet (``control_sd15_seg.pth``,
            .safetensors), which is never unpickled unsafely; or a hub id with a pinned revision,
            ``org/name@<40 hex digits>``, found in the local cache of the hub. Where base and
            ControlNet are two repositories: ``org/base@<40 hex>+org/controlnet@<40 hex>``, and a
            third ``+org/edges@<40 hex>`` holds the ControlNet for edges.
        device: where the networks come to lie.
        dtype: of their weights.

    Raises:
        BundleError: if the bundle is missing, partial, damaged, of another model, holds weights
            that are not finite, or has parts that do not fit each other.
    """
    bundle = _read(source)
    refuse_unfit(bundle)
    for part, network in bundle.modules.items():
        _settle(bundle.source, part, network, torch.device(device), dtype)
    return bundle


def _read(source: Path | str) -> Bundle:
    path = Path(source)
    if path.is_dir():
        return load_folder(find_parts(str(path), path, _COPY_AGAIN))
    if isinstance(source, str) and not path.exists() and looks_like_hub_id(source):
        return load_folder(find_in_cache(source))
    return load_single_file(path)


def _settle(
    source: str, part: str, network: nn.Module, device: torch.device, dtype: torch.dtype
) -> None:
    """Give a network memory of its own: until then its weights may lie in a file that changes."""
    for key, tensor in (*network.named_parameters(), *network.named_buffers()):
        is_float = tensor.is_floating_point()
        if is_float and not is_finite(tensor):
            fact = f"need finite weights of {part}, found others as {key}"
            raise BundleError(source, fact, "use a bundle from before its training diverged")
        tensor.data = tensor.data.to(device, dtype if is_float else tensor.dtype, copy=True)
    network.eval()
