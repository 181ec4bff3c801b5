"""The one door through which weights become a SAM."""

from pathlib import Path

from models.checkpoint.matching import (
    LIKENESS_TO_NAME,
    Shapes,
    compare,
    describe,
    grouped,
    likeness,
)
from models.checkpoint.reading import CheckpointError, read_tensors
from models.checkpoint.values import converted
from models.filtering.sam.architectures import ARCHITECTURES, build, published_shapes, skeleton
from models.filtering.sam.segmenter import SamSegmenter

_FETCH = "run multishift fetch filter, where there is a network"


def load_sam(name_or_file: Path | str, *, seed: int = 0) -> SamSegmenter:
    """SAM in evaluation mode, float32 on the CPU; the network is never used.

    Args:
        name_or_file: a checkpoint (.pth, .pt, .safetensors), whose tensors tell the architecture:
            ``sam_vit_h_4b8939.pth`` and its smaller sisters, ``mobile_sam.pt``, or our own of the
            miniature. A name of `ARCHITECTURES` gives random weights.
        seed: of random weights; torch's global generator is not touched.

    Raises:
        CheckpointError: if the file is missing, damaged, of no such architecture, asks for more
            than tensors, or holds weights that are not finite.
    """
    if isinstance(name_or_file, str) and name_or_file in ARCHITECTURES:
        return SamSegmenter(build(name_or_file, seed=seed), architecture=name_or_file).eval()
    path = Path(name_or_file)
    if isinstance(name_or_file, str) and not path.suffix and not path.exists():
        fact = f"need a checkpoint, or one of {', '.join(ARCHITECTURES)}; found no such file"
        raise CheckpointError(path, fact, f"check it, or {_FETCH}")
    found = read_tensors(path)
    architecture = _architecture(path, {key: tuple(t.shape) for key, t in found.items()})
    network = skeleton(architecture)
    own = network.state_dict()
    given = {
        key: converted(path, key, found[key], own[key], copy=True) for key in own if key in found
    }
    network.load_state_dict(own | given, assign=True)
    # Evaluation mode comes last: MobileSAM's attention keeps a copy of some weights from it.
    return SamSegmenter(network, architecture=architecture).eval()


def _architecture(path: Path, found: Shapes) -> str:
    """The architecture whose tensors a file holds, no more and no less."""
    scores = {name: likeness(published_shapes(name), found) for name in ARCHITECTURES}
    best = max(scores, key=scores.__getitem__)
    needed = published_shapes(best)
    mismatch = compare(needed, found, expected=(), ignored=())
    if not mismatch:
        return best
    if scores[best] < LIKENESS_TO_NAME:
        fact = (
            f"need the tensors of {', '.join(ARCHITECTURES)}, found {len(found)} others "
            f"({grouped(found)})"
        )
        cure = f"use a file in its original form, as {_original_form(found)}; {_FETCH}"
        raise CheckpointError(path, fact, cure)
    fact = f"need the {len(needed)} tensors of {best}, found {describe(mismatch, needed, found)}"
    raise CheckpointError(path, fact, f"use a checkpoint of {best} as it is published")


def _original_form(found: Shapes) -> str:
    """What to look for in place of the file."""
    if any(key.startswith("vision_encoder.") for key in found):
        return "sam_vit_h_4b8939.pth is: this one has the names that transformers gives"
    return "sam_vit_h_4b8939.pth or mobile_sam.pt are"
