"""The networks of a worker: loaded once, kept warm, on the device that it has."""

from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from assets.engine.warm import warm_models
from assets.synthesis.networks import Compute, NetworkSources

if TYPE_CHECKING:
    import torch

    from models.filtering import SamSegmenter
    from models.generation import Bundle
    from models.segmentation.network import Segmenter

USUAL_CUDA_BATCH = 8


@dataclass(frozen=True, kw_only=True, eq=False)
class LoadedNetworks:
    """Generator, SAM and detector in evaluation mode on one device."""

    bundle: "Bundle"
    sam: "SamSegmenter"
    detector: "Segmenter"
    device: "torch.device"
    dtype: "torch.dtype"


def load_networks(sources: NetworkSources, device: str, dtype: str) -> LoadedNetworks:
    """All networks; they stay in memory (`assets.engine.warm`), unless their files changed.

    SAM and detector compute in float32 everywhere: what they say decides.

    Raises:
        CheckpointError: naming the file, if one cannot be used.
    """
    key = _networks_key(sources, device, dtype)
    return warm_models().get(key, lambda: _networks(sources, device, dtype))


def warm_keys(sources: NetworkSources, device: str, dtype: str) -> tuple[Hashable, ...]:
    """Keys under which networks, and the detector among them, stay in memory.

    What makes them differ: files, by name and stamp, numbers and device.
    """
    return _networks_key(sources, device, dtype), _detector_key(sources, device)


def _networks_key(sources: NetworkSources, device: str, dtype: str) -> Hashable:
    return ("networks", sources, device, dtype, sources.stamp())


def _detector_key(sources: NetworkSources, device: str) -> Hashable:
    return ("detector", sources.detector_architecture, sources.detector, device, sources.stamp())


def load_detector(sources: NetworkSources, device: str) -> "Segmenter":
    """The OOD detector alone; it stays in memory as the networks do.

    Raises:
        CheckpointError: naming the file, if it cannot be used.
    """
    architecture, source = sources.detector_architecture, sources.detector
    key = _detector_key(sources, device)
    return warm_models().get(key, lambda: _detector(architecture, source, device))


def _networks(sources: NetworkSources, device: str, dtype: str) -> LoadedNetworks:
    import torch

    from models.filtering import load_sam
    from models.generation import load_bundle

    place = torch.device(device)
    numbers = getattr(torch, dtype)
    return LoadedNetworks(
        bundle=load_bundle(sources.generator, device=place, dtype=numbers),
        sam=load_sam(sources.sam).to(place),
        detector=load_detector(sources, device),
        device=place,
        dtype=numbers,
    )


def _detector(architecture: str, source: str, device: str) -> "Segmenter":
    from models.segmentation import load_segmenter

    return load_segmenter(architecture, source).to(device)


def settled(compute: Compute) -> Compute:
    """How this machine computes: nothing is left to be decided.

    Raises:
        ValueError: if a GPU is asked for where there is none.
    """
    import torch

    has_cuda = torch.cuda.is_available()
    device = compute.device if compute.device != "auto" else ("cuda" if has_cuda else "cpu")
    if device == "cuda" and not has_cuda:
        raise ValueError(
            "need a CUDA device for the networks, found none; set their device to auto or cpu, or "
            "run the engine on workers that have one"
        )
    is_cuda = device == "cuda"
    return Compute(
        device=device,
        dtype=compute.dtype if compute.dtype != "auto" else ("bfloat16" if is_cuda else "float32"),
        batch_size=compute.batch_size or (USUAL_CUDA_BATCH if is_cuda else 1),
        n_threads=compute.n_threads,
    )
