"""Samplers by name, on the noise schedules that bundles have."""

from dataclasses import replace

import pytest
import torch
from diffusers import DDIMScheduler

from models.generation.folder import scheduler_config
from models.generation.miniature import miniature_schedule
from models.generation.samplers import SAMPLERS, SamplerSettings, build_scheduler
from models.generation.single_file import published_schedule

SCHEDULES = {"miniature": miniature_schedule(), "sd15": published_schedule()}


def test_the_defaults_are_the_published_ones():
    settings = SamplerSettings()
    assert (settings.sampler, settings.n_steps, settings.guidance) == ("ddim", 50, 9.0)
    assert (settings.control_scale, settings.edge_scale) == (1.0, 1.0)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"sampler": "heun"}, r"need a sampler of ddim, dpm\+\+, unipc, euler, got 'heun'"),
        ({"n_steps": 0}, "need n_steps of 1 or more, got 0"),
        ({"guidance": 0.99}, "need a finite guidance of 1 or more, got 0.99"),
        ({"guidance": float("nan")}, "need a finite guidance of 1 or more, got nan"),
        ({"guidance": float("inf")}, "need a finite guidance of 1 or more, got inf"),
        ({"control_scale": -0.1}, "need a finite control_scale of 0 or more, got -0.1"),
        ({"edge_scale": float("nan")}, "need a finite edge_scale of 0 or more, got nan"),
    ],
)
def test_settings_out_of_range_are_refused(changes, said):
    with pytest.raises(ValueError, match=said):
        SamplerSettings(**changes)


def follow(scheduler, noise, spread):
    """Where a sampler takes noise if the images are Gaussian, so that the best model is known.

    With images of standard deviation s, a noisy image a x + b e has the image a s^2 / (a^2 s^2 +
    b^2) of itself as its expectation. The exact path keeps the share of the standard deviation.
    """
    alphas = DDIMScheduler.from_config(scheduler.config).alphas_cumprod.double()
    sample = noise * scheduler.init_noise_sigma
    for time in scheduler.timesteps:
        noisy = scheduler.scale_model_input(sample, time).double()
        a, b = alphas[int(time)] ** 0.5, (1 - alphas[int(time)]) ** 0.5
        image = a * spread**2 * noisy / (a**2 * spread**2 + b**2)
        found_noise = (noisy - a * image) / b
        is_velocity = scheduler.config.prediction_type == "v_prediction"
        output = a * found_noise - b * image if is_velocity else found_noise
        sample = scheduler.step(output.float(), time, sample, return_dict=False)[0]
    return sample


@pytest.mark.parametrize("schedule", SCHEDULES)
@pytest.mark.parametrize("sampler", SAMPLERS)
def test_samplers_follow_the_exact_path_where_it_is_known(tiny_bundle, sampler, schedule):
    bundle = replace(tiny_bundle, scheduler_config=SCHEDULES[schedule])
    noise = torch.linspace(-3, 3, 13)[None]
    scheduler = build_scheduler(bundle, SamplerSettings(sampler=sampler, n_steps=200))
    found = follow(scheduler, noise, 0.5)
    assert torch.allclose(found, 0.5 * noise, rtol=0.05, atol=1e-3)
    again = build_scheduler(bundle, SamplerSettings(sampler=sampler, n_steps=200))
    assert torch.equal(follow(again, noise, 0.5), found)


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_bundle_without_a_schedule_has_the_published_one(tiny_bundle, sampler):
    built = build_scheduler(
        replace(tiny_bundle, scheduler_config=None), SamplerSettings(sampler=sampler)
    )
    assert built.config.prediction_type == "epsilon"
    assert built.config.beta_schedule == "scaled_linear"
    assert (built.config.beta_start, built.config.beta_end) == (0.00085, 0.012)
    assert built.config.num_train_timesteps == 1000


def test_the_scheduler_that_the_hub_keeps_gives_the_published_schedule(tiny_bundle):
    # As stable-diffusion-v1-5 has it: another class, some settings left to it.
    kept = scheduler_config(
        {
            "_class_name": "PNDMScheduler",
            "beta_start": 0.00085,
            "beta_end": 0.012,
            "beta_schedule": "scaled_linear",
            "set_alpha_to_one": False,
            "skip_prk_steps": True,
            "steps_offset": 1,
        }
    )
    for sampler in SAMPLERS:
        settings = SamplerSettings(sampler=sampler)
        found, wanted = (
            build_scheduler(replace(tiny_bundle, scheduler_config=config), settings)
            for config in (kept, published_schedule())
        )
        assert torch.equal(found.timesteps, wanted.timesteps)
        noise = torch.linspace(-3, 3, 13)[None]
        assert torch.equal(follow(found, noise, 0.5), follow(wanted, noise, 0.5))


def test_latents_are_never_clipped_and_no_noise_is_added(tiny_bundle):
    config = {**miniature_schedule(), "clip_sample": True, "algorithm_type": "sde-dpmsolver++"}
    bundle = replace(tiny_bundle, scheduler_config=config)
    assert build_scheduler(bundle, SamplerSettings()).config.clip_sample is False
    built = build_scheduler(bundle, SamplerSettings(sampler="dpm++"))
    assert built.config.algorithm_type == "dpmsolver++"


@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("n_steps", [1000, 1001])
def test_steps_that_leave_the_schedule_are_refused(tiny_bundle, sampler, n_steps):
    bundle = replace(tiny_bundle, scheduler_config=published_schedule())
    with pytest.raises(ValueError, match=f"need fewer steps of .* of 1000, got n_steps {n_steps}"):
        build_scheduler(bundle, SamplerSettings(sampler=sampler, n_steps=n_steps))
