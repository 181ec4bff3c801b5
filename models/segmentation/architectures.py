"""The networks by name, built with random weights."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import torch

from models.random_weights import drawn_from, undisturbed
from models.segmentation.network import Segmenter


def _deeplab_wrn38() -> Segmenter:
    from models.segmentation.deeplab import deeplab_wrn38

    return deeplab_wrn38()


def _deeplab_miniature() -> Segmenter:
    from models.segmentation.deeplab import deeplab_miniature

    return deeplab_miniature()


def _mask2former_r50() -> Segmenter:
    from models.segmentation.mask2former import mask2former_r50

    return mask2former_r50()


def _mask2former_miniature() -> Segmenter:
    from models.segmentation.mask2former import mask2former_miniature

    return mask2former_miniature()


ARCHITECTURES: Mapping[str, Callable[[], Segmenter]] = MappingProxyType(
    {
        "deeplab_wrn38": _deeplab_wrn38,
        "mask2former_r50": _mask2former_r50,
        "deeplab_miniature": _deeplab_miniature,
        "mask2former_miniature": _mask2former_miniature,
    }
)
"""Name -> builder; a network's own modules are imported when it is built."""


def check_architecture(name: str) -> None:
    """Refuse a name that no network has.

    Raises:
        ValueError: naming all that there are.
    """
    if name not in ARCHITECTURES:
        raise ValueError(f"need an architecture of {', '.join(ARCHITECTURES)}, got {name!r}")


def build(name: str, *, seed: int) -> Segmenter:
    """Network with weights drawn from ``seed``, in evaluation mode, float32 on the CPU.

    torch's own random numbers go on afterwards as if nothing had been drawn. Threads may build at
    the same time, but no other thread may draw from torch's global generator meanwhile.

    Raises:
        ValueError: if no network has this name.
    """
    check_architecture(name)
    with drawn_from(seed):
        network = ARCHITECTURES[name]()
    return network.eval()


def published_shapes(name: str) -> dict[str, tuple[int, ...]]:
    """Published name -> shape of every parameter and buffer; no weight is allocated."""
    check_architecture(name)
    with undisturbed("meta"):
        network = ARCHITECTURES[name]()
    return shapes(network.published_state())


def shapes(state: Mapping[str, torch.Tensor]) -> dict[str, tuple[int, ...]]:
    """Name -> shape of tensors."""
    return {key: tuple(tensor.shape) for key, tensor in state.items()}
