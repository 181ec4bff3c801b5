import json
from dataclasses import replace

import pytest

from models.losses.settings import ContrastiveConfig
from models.training import later_fields
from models.training.config import TrainingConfig, config_from_json
from models.training.published import PUBLISHED, RELEASED, without_head
from models.training_data import PairTransformConfig, PasteConfig, WeatherConfig

DEEPLAB = PUBLISHED["deeplab_miniature"]
EVERY = [*PUBLISHED.values(), *RELEASED.values()]
CHANGED = {
    "reference": replace(
        DEEPLAB, loss=replace(DEEPLAB.loss, reference="absolute", score_targets=(-9.0, -3.0))
    ),
    "weather": replace(DEEPLAB, transform=replace(DEEPLAB.transform, weather=WeatherConfig())),
    "paste": replace(DEEPLAB, transform=replace(DEEPLAB.transform, paste=PasteConfig(into="both"))),
    "no paste": replace(DEEPLAB, transform=replace(DEEPLAB.transform, paste=None)),
    "ood_source": without_head(DEEPLAB),
}


@pytest.mark.parametrize("config", EVERY, ids=lambda config: config.architecture)
def test_configurations_of_before_keep_their_text(config):
    """Keys of trainings and recipes of checkpoints are digests of this text."""
    plain = config.to_json()
    assert list(plain) == [
        "architecture", "stages", "loss", "transform", "batch_size", "n_accumulated", "is_mixed",
        "is_channels_last", "seed",
    ]  # fmt: skip
    assert list(plain["loss"]) == [
        "margins", "ce_weights", "selection_ratio", "sample_ratio", "pairing", "third_sign",
    ]  # fmt: skip
    assert list(plain["transform"]) == ["geometry", "mix", "photometry", "paste"]
    assert list(plain["transform"]["paste"]) == ["scales"]
    assert config_from_json(json.loads(json.dumps(plain))) == config


@pytest.mark.parametrize("config", CHANGED.values(), ids=CHANGED)
def test_what_is_not_the_default_is_spelled_and_read_again(config):
    plain = json.loads(json.dumps(config.to_json()))
    assert plain != DEEPLAB.to_json()
    assert config_from_json(plain) == config


def test_the_defaults_are_those_of_the_classes():
    own = {
        ("ood_source",): TrainingConfig,
        ("loss", "reference"): ContrastiveConfig,
        ("loss", "score_targets"): ContrastiveConfig,
        ("loss", "exposure_weight"): ContrastiveConfig,
        ("transform", "weather"): PairTransformConfig,
        ("transform", "paste", "into"): PasteConfig,
    }
    found = {path: kind.__dataclass_fields__[path[-1]].default for path, kind in own.items()}
    assert found == later_fields._DEFAULTS


def test_a_spelled_default_is_the_same_configuration():
    plain = DEEPLAB.to_json()
    plain["ood_source"] = "head"
    plain["loss"]["reference"] = "relative"
    plain["transform"] |= {"weather": None}
    plain["transform"]["paste"]["into"] = "original"
    assert config_from_json(plain) == DEEPLAB
    assert config_from_json(plain).to_json() == DEEPLAB.to_json()


def test_inside_of_a_later_field_what_is_absent_has_its_default():
    plain = DEEPLAB.to_json()
    plain["transform"]["weather"] = {"night": 0.0}
    assert config_from_json(plain).transform.weather == WeatherConfig(night=0.0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda plain: plain["loss"].pop("pairing"), "got no loss.pairing"),
        (lambda plain: plain["transform"].pop("mix"), "got no transform.mix"),
        (lambda plain: plain["loss"].update(speed=1), "got an unknown loss.speed"),
        (
            lambda plain: plain["transform"].update(weather={"hail": 0.1}),
            "got an unknown transform.weather.hail",
        ),
        (lambda plain: plain["loss"].update(reference="all"), "got at loss.reference: Input"),
        (lambda plain: plain.update(weather=None), "got an unknown weather"),
        (lambda plain: plain["loss"].update(reference="absolute"), "need score_targets"),
    ],
)
def test_other_fields_stay_needed_and_unknown_ones_refused(change, message):
    plain = DEEPLAB.to_json()
    change(plain)
    with pytest.raises(ValueError, match=message):
        config_from_json(plain)
