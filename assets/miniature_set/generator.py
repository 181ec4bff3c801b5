"""Stages that train the generator: the autoencoder, its latents, and the diffusion in them."""

from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assets.miniature_set.fitting import read_network, run_fit, write_network
from assets.miniature_set.networks import WEIGHTS, load_feature_segmenter
from assets.miniature_set.scenes import load_tensors, specs_of
from assets.miniature_set.workshop import Facts, Workshop

if TYPE_CHECKING:
    from models.generation.bundle import Bundle
    from models.generation.training.autoencoder import Compiler
    from models.generation.training.diffusion import DiffusionExamples

LATENTS = "latents.npy"
_BATCH_SIZE = 64
_N_STATISTICS = 2048
"""Images that decide the mean and deviation of the latents."""

_N_PSNR = 256


def blank_bundle(shop: Workshop) -> "Bundle":
    """The generator with the random weights that its training begins with, on the CPU."""
    from models.generation.miniature import build_miniature_bundle

    return build_miniature_bundle(shop.recipe.seed, shop.recipe.sizes)


def train_autoencoder(shop: Workshop, out: Path) -> Facts:
    """Stage: the VAE, with latents of mean 0 and deviation 1."""
    from models.generation.training.autoencoder import (
        autoencoder_fit,
        fold_latent_statistics,
        peak_signal_to_noise,
        segmenter_features,
    )

    images = load_tensors(shop).images
    vae: Any = blank_bundle(shop).vae
    vae.to(shop.device)
    features = segmenter_features(load_feature_segmenter(shop))
    fit = autoencoder_fit(vae, images, features, shop.recipe.autoencoder, compiler=_compiler(shop))
    facts = run_fit(shop, "autoencoder", fit, out)
    fold_latent_statistics(vae, images[:_N_STATISTICS], batch_size=_BATCH_SIZE)
    fresh = load_tensors(shop, "known").images[:_N_PSNR]
    facts["psnr_db"] = round(peak_signal_to_noise(vae, fresh), 2)
    write_network(out / WEIGHTS, vae)
    return facts


def encode_latents(shop: Workshop, out: Path) -> Facts:
    """Stage: the latents of every image and of its mirror image, float16."""
    from torch import split

    from models.generation.training.autoencoder import both_latents

    images = load_tensors(shop).images
    vae: Any = blank_bundle(shop).vae
    read_network(shop.output("autoencoder") / WEIGHTS, vae, shop.device)
    parts = [both_latents(vae, batch).cpu().numpy() for batch in split(images, _BATCH_SIZE)]
    latents = np.concatenate(parts)
    np.save(out / LATENTS, latents)
    # Of some: all of them in float32 would be gigabytes.
    deviation = float(latents[:_N_STATISTICS].astype(np.float32).std())
    shop.say(f"latents: {latents.shape}, deviation {deviation:.3f}")
    return {"shape": list(latents.shape), "std": round(deviation, 4)}


def train_generator(shop: Workshop, out: Path) -> Facts:
    """Stage: UNet, ControlNet and text encoder together."""
    from diffusers import DDIMScheduler

    from models.generation.miniature import miniature_schedule
    from models.generation.training.diffusion import denoiser_of, diffusion_fit, wake_hints

    bundle = blank_bundle(shop)
    controlnet: Any = bundle.controlnet
    wake_hints(controlnet, seed=shop.recipe.seed)
    denoiser = denoiser_of(bundle).to(shop.device)
    compiler = _compiler(shop)
    fit = diffusion_fit(
        denoiser,
        _examples(shop, bundle),
        DDIMScheduler.from_config(dict(miniature_schedule())),
        shop.recipe.diffusion,
        predict=None if compiler is None else compiler(denoiser),
    )
    facts = run_fit(shop, "diffusion", fit, out)
    write_network(out / WEIGHTS, denoiser)
    return facts


def _compiler(shop: Workshop) -> "Compiler | None":
    import torch

    return partial(torch.compile, dynamic=False) if shop.recipe.is_compiled else None


def _examples(shop: Workshop, bundle: "Bundle") -> "DiffusionExamples":
    import torch

    from models.generation.training.diffusion import DiffusionExamples, prompt_tokens
    from models.generation.training.examples import layout_palette, prompts_of
    from models.generation.training.rarity import cell_weights, class_counts, scene_shares
    from models.scenes.prompts import NEGATIVE_PROMPT

    scenes, device = load_tensors(shop), shop.device
    latents = torch.from_numpy(np.load(shop.output("latents") / LATENTS)).to(device)
    # The negative prompt counts as empty: guidance then leads away from what was learned as such.
    empty = ("", NEGATIVE_PROMPT)
    pairs = [prompts_of(spec) for spec in specs_of(shop, "training")]
    rows = {
        text: row for row, text in enumerate(dict.fromkeys([*empty, *chain.from_iterable(pairs)]))
    }
    layouts, labels = (maps.cpu().numpy() for maps in (scenes.layouts, scenes.labels))
    weights = cell_weights(class_counts(layouts))
    palette = torch.from_numpy(layout_palette())
    return DiffusionExamples(
        latents=latents,
        layouts=scenes.layouts,
        colors=(palette / 255).to(device),
        tokens=prompt_tokens(bundle, list(rows)).to(device),
        n_empty=len(empty),
        prompts=torch.tensor([[rows[text] for text in pair] for pair in pairs], device=device),
        shares=torch.from_numpy(scene_shares(class_counts(labels))).to(device),
        class_weights=torch.from_numpy(weights[: len(palette)]).to(device),
    )
