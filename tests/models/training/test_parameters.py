import pytest
import torch
from torch import nn

from models.checkpoint.matching import has_prefix
from models.segmentation.architectures import build
from models.training.config import StageConfig
from models.training.optimizing import fill_slots, make_optimizer, slots_of
from models.training.parameters import (
    begin_stage,
    has_dropout,
    parameter_groups,
    published_parameters,
)
from models.training.published import PUBLISHED, RELEASED
from tests.models.training.toys import STAGES

ALL = ("backbone", "sem_seg_head")


@pytest.fixture(scope="module")
def mask2former():
    return build("mask2former_miniature", seed=0)


@pytest.fixture
def deeplab():
    return build("deeplab_miniature", seed=0)


def test_parameters_have_their_published_names(mask2former):
    named = published_parameters(mask2former)
    assert len(named) == len(list(mask2former.parameters()))
    state = mask2former.published_state()
    assert all(parameter.data_ptr() == state[name].data_ptr() for name, parameter in named.items())
    assert "backbone.stem.conv1.norm.weight" in named


def test_published_stages_name_what_they_say(mask2former, deeplab):
    for network, architecture in ((mask2former, "mask2former"), (deeplab, "deeplab")):
        for config in (*PUBLISHED.values(), *RELEASED.values()):
            if config.architecture.startswith(architecture):
                for stage in config.stages:
                    names = [n for g in parameter_groups(network, stage) for n in g.parameters]
                    assert names
                    assert all(has_prefix(name, stage.trainable) for name in names)


def test_rates_and_decays_of_a_mask2former(mask2former):
    stage = RELEASED["mask2former_r50"].stages[1]
    settings = {
        name: (group.learning_rate, group.weight_decay)
        for group in parameter_groups(mask2former, stage)
        for name in group.parameters
    }
    assert set(settings) == set(published_parameters(mask2former))
    head = "sem_seg_head.predictor"
    assert settings[f"{head}.class_embed.weight"] == (1e-5, 0.05)
    assert settings[f"{head}.decoder_norm.weight"] == (1e-5, 0.0)
    assert settings[f"{head}.query_feat.weight"] == (1e-5, 0.0)
    assert settings["sem_seg_head.pixel_decoder.adapter_1.norm.bias"] == (1e-5, 0.0)
    assert settings["backbone.res2.0.conv1.weight"] == (pytest.approx(1e-6), 0.05)
    assert settings["backbone.res2.0.conv1.norm.weight"] == (pytest.approx(1e-6), 0.0)


def test_unknown_prefixes_are_refused_before_anything_changes(deeplab):
    before = [p.requires_grad for p in deeplab.parameters()]
    wrong = StageConfig(trainable=("ood_head", "ood"), n_epochs=1, learning_rate=1e-3)
    with pytest.raises(ValueError, match="as trainable, got 'ood'; this network has mod1"):
        begin_stage(deeplab, wrong)
    slow = StageConfig(
        trainable=("ood_head",), n_epochs=1, learning_rate=1e-3, rate_factors=(("backbone", 0.1),)
    )
    with pytest.raises(ValueError, match="as rate_factors, got 'backbone'"):
        begin_stage(deeplab, slow)
    assert [p.requires_grad for p in deeplab.parameters()] == before


def training_modes(network, kind):
    return {name for name, m in network.named_modules() if isinstance(m, kind) and m.training}


def test_frozen_norms_and_the_trunk_stay_in_evaluation_mode(deeplab):
    deeplab.train()
    begin_stage(deeplab, STAGES[1])
    assert training_modes(deeplab, nn.BatchNorm2d) == set()
    assert not has_dropout(deeplab)
    assert deeplab.aspp.training
    learning = {n for n, p in deeplab.named_parameters() if p.requires_grad}
    assert learning == {
        n for n, _ in deeplab.named_parameters() if has_prefix(n, STAGES[1].trainable)
    }


def test_running_norms_are_everywhere_and_trained_ones_where_it_learns(deeplab):
    settings = {"n_epochs": 1, "learning_rate": 1e-3}
    begin_stage(deeplab, StageConfig(trainable=("aspp",), norms="trained", **settings))
    assert len(training_modes(deeplab, nn.BatchNorm2d)) == 5
    assert not has_dropout(deeplab)
    begin_stage(deeplab, StageConfig(trainable=("aspp", "mod7"), norms="frozen", **settings))
    assert training_modes(deeplab, nn.BatchNorm2d) == set()
    assert training_modes(deeplab, nn.Dropout2d) == {"mod7.block1.convs.dropout"}
    begin_stage(deeplab, StageConfig(trainable=("aspp",), norms="running", **settings))
    assert all(module.training for module in deeplab.modules())


def test_optimizers_are_those_of_torch_with_their_groups(mask2former):
    groups = parameter_groups(mask2former, RELEASED["mask2former_r50"].stages[1])
    adamw = make_optimizer(groups, "adamw")
    assert isinstance(adamw, torch.optim.AdamW)
    assert isinstance(make_optimizer(groups, "adam"), torch.optim.Adam)
    assert {(g["lr"], g["weight_decay"]) for g in adamw.param_groups} == {
        (group.learning_rate, group.weight_decay) for group in groups
    }
    assert len(adamw.param_groups) == 4


def test_slots_lie_in_memory_as_their_parameters_do(deeplab):
    deeplab.to(memory_format=torch.channels_last)
    groups = begin_stage(deeplab, STAGES[1])
    optimizer = make_optimizer(groups, "adam")
    assert slots_of(optimizer, groups) == {}
    for group in groups:
        for parameter in group.parameters.values():
            parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    plain = {
        name: {slot: value.clone().contiguous() for slot, value in slots.items()}
        for name, slots in slots_of(optimizer, groups).items()
    }
    again = make_optimizer(groups, "adam")
    fill_slots(again, groups, plain)
    for name, parameter in groups[0].parameters.items():
        slots = again.state[parameter]
        assert slots["exp_avg"].stride() == parameter.stride()
        assert torch.equal(slots["exp_avg_sq"], plain[name]["exp_avg_sq"])
        assert float(slots["step"]) == 1
        assert slots["step"].data_ptr() != plain[name]["step"].data_ptr()
