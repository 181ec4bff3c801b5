"""Refusing a checkpoint that does not fit its architecture, with the advice that fits the case."""

from collections.abc import Collection
from pathlib import Path

from models.checkpoint.matching import (
    LIKENESS_TO_NAME,
    Mismatch,
    Shapes,
    compare,
    describe,
    has_prefix,
    likeness,
)
from models.checkpoint.reading import CheckpointError
from models.segmentation.architectures import ARCHITECTURES, published_shapes, shapes
from models.segmentation.network import Segmenter
from storage.label_space import N_CLASSES


def refuse_misfit(
    path: Path, architecture: str, network: Segmenter, found: Shapes, *, expected: Collection[str]
) -> None:
    """Let pass a file whose tensors are those of the network, but for what was expected.

    Raises:
        CheckpointError: if keys are missing, unexpected or of another shape, if only a part of the
            OOD layer is there, or if an expected prefix is in neither the network nor the file.
    """
    needed = shapes(network.published_state())
    for prefix in expected:
        if not any(has_prefix(key, (prefix,)) for key in [*needed, *found]):
            fact = f"need expected prefixes of keys of {architecture} or the file, got {prefix!r}"
            cure = f"check its spelling; the OOD layer is {network.ood_layer}"
            raise CheckpointError(path, fact, cure)
    mismatch = compare(needed, found, expected=expected, ignored=network.ignored_keys)
    if mismatch:
        fact = f"need the {len(needed)} tensors of {architecture}, found"
        raise CheckpointError(
            path,
            f"{fact} {describe(mismatch, needed, found)}",
            _advice(architecture, network, mismatch, needed=needed, found=found),
        )
    _refuse_half_a_layer(path, network.ood_layer, needed, found)


def _refuse_half_a_layer(path: Path, layer: str, needed: Shapes, found: Shapes) -> None:
    lacking = [key for key in needed if has_prefix(key, (layer,)) and key not in found]
    if lacking and any(has_prefix(key, (layer,)) for key in needed.keys() & found.keys()):
        fact = f"need all or nothing of the OOD layer {layer}, found it without {lacking[0]}"
        raise CheckpointError(path, fact, "remove the rest of the layer, or use another checkpoint")


def _advice(
    architecture: str, network: Segmenter, mismatch: Mismatch, *, needed: Shapes, found: Shapes
) -> str:
    other = _likelier(architecture, likeness(needed, found), found)
    if other:
        return f"this looks like a checkpoint of {other}: load it as that architecture"
    n_classes = n_classes_found(needed, found, network.class_layer)
    if n_classes is not None:
        return (
            f"its class layer {network.class_layer} has {n_classes} classes and {N_CLASSES} are "
            f"needed: use a checkpoint of the {N_CLASSES} Cityscapes classes"
        )
    if _lacks_only(mismatch, network.ood_layer):
        return (
            f"name {network.ood_layer} as expected (--expect {network.ood_layer}) to start the OOD "
            "layer as a copy of the class layer"
        )
    if mismatch.misshapen:
        return f"use a checkpoint of {architecture} as it is published"
    return (
        "use another checkpoint, or name prefixes of keys that may be missing or too many as "
        "expected (--expect PREFIX)"
    )


def n_classes_found(needed: Shapes, found: Shapes, class_layer: str) -> int | None:
    """Classes of the file's class layer where they are not 19 and all else of it fits; else None.

    The layer may have rows beside those of the classes (Mask2Former's "no object").
    """
    for key in (key for key in needed if has_prefix(key, (class_layer,)) and key in found):
        (n_rows, *rest), (n_rows_found, *rest_found) = needed[key], found[key] or (0,)
        if rest == rest_found and n_rows != n_rows_found:
            return n_rows_found - (n_rows - N_CLASSES)
    return None


def _lacks_only(mismatch: Mismatch, layer: str) -> bool:
    differing = (*mismatch.missing, *mismatch.unexpected, *mismatch.misshapen)
    return all(key in mismatch.missing and has_prefix(key, (layer,)) for key in differing)


def _likelier(architecture: str, own_likeness: float, found: Shapes) -> str | None:
    """The other architecture that the file fits best, if clearly and better than the own one."""
    others = {
        name: likeness(published_shapes(name), found)
        for name in ARCHITECTURES
        if name != architecture
    }
    best = max(others, key=others.__getitem__)
    is_likely = others[best] > own_likeness and others[best] >= LIKENESS_TO_NAME
    return best if is_likely else None
