"""The miniature generator's architecture, built with random weights; it runs anywhere."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from diffusers import AutoencoderKL, ControlNetModel, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from models.generation.bundle import Bundle
from models.generation.clip_table import N_TOKENS
from models.generation.fit import refuse_unfit
from models.generation.folder import scheduler_config
from models.generation.vocabulary import learn_tokenizer, miniature_sentences
from models.random_weights import drawn_from

CHANNELS_PER_HEAD = 32
"""Of the UNet's attention; its lowest width must be a multiple."""


@dataclass(frozen=True, kw_only=True)
class MiniatureSizes:
    """Sizes of the parts; by default those of the miniature, 17.5 million parameters.

    Attributes:
        vae_widths: channels of the VAE's levels; each but the first halves the image.
        latent_channels: of the VAE.
        unet_widths: channels of the UNet's levels; attention to the prompt is at the last one only.
        layers_per_block: of VAE, UNet and ControlNet.
        norm_groups: of the VAE's norms; the UNet's have 32 as always.
        hint_widths: channels of the ControlNet's way from the layout down to the latent; as many as
            the VAE has levels.
        text_width: channels of the text encoder.
        text_layers: of the text encoder.
        text_heads: of the text encoder.
    """

    vae_widths: tuple[int, ...] = (32, 64, 128)
    latent_channels: int = 4
    unet_widths: tuple[int, ...] = (64, 128, 192)
    layers_per_block: int = 1
    norm_groups: int = 16
    hint_widths: tuple[int, ...] = (16, 32, 64)
    text_width: int = 128
    text_layers: int = 3
    text_heads: int = 4


def build_miniature_bundle(
    seed: int, sizes: MiniatureSizes | None = None, *, sentences: Iterable[str] | None = None
) -> Bundle:
    """Bundle with weights drawn from ``seed``, in evaluation mode, float32 on the CPU.

    It predicts velocity over a schedule that ends in pure noise. The VAE's ``scaling_factor`` is 1:
    training folds the statistics of the latents into its last layers. torch's own random numbers go
    on afterwards as if nothing had been drawn.

    Args:
        seed: of the weights.
        sizes: None for those of the miniature.
        sentences: that the tokenizer learns its words from; None for those of the miniature world.

    Raises:
        BundleError: if the sizes do not fit each other.
    """
    sizes = sizes or MiniatureSizes()
    tokenizer = learn_tokenizer(miniature_sentences() if sentences is None else sentences)
    with drawn_from(seed):
        unet = _unet(sizes)
        bundle = Bundle(
            source=f"miniature, seed {seed}",
            unet=unet,
            controlnet=ControlNetModel.from_unet(
                unet, conditioning_embedding_out_channels=sizes.hint_widths
            ),
            vae=_vae(sizes),
            text_encoder=_text_encoder(sizes, tokenizer),
            tokenizer=tokenizer,
            scheduler_config=miniature_schedule(),
        )
    refuse_unfit(bundle)
    for network in bundle.modules.values():
        network.eval()
    return bundle


def miniature_schedule() -> Mapping[str, Any]:
    """Configuration of DDIM for velocity prediction with a last step of pure noise.

    Reference: Lin et al. 2024: rescaled betas and trailing steps, so that brightness, which differs
    between day and night, is the model's own choice.
    """
    return scheduler_config(
        {
            "_class_name": "DDIMScheduler",
            "num_train_timesteps": 1000,
            "beta_schedule": "scaled_linear",
            "beta_start": 0.00085,
            "beta_end": 0.012,
            "prediction_type": "v_prediction",
            "rescale_betas_zero_snr": True,
            "timestep_spacing": "trailing",
            "clip_sample": False,
            "set_alpha_to_one": True,
            "steps_offset": 1,  # without effect here; diffusers' pipeline warns of another
        }
    )


def _unet(sizes: MiniatureSizes) -> UNet2DConditionModel:
    n_plain = len(sizes.unet_widths) - 1
    return UNet2DConditionModel(
        in_channels=sizes.latent_channels,
        out_channels=sizes.latent_channels,
        block_out_channels=sizes.unet_widths,
        layers_per_block=sizes.layers_per_block,
        down_block_types=(*("DownBlock2D",) * n_plain, "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", *("UpBlock2D",) * n_plain),
        cross_attention_dim=sizes.text_width,
        # The library's name is an old mistake: it is the number of heads.
        attention_head_dim=max(1, sizes.unet_widths[-1] // CHANNELS_PER_HEAD),
    )


def _vae(sizes: MiniatureSizes) -> AutoencoderKL:
    n_levels = len(sizes.vae_widths)
    return AutoencoderKL(
        in_channels=3,
        out_channels=3,
        block_out_channels=sizes.vae_widths,
        layers_per_block=sizes.layers_per_block,
        down_block_types=("DownEncoderBlock2D",) * n_levels,
        up_block_types=("UpDecoderBlock2D",) * n_levels,
        latent_channels=sizes.latent_channels,
        norm_num_groups=sizes.norm_groups,
        mid_block_add_attention=False,
        force_upcast=False,
        scaling_factor=1.0,
    )


def _text_encoder(sizes: MiniatureSizes, tokenizer: CLIPTokenizer) -> CLIPTextModel:
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=sizes.text_width,
        intermediate_size=4 * sizes.text_width,
        num_hidden_layers=sizes.text_layers,
        num_attention_heads=sizes.text_heads,
        max_position_embeddings=N_TOKENS,
        projection_dim=sizes.text_width,
        # The defaults are tokens of CLIP's large vocabulary.
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return CLIPTextModel(config)
