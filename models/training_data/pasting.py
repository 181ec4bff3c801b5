"""Objects of other data sets, pasted into the original (AnomalyMix)."""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Bool, UInt8
from torch.nn.functional import adaptive_max_pool2d
from torchvision.transforms.v2 import InterpolationMode
from torchvision.transforms.v2 import functional as F  # noqa: N812 - the usual name

from models.training_data.config import PasteConfig
from models.training_data.pair import PastedObject
from storage.label_space import OOD_ID


def paste_random_object(
    picture: UInt8[np.ndarray, "height width 3"],
    target: UInt8[np.ndarray, "height width"],
    objects: Sequence[PastedObject],
    config: PasteConfig,
    draws: np.random.Generator,
) -> None:
    """Write one object into picture and target (254): any object, scale and place as likely.

    Raises:
        ValueError: if there is no object.
    """
    if not objects:
        raise ValueError(
            "need at least one object to paste into the originals, got none; give objects, or "
            "switch pasting off (PairTransformConfig(paste=None))"
        )
    chosen = objects[int(draws.integers(len(objects)))]
    scale = config.scales[int(draws.integers(len(config.scales)))]
    image, mask = scaled_object(chosen, scale, (target.shape[0], target.shape[1]))
    top, left = (
        int(draws.integers(room - size, endpoint=True))
        for room, size in zip(target.shape, mask.shape, strict=True)
    )
    here = np.s_[top : top + mask.shape[0], left : left + mask.shape[1]]
    picture[here][mask] = image[mask]
    target[here][mask] = OOD_ID


def scaled_object(
    pasted: PastedObject, scale: float, room: tuple[int, int]
) -> tuple[UInt8[np.ndarray, "h w 3"], Bool[np.ndarray, "h w"]]:
    """Image and mask of the object's box, times the scale, or smaller where the room asks for it.

    The mask never becomes empty: a shape too thin for the nearest pixel marks every pixel it
    touches.

    Args:
        pasted: its box is that of its mask.
        scale: of both sides.
        room: largest (height, width); the first implementation fails on larger objects.
    """
    image, mask = _boxed(pasted)
    factor = min(scale, *(most / side for most, side in zip(room, mask.shape, strict=True)))
    size = [max(1, round(side * factor)) for side in mask.shape]
    smaller = F.resize(torch.from_numpy(image).permute(2, 0, 1), size, antialias=True)
    marked = torch.from_numpy(mask)[None].to(torch.uint8)
    nearest = F.resize(marked, size, interpolation=InterpolationMode.NEAREST_EXACT)
    if not nearest.any():
        nearest = adaptive_max_pool2d(marked.float(), size)
    return smaller.permute(1, 2, 0).numpy(), nearest[0].numpy().astype(np.bool_)


def _boxed(
    pasted: PastedObject,
) -> tuple[UInt8[np.ndarray, "h w 3"], Bool[np.ndarray, "h w"]]:
    rows, columns = (np.flatnonzero(pasted.mask.any(axis=axis)) for axis in (1, 0))
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return np.ascontiguousarray(pasted.image[box]), np.ascontiguousarray(pasted.mask[box])
