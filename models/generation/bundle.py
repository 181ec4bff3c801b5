"""A generator as one value: what diffusers needs to draw a scene from a layout and a prompt."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from diffusers import AutoencoderKL, ControlNetModel, UNet2DConditionModel
from torch import nn
from transformers import CLIPTextModel, CLIPTokenizer

from models.checkpoint.reading import CheckpointError


class BundleError(CheckpointError):
    """A generator bundle cannot be used; the message names it, what was found and what to do."""


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Bundle:
    """The parts of a latent diffusion model with ControlNet, loaded, and fitting each other.

    Attributes:
        source: where it came from, for messages.
        unet: predicts noise (or velocity, see the scheduler's ``prediction_type``) in latents.
        controlnet: takes the layout, RGB in [0, 1].
        vae: images in [-1, 1] to latents and back.
        text_encoder: None where a single file holds none; only encoding a prompt needs it.
        tokenizer: None where there is none; only encoding a prompt needs it.
        scheduler_config: of the diffusers scheduler named in ``_class_name``; None where the bundle
            has none.
        edge_controlnet: takes edges of a photograph, gray as RGB in [0, 1]; None where there is
            none.
    """

    source: str
    unet: UNet2DConditionModel
    controlnet: ControlNetModel
    vae: AutoencoderKL
    text_encoder: CLIPTextModel | None
    tokenizer: CLIPTokenizer | None
    scheduler_config: Mapping[str, Any] | None
    edge_controlnet: ControlNetModel | None = None

    @property
    def latent_stride(self) -> int:
        """Pixels of the image for each cell of the latent, on either axis."""
        vae: Any = self.vae
        return 1 << _n_downsamplers(vae.encoder)

    @property
    def stride(self) -> int:
        """What height and width of an image must be multiples of, in pixels.

        That is `latent_stride` times the latent cells for each cell of the UNet's lowest level: 64
        in Stable Diffusion 1.5 (8 x 8), 16 in the miniature (4 x 4).
        """
        return self.latent_stride << _n_downsamplers(self.unet)

    @property
    def modules(self) -> Mapping[str, nn.Module]:
        """Name of the field -> network, for those that are there."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if isinstance(value, nn.Module)}

    @property
    def controlnets(self) -> Mapping[str, ControlNetModel]:
        """Name of the field -> ControlNet, for those that are there, the layout's first."""
        values = {"controlnet": self.controlnet, "edge_controlnet": self.edge_controlnet}
        return {name: value for name, value in values.items() if value is not None}


def _n_downsamplers(encoder: Any) -> int:
    return sum(block.downsamplers is not None for block in encoder.down_blocks)
