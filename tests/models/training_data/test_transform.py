from dataclasses import replace

import numpy as np
import pytest
import torch

from benchmarks.pair_transforms import whole_frame
from models.training_data import (
    PAIR_TRANSFORMS,
    PUBLISHED_TRANSFORMS,
    PairTransformConfig,
    transform_pair,
)
from tests.models.training_data.streets import object_of, pair_of

MINIATURE = (128, 256)
NAMES = ("deeplab_miniature", "mask2former_miniature")


def transformed(name="mask2former_miniature", seed=0, pair=None):
    pair = pair or pair_of(MINIATURE, is_painted=False)
    return transform_pair(pair, [object_of()], PAIR_TRANSFORMS[name], seed=seed)


def same(one, other):
    return torch.equal(one.images, other.images) and torch.equal(one.targets, other.targets)


@pytest.mark.parametrize("name", NAMES)
def test_what_comes_out(name):
    done = transformed(name)
    assert done.sample_id == "frame"
    assert (done.images.shape, done.images.dtype) == ((2, 3, 96, 192), torch.uint8)
    assert (done.targets.shape, done.targets.dtype) == ((2, 96, 192), torch.uint8)


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_decides_every_byte_whatever_the_global_state(name):
    first = [transformed(name, seed) for seed in range(6)]
    torch.manual_seed(99)
    np.random.seed(99)  # noqa: NPY002 - the global state is what is tested
    again = [transformed(name, seed) for seed in reversed(range(6))][::-1]
    assert all(map(same, first, again))
    assert not any(same(first[0], other) for other in first[1:])


@pytest.mark.parametrize("name", NAMES)
def test_no_global_generator_moves(name):
    before = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    for seed in range(4):
        transformed(name, seed)
    assert torch.equal(torch.get_rng_state(), before[0])
    np.testing.assert_array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002


