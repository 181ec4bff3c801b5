"""The one door through which weights become a network."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from models.checkpoint.matching import COUNTER_SUFFIX, has_prefix
from models.checkpoint.reading import read_tensors
from models.checkpoint.values import converted
from models.segmentation.architectures import build, check_architecture, shapes
from models.segmentation.misfit import refuse_misfit
from models.segmentation.network import Segmenter


@dataclass(frozen=True, kw_only=True)
class LoadedSegmenter:
    """A network with the weights of a file, and what became of the rest.

    Attributes:
        network: in evaluation mode, float32 on the CPU.
        copied: keys of the OOD layer that the file lacks, copied from the class layer.
        drawn: other keys that the file lacks, drawn at random; batch counters, which start at zero
            and are never drawn, are not among them.
        unused: keys of the file that the network has no place for.
    """

    network: Segmenter
    copied: tuple[str, ...]
    drawn: tuple[str, ...]
    unused: tuple[str, ...]


def load_segmenter(
    architecture: str,
    checkpoint: Path | str | None = None,
    *,
    expected: Collection[str] = (),
    seed: int = 0,
) -> Segmenter:
    """Network in evaluation mode, float32 on the CPU, with the weights of a checkpoint.

    Not beside another thread's ``torch.load``: see `read_tensors`.

    Args:
        architecture: a name of `ARCHITECTURES`.
        checkpoint: .pth, .pt or .safetensors file with the published names, plain or under
            ``state_dict`` or ``model``, with or without the prefix ``module.``; None for random
            weights.
        expected: prefixes of keys that the file may lack or have beyond those of the network. An
            OOD layer that is lacking starts as a copy of the class layer, as published; other keys
            keep their random weights.
        seed: of the random weights; torch's global generator is not touched.

    Raises:
        CheckpointError: if the file is missing, damaged, of another architecture or class count,
            asks for more than tensors, or holds weights that are not finite.
        ValueError: if the architecture is none, or a prefix is expected of no file.
    """
    if checkpoint is not None:
        return read_segmenter(architecture, checkpoint, expected=expected, seed=seed).network
    if expected:
        raise ValueError(f"need a checkpoint to expect {list(expected)} of, got none")
    return build(architecture, seed=seed)


def read_segmenter(
    architecture: str, checkpoint: Path | str, *, expected: Collection[str] = (), seed: int = 0
) -> LoadedSegmenter:
    """Like `load_segmenter`, and says which weights are not the file's.

    Raises:
        CheckpointError: if the file cannot be used.
        ValueError: if the architecture is none.
        TypeError: if ``expected`` is one text and no collection.
    """
    if isinstance(expected, str):
        raise TypeError(f"need a collection of prefixes as expected, got the text {expected!r}")
    check_architecture(architecture)
    path = Path(checkpoint)
    found = read_tensors(path)
    network = build(architecture, seed=seed)
    prefixes = tuple(prefix.rstrip(".") for prefix in expected)
    refuse_misfit(path, architecture, network, shapes(found), expected=prefixes)
    state = network.published_state()
    missing = [key for key in state if key not in found]
    state |= {key: converted(path, key, found[key], state[key]) for key in state if key in found}
    copied = _copy_class_layer(network, state, missing)
    network.load_published_state(state)
    return LoadedSegmenter(
        network=network,
        copied=copied,
        drawn=tuple(
            key for key in missing if key not in copied and not key.endswith(COUNTER_SUFFIX)
        ),
        unused=tuple(key for key in found if key not in state),
    )


def _copy_class_layer(
    network: Segmenter, state: dict[str, Tensor], missing: Collection[str]
) -> tuple[str, ...]:
    """Let an OOD layer that is missing be the class layer; gives its keys."""
    copied = tuple(key for key in missing if has_prefix(key, (network.ood_layer,)))
    for key in copied:
        state[key] = state[network.class_key(key)]
    return copied
