"""Objects drawn into finished pictures: as diffusers' own inpainting does, and nothing beside."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionControlNetInpaintPipeline

from models.generation.drawing import controls_of, noise_of
from models.generation.quiet import quiet
from models.generation.samplers import SAMPLERS, SamplerSettings, build_scheduler
from models.generation.sampling import Drawing, draw
from models.generation.saving import pipeline
from models.generation.two_step import FirstStep, hold

HEIGHT, WIDTH, STRIDE = 16, 24, 4
SETTINGS = SamplerSettings(n_steps=3, guidance=3.0)
EDGES = np.where(np.random.default_rng(9).random((HEIGHT, WIDTH)) > 0.8, 255, 0).astype(np.uint8)


def noise_image(seed):
    return np.random.default_rng(seed).integers(0, 256, (HEIGHT, WIDTH, 3), dtype=np.uint8)


def drawing(seed=1, *, region=(slice(4, 9), slice(8, 14)), edges=None):
    """An object in a region of a street; the whole without a region."""
    bare, changed = noise_image(0), np.zeros((HEIGHT, WIDTH), bool)
    if region is not None:
        changed[region] = True
    return Drawing(
        layout=np.where(changed[..., None], noise_image(1), bare),
        prompt="a red box on a snowy night",
        negative_prompt="",
        seed=seed,
        edges=edges,
        first=FirstStep(layout=bare, prompt="a snowy night", region=changed),
    )


def one(bundle, wanted, settings=SETTINGS, batch_size=1):
    return draw(bundle, [wanted], settings, batch_size=batch_size)[0]


@pytest.fixture
def latents_of(monkeypatch):
    """Latents that a drawing ends in."""
    seen = []
    monkeypatch.setattr(
        "models.generation.sampling.decode",
        lambda _bundle, latents: (seen.append(latents), torch.zeros(len(latents), 3, 16, 24))[1],
    )

    def latents(bundle, wanted, settings=SETTINGS):
        one(bundle, wanted, settings)
        return seen[-1]

    return latents


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_it_is_what_diffusers_inpainting_draws(edge_bundle, latents_of, monkeypatch, sampler):
    settings = replace(SETTINGS, sampler=sampler)
    bundle, wanted = replace(edge_bundle, edge_controlnet=None), drawing()
    first = latents_of(bundle, wanted.of_first_step, settings)
    theirs = StableDiffusionControlNetInpaintPipeline(**pipeline(bundle).components)
    theirs.scheduler = build_scheduler(bundle, settings)
    theirs.set_progress_bar_config(disable=True)
    # Theirs would encode a picture; the latents that it would be decoded from take its place.
    monkeypatch.setattr(theirs, "_encode_vae_image", lambda **_: first)
    monkeypatch.setattr(
        theirs,
        "prepare_mask_latents",
        lambda *_: (cells(wanted.first.region).repeat(2, 1, 1, 1),) * 2,
    )
    with quiet():
        found = theirs(
            prompt=wanted.prompt,
            negative_prompt="",
            image=torch.zeros(1, 3, HEIGHT, WIDTH),
            mask_image=torch.zeros(1, 1, HEIGHT, WIDTH),
            control_image=controls_of([wanted])[0],
            latents=noise_of(bundle, [wanted]),
            num_inference_steps=settings.n_steps,
            guidance_scale=settings.guidance,
            controlnet_conditioning_scale=1.0,
            output_type="latent",
        ).images
    assert torch.equal(latents_of(bundle, wanted, settings), found)


def cells(region):
    """Cells of a region that hold one of its pixels at least, one by one."""
    found = torch.zeros(1, 1, HEIGHT // STRIDE, WIDTH // STRIDE)
    for y, x in np.argwhere(region):
        found[0, 0, y // STRIDE, x // STRIDE] = 1
    return found


def test_a_cell_changes_where_a_region_has_a_pixel_of_it():
    wanted = drawing().first.region
    held = hold(torch.zeros(1, 4, 4, 6), [wanted], stride=STRIDE)
    assert torch.equal(held.region, cells(wanted) > 0)


def test_latents_outside_the_region_are_those_of_the_first_picture(edge_bundle, latents_of):
    first = latents_of(edge_bundle, drawing().of_first_step)
    changed = (latents_of(edge_bundle, drawing()) != first).any(dim=1, keepdim=True)
    assert torch.equal(changed, cells(drawing().first.region) > 0)


def test_the_first_picture_is_that_of_layout_and_prompt_without_objects(edge_bundle):
    wanted = drawing()
    bare = replace(wanted, layout=wanted.first.layout, prompt="a snowy night", first=None)
    assert np.array_equal(one(edge_bundle, drawing(region=None)), one(edge_bundle, bare))
    assert not np.array_equal(one(edge_bundle, wanted), one(edge_bundle, bare))


def test_where_all_may_change_nothing_is_held(edge_bundle):
    everything = drawing(region=(slice(None), slice(None)))
    at_once = replace(everything, first=None)
    assert np.array_equal(one(edge_bundle, everything), one(edge_bundle, at_once))


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_drawing_gives_the_same_bytes_wherever_it_stands(edge_bundle, sampler):
    settings = replace(SETTINGS, sampler=sampler)
    others = [drawing(7), drawing(8, region=None), drawing(9, region=(slice(0, 2), slice(0, 2)))]
    for mine in (drawing(), drawing(region=None)):
        alone = one(edge_bundle, mine, settings, batch_size=4)
        for place in (0, 2):
            mixed = [*others[:place], mine, *others[place:]]
            pictures = draw(edge_bundle, mixed, settings, batch_size=4)
            assert np.array_equal(pictures[place], alone)


def test_random_numbers_of_the_process_have_no_part_in_it(edge_bundle):
    state = torch.random.get_rng_state()
    first = one(edge_bundle, drawing())
    assert torch.equal(torch.random.get_rng_state(), state)
    torch.manual_seed(1)
    assert np.array_equal(one(edge_bundle, drawing()), first)


def test_edges_steer_both_steps(edge_bundle):
    with_edges = one(edge_bundle, drawing(edges=EDGES))
    assert not np.array_equal(with_edges, one(edge_bundle, drawing()))
    only_first = one(edge_bundle, drawing(edges=EDGES, region=None))
    assert not np.array_equal(only_first, one(edge_bundle, drawing(region=None)))


def test_numbers_of_bfloat16_are_held_too(edge_folder, latents_of):
    from models.generation import load_bundle

    half = load_bundle(edge_folder, dtype=torch.bfloat16)
    first = latents_of(half, drawing().of_first_step)
    changed = (latents_of(half, drawing()) != first).any(dim=1, keepdim=True)
    assert torch.equal(changed, cells(drawing().first.region) > 0)


def test_drawings_of_one_and_two_steps_do_not_share_a_pass(edge_bundle):
    with pytest.raises(ValueError, match="a first step with every drawing or with none, got 1 of"):
        draw(edge_bundle, [drawing(), replace(drawing(), first=None)], SETTINGS, batch_size=2)


def test_a_first_step_of_another_size_is_refused():
    first = replace(drawing().first, layout=noise_image(0)[:8], region=np.zeros((8, 24), bool))
    with pytest.raises(ValueError, match="first step of the layout's size, 16x24, got 8x24 and 8x"):
        replace(drawing(), first=first)
