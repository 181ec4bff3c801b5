"""What is read from disk for one training sample: a pair of pictures, and objects to paste."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, UInt8

from storage.label_space import N_CLASSES, OOD_ID, VOID_ID


@dataclass(frozen=True, kw_only=True, eq=False)
class Pair:
    """The photograph of a frame and a scene drawn from that frame's layout, each with its label.

    Labels hold train ids 0 to 18, 254 on unknown objects, 255 on void.

    Raises:
        ValueError: if the four arrays differ in height or width, are not uint8 of their shape, or
            a label holds another value. The message names the sample.
    """

    sample_id: str
    original: UInt8[np.ndarray, "height width 3"]
    original_label: UInt8[np.ndarray, "height width"]
    generated: UInt8[np.ndarray, "height width 3"]
    generated_label: UInt8[np.ndarray, "height width"]

    @classmethod
    def of_photograph(
        cls,
        sample_id: str,
        image: UInt8[np.ndarray, "height width 3"],
        label: UInt8[np.ndarray, "height width"],
    ) -> "Pair":
        """A frame without a generated scene: its photograph stands in both places.

        Raises:
            ValueError: as of any pair.
        """
        return cls(
            sample_id=sample_id,
            original=image,
            original_label=label,
            generated=image,
            generated_label=label,
        )

    def __post_init__(self) -> None:
        """Refuse what cannot be transformed together, and labels outside the coding."""
        shapes = {name: getattr(self, name).shape for name in _PICTURES + _LABELS}
        size = shapes["original_label"]
        wanted = dict.fromkeys(_PICTURES, (*size, 3)) | dict.fromkeys(_LABELS, size)
        if len(size) != 2 or shapes != wanted:
            found = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
            raise ValueError(
                f"{self.sample_id}: need two RGB images (height, width, 3) and two labels (height, "
                f"width) of one size, got {found}; resize the generated scene to its photograph"
            )
        for name in _PICTURES + _LABELS:
            _check_bytes(f"{self.sample_id}: {name}", getattr(self, name))
        for name in _LABELS:
            _check_coding(f"{self.sample_id}: {name}", getattr(self, name))


_PICTURES = ("original", "generated")
_LABELS = ("original_label", "generated_label")


def _check_bytes(what: str, array: np.ndarray) -> None:
    if array.dtype != np.uint8:
        raise ValueError(f"{what}: need uint8, got {array.dtype}")


def _check_coding(what: str, label: UInt8[np.ndarray, "height width"]) -> None:
    # Two more wraps 254 and 255 to 0 and 1 and lets one maximum judge; it is ten times faster
    # than a table, on two million pixels a label.
    if label.size and int((label + np.uint8(2)).max()) >= N_CLASSES + 2:
        found = np.unique(label)
        wrong = found[(found >= N_CLASSES) & (found < OOD_ID)]
        raise ValueError(
            f"{what}: need train ids 0 to {N_CLASSES - 1}, {OOD_ID} on unknown objects and "
            f"{VOID_ID} on void, got {', '.join(map(str, wrong[:5]))}; label ids of Cityscapes "
            "must be turned into train ids first"
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class PastedObject:
    """An object of another data set, with its own pixels; ``mask`` is true on the object.

    Raises:
        ValueError: if image and mask differ in size, or the mask marks no pixel.
    """

    object_id: str
    image: UInt8[np.ndarray, "height width 3"]
    mask: Bool[np.ndarray, "height width"]

    def __post_init__(self) -> None:
        """Refuse an object that would leave no OOD pixel."""
        if self.image.shape != (*self.mask.shape, 3):
            raise ValueError(
                f"{self.object_id}: need an RGB image (height, width, 3) and a mask of its size, "
                f"got {self.image.shape} and {self.mask.shape}"
            )
        _check_bytes(f"{self.object_id}: image", self.image)
        if self.mask.dtype != np.bool_:
            raise ValueError(f"{self.object_id}: need a mask of bool, got {self.mask.dtype}")
        if not self.mask.any():
            raise ValueError(
                f"{self.object_id}: the mask marks no pixel, so that nothing would be pasted; "
                "leave the object out"
            )
