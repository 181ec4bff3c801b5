"""The networks of a worker: loaded once a process, onto the device that it has."""

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

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
    """All networks; those of the last call stay in memory, unless their files changed.

    SAM and detector compute in float32 everywhere: what they say decides.

    Raises:
        CheckpointError: naming the file, if one cannot be used.
    """
    return _networks(sources, device, dtype, sources.stamp())


def load_detector(sources: NetworkSources, device: str) -> "Segmenter":
    """The OOD detector alone; that of the last call stays in memory, unless its file changed.

    Raises:
        CheckpointError: naming the file, if it cannot be used.
    """
    return _detector(sources.detector_architecture, sources.detector, device, sources.stamp())


@lru_cache(maxsize=1)
def _networks(
    sources: NetworkSources, device: str, dtype: str, _stamp: tuple[str, ...]
) -> LoadedNetworks:
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


@lru_cache(maxsize=1)
def _detector(architecture: str, source: str, device: str, _stamp: tuple[str, ...]) -> "Segmenter":
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
