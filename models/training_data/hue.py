"""Colors turned around the color wheel."""

import torch
from jaxtyping import Float
from torch import Tensor


def turn_hue(
    images: Float[Tensor, "images 3 height width"], turns: float
) -> Float[Tensor, "images 3 height width"]:
    """The images with every hue turned; saturation and value of each pixel stay.

    torchvision's ``adjust_hue`` gives the same through an image of hue, saturation and value; this
    form keeps one map of hues, and each channel follows from it: channel c is V - C * f((n_c + H)
    mod 6) with f(k) = min(k, 4 - k) held in [0, 1], H the hue in sixths of a turn, V the largest
    and V - C the smallest channel, n = 5, 3, 1. It is the usual hexagon model, written out.

    Args:
        images: RGB in [0, 1].
        turns: of the whole wheel, in [-0.5, 0.5].
    """
    red, green, blue = images.unbind(1)
    value = images.amax(1)
    chroma = value - images.amin(1)
    per_chroma = chroma.clamp(min=torch.finfo(images.dtype).tiny).reciprocal_()
    hue = torch.where(
        red == value,
        (green - blue) * per_chroma,
        torch.where(green == value, (blue - red) * per_chroma + 2, (red - green) * per_chroma + 4),
    )
    turned = torch.empty_like(images)
    for channel, start in enumerate((5, 3, 1)):
        sixths = (hue + (start + 6 * turns)).remainder_(6)
        # The distance from 2 folds both sides of the hexagon: min(k, 4 - k) is 2 - |k - 2|.
        share = sixths.sub_(2).abs_().neg_().add_(2).clamp_(0, 1)
        torch.addcmul(value, chroma, share, value=-1, out=turned[:, channel])
    return turned
