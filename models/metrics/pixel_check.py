"""What every pixel metric asks of a score map and its label before it counts anything."""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float32, UInt8

IN, OOD, VOID = 0, 1, 255
"""Label of a pixel: in distribution, of an unknown object, and never scored."""

CHUNK_PIXELS = 1 << 20
"""Pixels that are looked at together: a few MB, however large an array is given."""

Scores = Float32[np.ndarray, " _"]
ScoreMap = Float32[np.ndarray, "..."]
LabelMap = UInt8[np.ndarray, "..."]
Chunks = list[tuple[Scores, UInt8[np.ndarray, " _"]]]


def checked_chunks(score: np.ndarray, label: np.ndarray) -> Chunks:
    """The pixels of a map and its label in short stretches, once all of them are found right.

    Raises:
        ValueError: if the two differ in shape or have another type, if a label is none of 0, 1
            and 255, or if the score of a pixel that is not void is NaN or infinite.
    """
    _refuse_other_arrays(score, label)
    flat_score, flat_label = score.reshape(-1), label.reshape(-1)
    parts = [slice(at, at + CHUNK_PIXELS) for at in range(0, score.size, CHUNK_PIXELS)]
    chunks = [(flat_score[part], flat_label[part]) for part in parts]
    for chunk_score, chunk_label in chunks:
        _refuse_other_labels(chunk_label, label)
        _refuse_infinite(chunk_score, chunk_label)
    return chunks


def split_classes(chunks: Chunks) -> Iterator[tuple[Scores, Scores]]:
    """In-distribution and OOD scores of each stretch; void pixels are left out."""
    for score, label in chunks:
        yield score[label == IN], score[label == OOD]


def count_void(chunks: Chunks) -> int:
    """Pixels that are never scored."""
    return sum(int(np.count_nonzero(label == VOID)) for _, label in chunks)


def _refuse_other_arrays(score: np.ndarray, label: np.ndarray) -> None:
    if score.dtype != np.float32 or label.dtype != np.uint8:
        raise ValueError(
            f"need float32 scores and uint8 labels, got {score.dtype} and {label.dtype}; convert "
            "them, knowing that rounding may tie scores that differed"
        )
    if score.shape != label.shape:
        raise ValueError(f"need a score for every label, got {score.shape} and {label.shape}")


def _refuse_other_labels(chunk: np.ndarray, label: np.ndarray) -> None:
    n_known = sum(int(np.count_nonzero(chunk == value)) for value in (IN, OOD, VOID))
    if n_known == chunk.size:
        return
    found = np.flatnonzero(np.bincount(chunk, minlength=256)).tolist()
    hint = "; 0 and 2 are the original coding of RoadAnomaly" if 2 in found else ""
    raise ValueError(
        f"need labels of 0 (in), 1 (OOD) and 255 (void), got {found} in a label of {label.shape}; "
        f"translate them by the data set's coding first{hint}"
    )


def _refuse_infinite(score: np.ndarray, label: np.ndarray) -> None:
    if np.isfinite(score).all():
        return
    wrong = score[(label != VOID) & ~np.isfinite(score)]
    if wrong.size:
        n_nan = int(np.isnan(wrong).sum())
        raise ValueError(
            f"need finite scores, got {n_nan} NaN and {wrong.size - n_nan} infinite ones on pixels "
            "that are scored; mend the scores or label those pixels 255"
        )