@pytest.mark.parametrize("name", NAMES)
def test_pair_and_object_are_not_changed(name):
    pair, thing = pair_of(MINIATURE), object_of()
    arrays = [pair.original, pair.original_label, pair.generated, pair.generated_label, thing.image]
    copies = [array.copy() for array in arrays]
    for array in arrays:
        array.flags.writeable = False
    for seed in range(4):
        transform_pair(pair, [thing], PAIR_TRANSFORMS[name], seed=seed)
    for array, copy in zip(arrays, copies, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("name", NAMES)
def test_targets_stay_in_the_coding(name):
    for seed in range(12):
        found = transformed(name, seed).targets
        assert np.isin(found, [*range(19), 254, 255]).all()


def test_both_halves_show_the_same_place():
    pair = pair_of(MINIATURE)
    twice = replace(pair, generated=pair.original, generated_label=pair.original_label)
    config = replace(PAIR_TRANSFORMS["mask2former_miniature"], paste=None)
    for seed in range(8):
        done = transform_pair(twice, (), config, seed=seed)
        assert torch.equal(done.images[0], done.images[1])
        assert torch.equal(done.targets[0], done.targets[1])


def test_the_object_lies_in_the_original_alone():
    config = PAIR_TRANSFORMS["deeplab_miniature"]
    pair = pair_of(MINIATURE)
    for seed in range(6):
        plain = transform_pair(pair, (), replace(config, paste=None), seed=seed)
        done = transform_pair(pair, [object_of((30, 40))], config, seed=seed)
        assert torch.equal(done.images[1], plain.images[1])
        assert torch.equal(done.targets[1], plain.targets[1])
        changed = done.targets[0] != plain.targets[0]
        assert changed.any()
        assert (done.targets[0][changed] == 254).all()


def test_pasted_into_both_each_half_has_an_object_of_its_own():
    config = PAIR_TRANSFORMS["deeplab_miniature"]
    both = replace(config, paste=replace(config.paste, into="both"))
    pair, n_apart = pair_of(MINIATURE), 0
    for seed in range(6):
        plain = transform_pair(pair, (), replace(config, paste=None), seed=seed)
        one = transform_pair(pair, [object_of((30, 40))], config, seed=seed)
        done = transform_pair(pair, [object_of((30, 40))], both, seed=seed)
        assert torch.equal(done.images[0], one.images[0]), "the original is as it was"
        assert torch.equal(done.targets[0], one.targets[0])
        changed = done.targets[1] != plain.targets[1]
        assert changed.any()
        assert (done.targets[1][changed] == 254).all()
        here = (done.images[1] != plain.images[1]).any(0)
        assert not (here & (done.targets[1] != 254)).any()
        n_apart += not torch.equal(changed, done.targets[0] != plain.targets[0])
    assert n_apart > 3


def test_an_object_is_never_pasted_outside_of_the_frame():
    config = replace(PAIR_TRANSFORMS["deeplab_miniature"], mix=None)
    pair = pair_of((30, 40))
    for seed in range(10):
        plain = transform_pair(pair, (), replace(config, paste=None), seed=seed)
        done = transform_pair(pair, [object_of((20, 30))], config, seed=seed)
        changed = (done.images[0] != plain.images[0]).any(0)
        assert changed.any()
        rows, columns = np.nonzero((plain.images[0] != plain.images[0][:, :1, :1]).any(0).numpy())
        frame = np.zeros(changed.shape, bool)
        frame[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1] = True
        if frame.sum() == 30 * 40:  # the corner of the crop lies outside, as it nearly always does
            assert not changed.numpy()[~frame].any()


def test_mixup_reaches_the_generated_half_alone():
    pair = pair_of(MINIATURE, is_painted=False)
    config = replace(PAIR_TRANSFORMS["deeplab_miniature"], paste=None)
    mixed = transform_pair(pair, (), config, seed=1)
    plain = transform_pair(pair, (), replace(config, mix=None), seed=1)
    assert torch.equal(mixed.images[0], plain.images[0])
    exact = 0.3 * plain.images[0].double() + 0.7 * plain.images[1].double()
    assert (mixed.images[1] - exact).abs().max() <= 0.5 + 1e-4
    assert torch.equal(mixed.targets, plain.targets), "the mix keeps the generated label"


def test_without_objects_the_error_says_what_to_do():
    with pytest.raises(ValueError, match="at least one object"):
        transform_pair(pair_of(MINIATURE), (), PAIR_TRANSFORMS["deeplab_miniature"], seed=0)


@pytest.mark.parametrize("size", [(3, 5), (1, 1), (200, 40)])
@pytest.mark.parametrize("name", NAMES)
def test_frames_of_any_size_work(size, name):
    for seed in range(8):
        done = transformed(name, seed, pair_of(size))
        assert done.targets.shape == (2, 96, 192)
        assert (done.targets[1] != 255).any() or size == (1, 1)


@pytest.mark.parametrize("name", sorted(PUBLISHED_TRANSFORMS))
@pytest.mark.parametrize("seed", range(5))
def test_the_same_as_torchvision_on_whole_frames(name, seed):
    """Everything at once, beside the published order carried out plainly with the same draws."""
    config = small(PUBLISHED_TRANSFORMS[name])
    pair = pair_of(MINIATURE, seed, is_painted=False)
    done = transform_pair(pair, [object_of()], config, seed=seed)
    seconds = {stage: [] for stage in STAGES}
    plain = whole_frame(pair, [object_of()], config, seed=seed, seconds=seconds)
    assert (done.targets == plain.targets).float().mean() > 0.88
    deviation = torch.tensor([0.229, 0.224, 0.225])[:, None, None] * 255
    mean = torch.tensor([0.485, 0.456, 0.406])[:, None, None] * 255
    values = plain.images * deviation + mean
    inside = (done.targets != 255)[:, None].expand_as(values)
    difference = (done.images - values).abs()[inside]
    if config.photometry is None:
        assert difference.max() <= 0.51
    assert difference.mean() < 3


STAGES = ("mixup", "photometry", "geometry", "normalization", "paste")


def small(config: PairTransformConfig) -> PairTransformConfig:
    return replace(config, geometry=replace(config.geometry, crop=(80, 100)))
