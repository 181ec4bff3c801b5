"""What every loss of pairs refuses before it computes anything."""

from torch import Tensor


def check_batch(logits: Tensor, ood_score: Tensor, target: Tensor) -> None:
    """Let pass logits, score and target of one batch of pairs.

    Raises:
        ValueError: if the shapes do not fit.
        TypeError: if the target is not made of integers.
    """
    shape = logits.shape
    if len(shape) != 4 or shape[0] % 2 or 0 in shape:
        raise ValueError(f"need logits (2 * pairs, classes, height, width), got {tuple(shape)}")
    expected = (shape[0], *shape[2:])
    for name, tensor in (("ood_score", ood_score), ("target", target)):
        if tensor.shape != expected:
            raise ValueError(
                f"need {name} of the logits' shape {expected}, got {tuple(tensor.shape)}"
            )
    if target.is_floating_point() or target.is_complex():
        raise TypeError(f"need a target of integers, got {target.dtype}")
