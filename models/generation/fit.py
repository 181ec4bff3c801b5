"""Whether the parts of a bundle fit each other, and whether this project can drive them."""

from collections.abc import Iterator
from typing import Any

from diffusers import ControlNetModel

from models.generation.bundle import Bundle, BundleError

_CURE = "use parts that were trained for each other"
_ONLY_TEXT = (
    "addition_embed_type",
    "class_embed_type",
    "encoder_hid_dim_type",
    "num_class_embeds",
    "time_cond_proj_dim",
)


def refuse_unfit(bundle: Bundle) -> None:
    """Let pass a bundle whose parts agree on channels, levels, widths and vocabulary.

    Raises:
        BundleError: naming the parts that do not agree, and in what.
    """
    try:
        misfits = list(_misfits(bundle))
    except (AttributeError, TypeError) as error:  # of other members of the same classes
        fact = "need unet, controlnet and vae like those of Stable Diffusion 1, found others"
        raise BundleError(bundle.source, f"{fact} ({error})", _CURE) from error
    if misfits:
        raise BundleError(bundle.source, misfits[0], _CURE)


def _misfits(bundle: Bundle) -> Iterator[str]:
    for part, controlnet in bundle.controlnets.items():
        yield from _misfits_of_images(bundle, part, controlnet)
    for part, controlnet in bundle.controlnets.items():
        yield from _misfits_of_attention(_config(bundle.unet), part, _config(controlnet))
    yield from _misfits_of_text(bundle)


def _misfits_of_images(bundle: Bundle, part: str, network: ControlNetModel) -> Iterator[str]:
    unet, controlnet, vae = map(_config, (bundle.unet, network, bundle.vae))
    channels = (vae.latent_channels, unet.in_channels, unet.out_channels, controlnet.in_channels)
    if len(set(channels)) > 1:
        yield (
            "need one number of latent channels, found {} in vae, {} in and {} out of unet, {} in "
            "{}".format(*channels, part)
        )
    if (vae.in_channels, vae.out_channels) != (3, 3):
        yield f"need a vae of RGB images, found {vae.in_channels} in and {vae.out_channels} out"
    if controlnet.conditioning_channels != 3:
        found = controlnet.conditioning_channels
        yield f"need {part} with 3 conditioning channels (RGB layouts), found {found}"
    hint_stride = 2 ** (len(controlnet.conditioning_embedding_out_channels) - 1)
    if hint_stride != bundle.latent_stride:
        yield (
            f"need {part} that takes layouts {bundle.latent_stride} times the size of the "
            f"vae's latents, found {hint_stride} times"
        )
    needed, found = _residuals(bundle.unet), _residuals(network)
    if needed != found:
        yield (
            f"need {part} residuals (channels @ level) that the unet adds, "
            f"{_spelled(needed)}, found {_spelled(found)}"
        )


def _misfits_of_attention(unet: Any, part: str, controlnet: Any) -> Iterator[str]:
    extra = [name for name in _ONLY_TEXT if unet.get(name) or controlnet.get(name)]
    if extra:
        yield f"need unet and {part} that take a prompt alone, found {', '.join(extra)}"
    widths = (unet.cross_attention_dim, controlnet.cross_attention_dim)
    if len(set(map(str, widths))) > 1:
        yield "need one cross-attention width, found {} in unet, {} in {}".format(*widths, part)


def _misfits_of_text(bundle: Bundle) -> Iterator[str]:
    if bundle.text_encoder is None:
        return
    text, width = bundle.text_encoder.config, _config(bundle.unet).cross_attention_dim
    if width != text.hidden_size:
        yield (
            f"need a text encoder as wide as the unet's cross-attention, {width}, found "
            f"{text.hidden_size}"
        )
    tokenizer = bundle.tokenizer
    if tokenizer is not None and len(tokenizer) > text.vocab_size:
        yield (
            f"need a tokenizer of at most the text encoder's {text.vocab_size} tokens, found "
            f"{len(tokenizer)}"
        )
    if tokenizer is not None and tokenizer.model_max_length != text.max_position_embeddings:
        yield (
            f"need a tokenizer that pads to the text encoder's {text.max_position_embeddings} "
            f"positions, found {tokenizer.model_max_length}"
        )


def _config(network: Any) -> Any:
    return network.config


def _residuals(encoder: Any) -> list[tuple[int, int]]:
    """Channels and level of each map that an encoder hands over, from its first to its middle."""
    level = 0
    maps = [(encoder.conv_in.out_channels, level)]
    for block in encoder.down_blocks:
        maps += [(resnet.out_channels, level) for resnet in block.resnets]
        if block.downsamplers is not None:
            level += 1
            maps.append((block.downsamplers[0].out_channels, level))
    return [*maps, (encoder.mid_block.resnets[-1].out_channels, level)]


def _spelled(maps: list[tuple[int, int]]) -> str:
    return " ".join(f"{channels}@{level}" for channels, level in maps)
