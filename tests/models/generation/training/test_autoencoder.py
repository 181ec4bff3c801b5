import numpy as np
import pytest
import torch
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL

from models.generation.training.autoencoder import (
    AutoencoderConfig,
    autoencoder_fit,
    both_latents,
    decode,
    encode,
    fold_latent_statistics,
    peak_signal_to_noise,
    segmenter_features,
)
from models.generation.training.fit import FitConfig
from models.generation.training.segmenters import FEATURE_CONFIG, build_street_segmenter


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
    return segmenter_features(build_street_segmenter(FEATURE_CONFIG, seed=0))


def config_of(n_steps, *, batch_size=2, learning_rate=1e-3, seed=0):
    fit = FitConfig(
        n_steps=n_steps, batch_size=batch_size, learning_rate=learning_rate, n_warm_up=3, seed=seed
    )
    return AutoencoderConfig(fit=fit)


def test_training_makes_what_comes_out_more_like_what_went_in(images, features):
    vae, config = tiny(), config_of(40, batch_size=4, learning_rate=1e-2)
    before = peak_signal_to_noise(vae, images)
    losses = [float(loss) for loss in autoencoder_fit(vae, images, features, config)]
    assert len(losses) == 40
    assert losses[-1] < losses[0]
    assert peak_signal_to_noise(vae, images) > before + 2


def test_training_repeats_itself(images, features):
    found = []
    for seed in (0, 0, 1):
        vae = tiny()
        list(autoencoder_fit(vae, images, features, config_of(2, seed=seed)))
        found.append(vae.decoder.conv_out.weight.detach())
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])


def test_the_frozen_segmenter_stays_as_it_was(images):
    network = build_street_segmenter(FEATURE_CONFIG, seed=0)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    list(autoencoder_fit(tiny(), images, segmenter_features(network), config_of(1)))
    assert all(torch.equal(before[name], t) for name, t in network.state_dict().items())


@torch.no_grad()
def test_the_ratio_of_signal_to_noise_is_that_of_the_definition(images):
    vae = tiny().eval()
    error = (decode(vae, encode(vae, images)).double() - images.double()).square().mean()
    wanted = 10 * np.log10(255**2 / float(error))
    assert peak_signal_to_noise(vae, images) == pytest.approx(wanted, rel=1e-4)


def test_both_latents_are_those_of_the_image_and_of_its_mirror_image(images):
    vae = tiny().eval()
    found = both_latents(vae, images[:2])
    assert found.shape == (2, 2, 4, 8, 16)
    assert found.dtype == torch.float16
    with torch.no_grad():
        mirrored = encode(vae, images[:2].flip(2))
    torch.testing.assert_close(found[:, 1], mirrored.half())


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
