import json
from dataclasses import replace

import pytest

from models.checkpoint.matching import has_prefix
from models.losses import DEEPLAB_LOSS, MASK2FORMER_LOSS
from models.losses.settings import contrastive_config
from models.segmentation.architectures import published_shapes
from models.training.config import (
    StageConfig,
    TrainingConfig,
    config_from_json,
    first_difference,
)
from models.training.published import PUBLISHED, RELEASED

DEEPLAB, MASK2FORMER = PUBLISHED["deeplab_wrn38"], PUBLISHED["mask2former_r50"]
EVERY = [*PUBLISHED.values(), *RELEASED.values()]


@pytest.mark.parametrize("config", EVERY, ids=lambda config: config.architecture)
def test_json_holds_the_whole_configuration(config):
    assert config_from_json(json.loads(json.dumps(config.to_json()))) == config


def test_published_numbers_of_deeplab():
    first, second = DEEPLAB.stages
    assert first.trainable == ("ood_head",)
    assert (first.optimizer, first.learning_rate, first.weight_decay) == ("adam", 1e-4, 1e-4)
    assert second.trainable == ("aspp", "bot_fine", "bot_aspp", "ood_head")
    assert (second.optimizer, second.learning_rate) == ("adam", 1e-6)
    assert (first.n_epochs, second.n_epochs, DEEPLAB.n_epochs) == (9, 40, 49)
    assert (DEEPLAB.batch_size, DEEPLAB.transform.geometry.crop) == (8, (700, 700))
    assert DEEPLAB.loss.margins == (10, 5, 5)
    assert DEEPLAB.loss.ce_weights == (50, 10)
    assert DEEPLAB.loss.selection_ratio == 0.8
    assert {stage.norms for stage in DEEPLAB.stages} == {"frozen"}
    assert {stage.norms for stage in RELEASED["deeplab_wrn38"].stages} == {"running"}


def test_published_numbers_of_mask2former():
    first, second = MASK2FORMER.stages
    assert first.trainable == ("sem_seg_head.predictor.class_embed2",)
    assert (first.optimizer, first.learning_rate, first.mask_loss) == ("adam", 1e-4, None)
    assert second.trainable == ("sem_seg_head",)
    assert (second.optimizer, second.learning_rate) == ("adamw", 1e-5)
    assert second.rate_factors == (("backbone", 0.1),)
    assert (second.weight_decay, second.is_decay_selective) == (0.05, True)
    assert second.max_gradient_norm == 0.01
    assert second.mask_loss is not None
    assert (first.n_epochs, second.n_epochs) == (4, 45)
    assert MASK2FORMER.loss.margins == (0.7, 0.5, 0.2)
    assert MASK2FORMER.loss.ce_weights == (0, 0)
    assert RELEASED["mask2former_r50"].stages[1].trainable == ("backbone", "sem_seg_head")


@pytest.mark.parametrize("config", EVERY, ids=lambda config: config.architecture)
def test_prefixes_are_those_of_the_published_networks(config):
    names = published_shapes(config.architecture)
    for stage in config.stages:
        for prefix in (*stage.trainable, *(part for part, _ in stage.rate_factors)):
            assert any(has_prefix(name, (prefix,)) for name in names)


def test_the_stage_follows_from_the_epoch():
    assert [DEEPLAB.stage_at(epoch) for epoch in (0, 8, 9, 48, 49, 80)] == [0, 0, 1, 1, 1, 1]
    with pytest.raises(ValueError, match="epoch of 0 or more, got -1"):
        DEEPLAB.stage_at(-1)


STAGE = {"trainable": ("ood_head",), "n_epochs": 1, "learning_rate": 1e-3}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"trainable": ()}, "published prefixes as trainable"),
        ({"trainable": ("",)}, "published prefixes as trainable"),
        ({"n_epochs": 0}, "n_epochs of 1 or more, got 0"),
        ({"learning_rate": 0.0}, "positive learning_rate, got 0"),
        ({"learning_rate": float("nan")}, "positive learning_rate, got nan"),
        ({"weight_decay": -1.0}, "weight_decay of 0 or more"),
        ({"rate_factors": (("aspp", 0.0),)}, "positive rate factor of aspp"),
        ({"max_gradient_norm": 0.0}, "positive gradient norm"),
    ],
)
def test_a_stage_that_cannot_learn_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        StageConfig(**{**STAGE, **changes})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"architecture": "deeplab"}, "need an architecture of deeplab_wrn38"),
        ({"stages": ()}, "one stage or more"),
        ({"batch_size": 0}, "batch_size of 1 or more, got 0"),
        ({"n_accumulated": 0}, "n_accumulated of 1 or more, got 0"),
        ({"stages": MASK2FORMER.stages}, "network with masks for mask_loss, got deeplab_wrn38"),
    ],
)
def test_a_training_that_cannot_begin_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        replace(DEEPLAB, **changes)


def without(plain, key):
    return {name: value for name, value in plain.items() if name != key}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda plain: without(plain, "stages"), "got at stages: Field required"),
        (lambda plain: without(plain, "seed"), "got no seed"),
        (lambda plain: plain | {"speed": 3}, "got an unknown speed"),
        (lambda plain: plain | {"seed": "x"}, "got at seed: Input should be a valid integer"),
        (lambda plain: plain | {"seed": "1"}, "got seed '1' where 1 is needed"),
        (lambda plain: plain | {"batch_size": 0}, "need batch_size of 1 or more, got 0"),
        (
            lambda plain: plain | {"loss": plain["loss"] | {"margins": [1, 2]}},
            r"got at loss.margins.2: Field required",
        ),
    ],
)
def test_json_of_something_else_is_refused(change, message):
    with pytest.raises(ValueError, match=message):
        config_from_json(change(DEEPLAB.to_json()))


def test_the_first_difference_is_named():
    assert first_difference({"a": [1, 2]}, {"a": [1, 3]}) == "a.1 3 where 2 is needed"
    assert first_difference({"a": 1}, {"a": 1}) == ""
    assert first_difference({"a": {"b": 1}}, {"a": {}}) == "no a.b"


def test_loss_settings_are_checked_and_given_back():
    for settings in (DEEPLAB_LOSS, MASK2FORMER_LOSS):
        keywords = contrastive_config(settings).keywords()
        assert {name: keywords[name] for name in settings} == settings
    with pytest.raises(ValueError, match="selection_ratio in"):
        contrastive_config({**DEEPLAB_LOSS, "selection_ratio": 2.0})


def test_a_configuration_is_frozen():
    with pytest.raises(AttributeError):
        DEEPLAB.seed = 1
    assert isinstance(DEEPLAB, TrainingConfig)
