"""Parts that are whole, each, and do not fit each other."""

from dataclasses import replace

import pytest
from diffusers import AutoencoderKL, ControlNetModel, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

from models.generation import BundleError
from models.generation.fit import refuse_unfit
from models.generation.vocabulary import learn_tokenizer


def rebuilt(network, **changes):
    """A network of the same class, otherwise configured, with random weights."""
    config = {key: value for key, value in network.config.items() if not key.startswith("_")}
    return type(network).from_config({**config, **changes})


def refusal(bundle, **parts):
    with pytest.raises(BundleError) as refused:
        refuse_unfit(replace(bundle, **parts))
    return str(refused.value)


def test_parts_that_fit_pass(tiny_bundle):
    refuse_unfit(tiny_bundle)
    refuse_unfit(replace(tiny_bundle, text_encoder=None, tokenizer=None))


def test_latent_channels_must_agree(tiny_bundle):
    assert "found 8 in vae, 4 in and 4 out of unet, 4 in controlnet; use parts that" in refusal(
        tiny_bundle, vae=rebuilt(tiny_bundle.vae, latent_channels=8)
    )
    assert "found 4 in vae, 9 in and 4 out of unet, 4 in controlnet" in refusal(
        tiny_bundle, unet=rebuilt(tiny_bundle.unet, in_channels=9)
    )


def test_images_and_layouts_have_three_channels(tiny_bundle):
    assert "need a vae of RGB images, found 1 in and 3 out" in refusal(
        tiny_bundle, vae=rebuilt(tiny_bundle.vae, in_channels=1)
    )
    assert "3 conditioning channels (RGB layouts), found 1" in refusal(
        tiny_bundle, controlnet=rebuilt(tiny_bundle.controlnet, conditioning_channels=1)
    )


def test_the_layout_must_shrink_as_the_image_does(tiny_bundle):
    changed = rebuilt(tiny_bundle.controlnet, conditioning_embedding_out_channels=(4, 8, 8, 16))
    assert "layouts 4 times the size of the vae's latents, found 8 times" in refusal(
        tiny_bundle, controlnet=changed
    )


def test_a_controlnet_for_edges_must_fit_too(edge_bundle):
    network = edge_bundle.edge_controlnet
    refuse_unfit(edge_bundle)
    for changes, said in (
        ({"in_channels": 8}, "4 in and 4 out of unet, 8 in edge_controlnet"),
        ({"conditioning_channels": 1}, "need edge_controlnet with 3 conditioning channels"),
        ({"conditioning_embedding_out_channels": (4, 8)}, "need edge_controlnet that takes"),
        ({"layers_per_block": 2}, "need edge_controlnet residuals"),
        ({"cross_attention_dim": 64}, "found 32 in unet, 64 in edge_controlnet"),
    ):
        assert said in refusal(edge_bundle, edge_controlnet=rebuilt(network, **changes))


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"block_out_channels": (32, 32)}, "32@0 32@0 32@1 32@1 32@1"),
        ({"layers_per_block": 2}, "32@0 32@0 32@0 32@1 64@1 64@1 64@1"),
        (
            {
                "block_out_channels": (32, 64, 64),
                "down_block_types": ("DownBlock2D", "DownBlock2D", "CrossAttnDownBlock2D"),
            },
            "32@0 32@0 32@1 64@1 64@2 64@2 64@2",
        ),
    ],
)
def test_residuals_must_be_those_that_the_unet_adds(tiny_bundle, changes, found):
    changed = rebuilt(tiny_bundle.controlnet, **changes)
    # conv_in; resnet and downsampler of level 0; resnet of level 1; middle
    needed = "32@0 32@0 32@1 64@1 64@1"
    said = (
        f"need controlnet residuals (channels @ level) that the unet adds, {needed}, found {found};"
    )
    assert said in refusal(tiny_bundle, controlnet=changed)


def test_networks_that_need_more_than_a_prompt_are_refused(tiny_bundle):
    changed = rebuilt(
        tiny_bundle.unet, class_embed_type="timestep", projection_class_embeddings_input_dim=8
    )
    assert "that take a prompt alone, found class_embed_type" in refusal(tiny_bundle, unet=changed)


def test_cross_attention_must_be_as_wide_as_the_text(tiny_bundle):
    changed = rebuilt(tiny_bundle.unet, cross_attention_dim=64)
    assert "need one cross-attention width, found 64 in unet, 32 in controlnet" in refusal(
        tiny_bundle, unet=changed
    )
    control = rebuilt(tiny_bundle.controlnet, cross_attention_dim=64)
    assert "as wide as the unet's cross-attention, 64, found 32" in refusal(
        tiny_bundle, unet=changed, controlnet=control
    )


def test_the_tokenizer_must_be_the_text_encoders(tiny_bundle):
    other = learn_tokenizer(["a sentence with many more different words than the encoder knows"])
    n_known, n_other = len(tiny_bundle.tokenizer), len(other)
    assert n_other > n_known
    assert f"at most the text encoder's {n_known} tokens, found {n_other}" in refusal(
        tiny_bundle, tokenizer=other
    )
    config = tiny_bundle.text_encoder.config.to_dict()
    shorter = CLIPTextModel(CLIPTextConfig(**{**config, "max_position_embeddings": 16}))
    assert "pads to the text encoder's 16 positions, found 77" in refusal(
        tiny_bundle, text_encoder=shorter
    )


def test_a_unet_without_a_middle_is_refused(tiny_bundle):
    assert "like those of Stable Diffusion 1, found others" in refusal(
        tiny_bundle, unet=rebuilt(tiny_bundle.unet, mid_block_type=None)
    )


def test_strides_are_counted_from_the_networks(tiny_bundle):
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=(8,) * 4,
        norm_num_groups=4,
    )
    unet = UNet2DConditionModel(block_out_channels=(32,) * 4, layers_per_block=1)
    control = ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=(4, 4, 4, 4))
    bundle = replace(tiny_bundle, vae=vae, unet=unet, controlnet=control)
    assert (bundle.latent_stride, bundle.stride) == (8, 64)
