"""Pictures: what decides them, what does not, and what is refused."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from models.generation import BundleError, encode_prompts
from models.generation.drawing import controls_of, noise_of
from models.generation.samplers import SAMPLERS, SamplerSettings
from models.generation.sampling import Drawing, Steering, decode, denoise
from models.generation.sampling import draw as draw_pictures
from models.generation.saving import pipeline
from models.generation.single_file import published_schedule
from tests.models.generation.bundles import OneStep

HEIGHT, WIDTH = 16, 24
QUICK = SamplerSettings(n_steps=2, guidance=3.0)


def noise_image(seed, *shape):
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


LAYOUT = noise_image(0, HEIGHT, WIDTH, 3)
EDGES = (noise_image(1, HEIGHT, WIDTH) > 200).astype(np.uint8) * 255


def drawing(seed=1, *, prompt="a red box", negative_prompt="", layout=LAYOUT, edges=None):
    return Drawing(
        layout=layout, prompt=prompt, negative_prompt=negative_prompt, seed=seed, edges=edges
    )


def one(bundle, wanted, settings=QUICK, batch_size=1):
    return draw_pictures(bundle, [wanted], settings, batch_size=batch_size)[0]


def test_pictures_are_rgb_of_the_layouts_size(tiny_bundle):
    pictures = draw_pictures(tiny_bundle, [drawing(1), drawing(2)], QUICK, batch_size=3)
    assert pictures.shape == (2, HEIGHT, WIDTH, 3)
    assert pictures.dtype == np.uint8
    assert pictures.std() > 10


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_a_drawing_gives_the_same_bytes_wherever_it_stands(edge_bundle, sampler):
    settings = replace(QUICK, sampler=sampler)
    others = [
        drawing(seed, prompt="a snowy night", layout=noise_image(seed, HEIGHT, WIDTH, 3))
        for seed in (7, 8, 9)
    ]
    alone = one(edge_bundle, drawing(), settings, batch_size=4)
    assert np.array_equal(one(edge_bundle, drawing(), settings, batch_size=4), alone)
    for place in (1, 3):
        mixed = [*others[:place], drawing(), *others[place:]]
        pictures = draw_pictures(edge_bundle, mixed, settings, batch_size=4)
        assert np.array_equal(pictures[place], alone)


def test_random_numbers_of_the_process_have_no_part_in_it(tiny_bundle):
    torch.manual_seed(1)
    first = one(tiny_bundle, drawing())
    torch.manual_seed(2)
    state = torch.random.get_rng_state()
    assert np.array_equal(one(tiny_bundle, drawing()), first)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_noise_is_of_the_seed_alone(tiny_bundle):
    noise = noise_of(tiny_bundle, [drawing(5), drawing(2**63 - 1), drawing(5, prompt="x")])
    assert noise.shape == (3, 4, HEIGHT // 4, WIDTH // 4)
    assert noise.dtype == torch.float32
    assert torch.equal(noise[0], noise[2])
    assert not torch.equal(noise[0], noise[1])
    alone = torch.randn(4, HEIGHT // 4, WIDTH // 4, generator=torch.Generator().manual_seed(5))
    assert torch.equal(noise[0], alone)


@pytest.mark.parametrize(
    ("other", "matters", "at_guidance_1"),
    [
        (drawing(2), True, True),
        (drawing(prompt="a snowy night"), True, True),
        (drawing(negative_prompt="a snowy night"), True, False),
        (drawing(layout=255 - LAYOUT), True, True),
        (drawing(), False, False),
    ],
)
def test_what_a_drawing_says_matters(edge_bundle, other, matters, at_guidance_1):
    assert np.array_equal(one(edge_bundle, drawing()), one(edge_bundle, other)) is not matters
    plain = replace(QUICK, guidance=1.0)
    alike = np.array_equal(one(edge_bundle, drawing(), plain), one(edge_bundle, other, plain))
    assert alike is not at_guidance_1


@pytest.mark.parametrize("changes", [{"guidance": 5.0}, {"n_steps": 3}, {"control_scale": 0.5}])
def test_what_the_settings_say_matters(edge_bundle, changes):
    changed = one(edge_bundle, drawing(), replace(QUICK, **changes))
    assert not np.array_equal(changed, one(edge_bundle, drawing()))


def test_without_scale_the_layout_has_no_effect(edge_bundle):
    free = replace(QUICK, control_scale=0.0)
    first = one(edge_bundle, drawing(), free)
    assert np.array_equal(one(edge_bundle, drawing(layout=255 - LAYOUT), free), first)


def test_it_is_what_diffusers_pipeline_draws(edge_bundle):
    wanted = [drawing(1), drawing(2, prompt="a snowy night", negative_prompt="red")]
    bundle = replace(edge_bundle, edge_controlnet=None)
    drawer = pipeline(bundle)
    drawer.set_progress_bar_config(disable=True)
    theirs = drawer(
        prompt=[each.prompt for each in wanted],
        negative_prompt=[each.negative_prompt for each in wanted],
        image=controls_of(wanted)[0],
        latents=noise_of(bundle, wanted),
        num_inference_steps=2,
        guidance_scale=3.0,
        output_type="np",
    ).images
    ours = draw_pictures(edge_bundle, wanted, QUICK, batch_size=2)
    assert np.array_equal(ours, (theirs * 255).round().astype(np.uint8))


def test_networks_are_called_as_the_golden_files_call_them(tiny_bundle, draw):
    # The inputs are those of the fixture, which calls the networks one by one.
    generator = torch.Generator().manual_seed(0)
    latent = torch.randn(1, 4, 8, 8, generator=generator)
    layout = torch.rand(1, 3, 32, 32, generator=generator)
    context = torch.randn(1, 77, 32, generator=generator)
    *_, output, image = draw(tiny_bundle)
    found = denoise(
        tiny_bundle,
        latent,
        Steering(prompts=context, negative_prompts=None, controls=[layout]),
        scheduler=OneStep(500),
        settings=SamplerSettings(n_steps=1, guidance=1.0),
    )
    assert torch.equal(found, output)
    assert torch.equal(decode(tiny_bundle, latent), image)


@pytest.mark.parametrize("schedule", ["miniature", "sd15"])
@pytest.mark.parametrize("sampler", SAMPLERS)
@pytest.mark.parametrize("n_steps", [1, 4])
def test_every_sampler_draws_on_every_schedule(tiny_bundle, schedule, sampler, n_steps):
    config = {"miniature": tiny_bundle.scheduler_config, "sd15": published_schedule()}
    bundle = replace(tiny_bundle, scheduler_config=config[schedule])
    assert one(bundle, drawing(), SamplerSettings(sampler=sampler, n_steps=n_steps)).std() > 0


@pytest.mark.parametrize("sampler", SAMPLERS)
def test_pictures_of_bfloat16_are_much_the_same(edge_bundle, edge_folder, sampler):
    from models.generation import load_bundle

    half = load_bundle(edge_folder, dtype=torch.bfloat16)
    settings = SamplerSettings(sampler=sampler, n_steps=5, guidance=2.0)
    found = one(half, drawing(edges=EDGES), settings).astype(int)
    wanted = one(edge_bundle, drawing(edges=EDGES), settings)
    assert 0 < np.abs(found - wanted).mean() < 5


def test_pictures_that_are_not_finite_are_refused(tiny_bundle):
    broken = replace(tiny_bundle, source="x", vae=_copy_with(tiny_bundle.vae, float("nan")))
    with pytest.raises(ValueError, match=r"need finite pictures, got 1 of 1 .* from x in torch\."):
        one(broken, drawing(), batch_size=2)


def _copy_with(vae, value):
    copied = type(vae).from_config(vae.config)
    copied.load_state_dict(vae.state_dict())
    copied.decoder.conv_out.bias.data[0] = value
    return copied.eval()


def test_white_and_black_are_the_ends_of_the_range(tiny_bundle):
    for value, shown in ((50.0, 255), (-50.0, 0)):
        extreme = replace(tiny_bundle, vae=_copy_with(tiny_bundle.vae, value))
        assert (one(extreme, drawing())[..., 0] == shown).all()


def test_drawing_says_nothing(edge_bundle, capfd):
    one(edge_bundle, drawing(edges=EDGES))
    assert capfd.readouterr() == ("", "")


def test_drawing_leaves_the_bundle_as_it_was(edge_bundle):
    before = {part: dict(net.state_dict()) for part, net in edge_bundle.modules.items()}
    one(edge_bundle, drawing())
    for part, network in edge_bundle.modules.items():
        assert not network.training
        assert all(
            torch.equal(tensor, before[part][key]) for key, tensor in network.state_dict().items()
        )


def test_the_decoder_undoes_the_scale_of_the_latents(tiny_bundle):
    latents = torch.ones(1, 4, 2, 2)
    vae = type(tiny_bundle.vae).from_config(tiny_bundle.vae.config, scaling_factor=0.5)
    vae.load_state_dict(tiny_bundle.vae.state_dict())
    scaled = replace(tiny_bundle, vae=vae.eval())
    assert torch.equal(decode(scaled, 0.5 * latents), decode(tiny_bundle, latents))


@pytest.mark.parametrize(
    ("drawings", "batch_size", "said"),
    [
        ([], 2, r"need 1 to 2 \(batch_size\) drawings, got 0"),
        ([drawing()] * 3, 2, r"need 1 to 2 \(batch_size\) drawings, got 3"),
        ([drawing()], 0, r"need 1 to 0 \(batch_size\) drawings, got 1"),
        (
            [drawing(), drawing(layout=noise_image(0, 16, 16, 3))],
            2,
            "need layouts of one size, got 16x16 and 16x24",
        ),
        (
            [drawing(layout=noise_image(0, 16, 20, 3))],
            1,
            "height and width are multiples of 8 for miniature, seed 7, got 16x20; resize it",
        ),
        ([drawing(layout=noise_image(0, 0, 0, 3))], 1, "multiples of 8 .* got 0x0"),
        (
            [drawing(edges=EDGES), drawing()],
            2,
            "need edges with every drawing or with none, got 1 of 2",
        ),
    ],
)
def test_drawings_that_do_not_fit_one_pass_are_refused(edge_bundle, drawings, batch_size, said):
    with pytest.raises(ValueError, match=said):
        draw_pictures(edge_bundle, drawings, QUICK, batch_size=batch_size)


def test_edges_of_another_size_are_refused():
    with pytest.raises(ValueError, match="need edges of the layout's size, 16x24, got 8x24"):
        drawing(edges=EDGES[:8])


def test_edges_need_a_controlnet_for_them(tiny_bundle):
    with pytest.raises(BundleError) as refused:
        one(tiny_bundle, drawing(edges=EDGES))
    assert str(refused.value) == (
        "miniature, seed 7: need a ControlNet for edges, found a bundle without one; leave the "
        "edges out, or use a bundle with one"
    )


def test_edges_steer_by_their_own_scale(edge_bundle):
    with_edges, without = one(edge_bundle, drawing(edges=EDGES)), one(edge_bundle, drawing())
    assert not np.array_equal(with_edges, without)
    assert not np.array_equal(one(edge_bundle, drawing(edges=255 - EDGES)), with_edges)
    free = replace(QUICK, edge_scale=0.0)
    assert np.array_equal(one(edge_bundle, drawing(edges=EDGES), free), without)


def test_without_edges_a_controlnet_for_them_has_no_part_in_it(edge_bundle):
    plain = replace(edge_bundle, edge_controlnet=None)
    assert np.array_equal(one(edge_bundle, drawing()), one(plain, drawing()))


def test_controls_are_layouts_then_edges_from_0_to_1():
    layouts, edges = controls_of([drawing(edges=EDGES), drawing(edges=255 - EDGES)])
    assert layouts.shape == edges.shape == (2, 3, HEIGHT, WIDTH)
    assert np.array_equal((layouts[0] * 255).round().numpy(), LAYOUT.transpose(2, 0, 1))
    assert set(edges.unique().tolist()) == {0.0, 1.0}
    assert torch.equal(edges[0], 1 - edges[1])
    assert len(controls_of([drawing()])) == 1


def test_only_guidance_encodes_negative_prompts(tiny_bundle, monkeypatch):
    told = []
    monkeypatch.setattr(
        "models.generation.sampling.encode_prompts",
        lambda bundle, prompts: told.append(list(prompts)) or encode_prompts(bundle, prompts),
    )
    wanted = drawing(prompt="a", negative_prompt="b")
    one(tiny_bundle, wanted, replace(QUICK, guidance=1.0), batch_size=2)
    assert told == [["a", "a"]]
    one(tiny_bundle, wanted)
    assert sorted(told[1:]) == [["a"], ["b"]]
