"""The label of an accepted scene: known classes, the unknown object, and what nobody can vouch for.

`sam_layout` is the same in the colors of the layout.

Reference: Gao et al. 2024, section 3, where SAM's mask of the drawn object is its label. Deviation:
there, pixels of the pasted mask that SAM left out keep the class from before the paste, although
the generator was told to draw an object on them; here they are void.
"""

import numpy as np
from jaxtyping import Bool, UInt8

from models.filtering.masks import any_object
from models.layout import layout_colors
from storage.label_space import N_CLASSES, OOD_ID, VOID_ID

SAM_COLOR = (254, 254, 254)
"""RGB color of SAM's masks in a published layout (Gao et al. 2024, first implementation)."""


def scene_label(
    label_train_ids: UInt8[np.ndarray, "height width"],
    pasted_mask: Bool[np.ndarray, "*objects height width"],
    sam_mask: Bool[np.ndarray, "*objects height width"],
) -> UInt8[np.ndarray, "height width"]:
    """Train ids 0 to 18, `OOD_ID` on SAM's masks, `VOID_ID` on the rest of the pasted ones.

    SAM's mask of any object comes before everything else, void of the original label included.

    Args:
        label_train_ids: of the frame before anything was pasted, 0 to 18 or void.
        pasted_mask: one mask, or one for each object.
        sam_mask: likewise, in the same order.

    Raises:
        ValueError: if the label holds a value that is neither a class nor void.
    """
    is_unknown = (label_train_ids >= N_CLASSES) & (label_train_ids != VOID_ID)
    if is_unknown.any():
        found = int(label_train_ids[is_unknown][0])
        raise ValueError(
            f"need train ids from 0 to {N_CLASSES - 1} or {VOID_ID}, got {found} on "
            f"{np.count_nonzero(is_unknown)} pixels; translate label ids to train ids first"
        )
    label = label_train_ids.copy()
    label[any_object(pasted_mask)] = VOID_ID
    label[any_object(sam_mask)] = OOD_ID
    return label


def sam_layout(
    label_ids: UInt8[np.ndarray, "height width"],
    sam_mask: Bool[np.ndarray, "*objects height width"],
) -> UInt8[np.ndarray, "height width 3"]:
    """Layout (RGB) of the frame without pasted objects, with SAM's masks in `SAM_COLOR`."""
    colors = layout_colors(label_ids)
    colors[any_object(sam_mask)] = SAM_COLOR
    return colors
