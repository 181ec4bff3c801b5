import numpy as np
import pytest
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL

from models.generation.training.autoencoder import (
    AutoencoderConfig,
    decode,
    encode,
    fold_latent_statistics,
    segmenter_features,
    train_autoencoder,
)
from models.segmentation.deeplab import deeplab_miniature


def tiny() -> AutoencoderKL:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return AutoencoderKL(
            down_block_types=("DownEncoderBlock2D",) * 2,
            up_block_types=("UpDecoderBlock2D",) * 2,
            block_out_channels=(8, 8),
            layers_per_block=1,
            norm_num_groups=4,
            mid_block_add_attention=False,
        )


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (12, 2, 4, 3), np.uint8)
    return torch.from_numpy(coarse.repeat(8, 1).repeat(8, 2))


@pytest.fixture(scope="module")
def features():
    return segmenter_features(deeplab_miniature())


def test_training_makes_what_comes_out_more_like_what_went_in(images, features):
    vae, config = tiny(), AutoencoderConfig(n_steps=60, batch_size=4, learning_rate=1e-2)
    with torch.no_grad():
        before = (decode(vae, encode(vae, images)).float() - images).abs().mean()
    losses = [float(loss) for loss in train_autoencoder(vae, images, features, config)]
    with torch.no_grad():
        after = (decode(vae, encode(vae, images)).float() - images).abs().mean()
    assert len(losses) == 60
    assert losses[-1] < losses[0]
    assert after < 0.8 * before


def test_training_repeats_itself(images, features):
    found = []
    for seed in (0, 0, 1):
        vae = tiny()
        config = AutoencoderConfig(n_steps=2, batch_size=2, seed=seed)
        list(train_autoencoder(vae, images, features, config))
        found.append(vae.decoder.conv_out.weight.detach())
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])


def test_the_frozen_segmenter_stays_as_it_was(images):
    network = deeplab_miniature()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    config = AutoencoderConfig(n_steps=1, batch_size=2)
    list(train_autoencoder(tiny(), images, segmenter_features(network), config))
    assert all(torch.equal(before[name], t) for name, t in network.state_dict().items())


@torch.no_grad()
def test_folding_makes_latents_standard_and_changes_no_picture(images):
    vae = tiny().eval()
    torch.nn.init.normal_(vae.quant_conv.bias, std=2.0, generator=torch.Generator().manual_seed(1))
    batch = images.permute(0, 3, 1, 2) / 127.5 - 1
    former, deviation = vae.decode(encode(vae, images)).sample, vae.encode(batch).latent_dist.std
    spread = encode(vae, images).std((0, 2, 3))
    fold_latent_statistics(vae, images, batch_size=5)
    latents = encode(vae, images)
    torch.testing.assert_close(latents.mean((0, 2, 3)), torch.zeros(4), atol=1e-5, rtol=0)
    torch.testing.assert_close(latents.std((0, 2, 3)), torch.ones(4), atol=1e-5, rtol=0)
    torch.testing.assert_close(vae.decode(latents).sample, former, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(
        vae.encode(batch).latent_dist.std, deviation / spread[:, None, None], atol=1e-5, rtol=1e-4
    )
