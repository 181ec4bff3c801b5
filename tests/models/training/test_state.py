import json

import pytest
import torch
from safetensors.torch import load, save

from models.segmentation.network import Segmenter
from models.training.state import Progress, TrainingState, from_tensors, to_tensors
from tests.models.training.toys import toy_config, toy_trainer


@pytest.fixture(scope="module")
def state() -> TrainingState:
    trainer = toy_trainer()
    next(iter(trainer))
    return trainer.state_dict()


def test_a_state_survives_safetensors_and_json(state):
    tensors, facts = to_tensors(state)
    found = from_tensors(load(save(tensors)), json.loads(json.dumps(facts)))
    assert found.config == state.config
    assert found.progress == state.progress == Progress(epoch=0, n_batches=1, n_steps=1)
    assert found.network.keys() == state.network.keys()
    assert all(torch.equal(found.network[name], state.network[name]) for name in state.network)
    assert set(found.optimizer) == {"ood_head.weight"}
    assert set(found.optimizer["ood_head.weight"]) == {"step", "exp_avg", "exp_avg_sq"}


def test_the_network_of_a_state_has_published_names(state):
    network: Segmenter = toy_trainer()._objective.network
    network.load_published_state(state.network)


def test_a_state_is_a_copy():
    trainer = toy_trainer()
    state = trainer.state_dict()
    kept = state.network["ood_head.weight"].clone()
    next(iter(trainer))
    assert torch.equal(state.network["ood_head.weight"], kept)


def test_other_tensors_and_facts_are_refused(state):
    tensors, facts = to_tensors(state)
    with pytest.raises(ValueError, match="got 'losses'"):
        from_tensors({**tensors, "losses": torch.zeros(1)}, facts)
    with pytest.raises(ValueError, match=r"need config and progress .*, got \['config'\]"):
        from_tensors(tensors, {"config": facts["config"]})
    with pytest.raises(ValueError, match="as progress, got epoch"):
        from_tensors(tensors, facts | {"progress": {"epoch": 1}})
    with pytest.raises(ValueError, match="need n_steps of 0 or more, got -1"):
        from_tensors(tensors, facts | {"progress": {"epoch": 1, "n_batches": 0, "n_steps": -1}})


def test_a_state_names_its_configuration(state):
    assert state.config == toy_config()
