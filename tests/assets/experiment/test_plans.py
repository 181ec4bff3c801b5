"""Plans in files: the shipped one, and what is refused in one line."""

import pytest
import yaml

from assets.experiment.configurations import configuration_of_trial
from assets.experiment.plans import MAX_BYTES, SHIPPED, parse_plan, read_named_plan, read_plan
from models.experiment.plan import Plan, Trial
from tests.assets.experiment.conftest import NETWORK, PLAN, TREE


def trial(arm, architecture=NETWORK, seed=3):
    return Trial(architecture=architecture, arm=arm, seed=seed)


@pytest.mark.parametrize("name", SHIPPED)
def test_every_trial_of_a_shipped_plan_has_a_configuration(name):
    plan = read_plan(name)
    assert plan.name == name
    assert plan == read_named_plan(name)
    for one in plan.trials():
        if one.seed == 1:
            assert configuration_of_trial(plan, one)["seed"] == 1


def test_a_file_is_read_by_its_path(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(TREE))
    assert read_plan(str(path)) == PLAN
    assert read_named_plan("tiny", str(path)) == PLAN
    with pytest.raises(ValueError, match=r"mine.yaml: need the plan 'big', got 'tiny'"):
        read_named_plan("big", str(path))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "p.yaml: need YAML, got"),
        ("!!python/object/apply:os.system [ls]", "p.yaml: need YAML, got"),
        ("- a", r"p.yaml: the file: .*got \['a'\]; correct the file, docs/experiment.md"),
        (yaml.safe_dump({**TREE, "sedes": 3}), "p.yaml: sedes: unknown, remove it"),
        (yaml.safe_dump({**TREE, "n_seeds": "2"}), "p.yaml: n_seeds: .*got '2'"),
        (yaml.safe_dump({k: v for k, v in TREE.items() if k != "arms"}), "arms: is missing"),
        (" " * (MAX_BYTES + 1), "need a plan of 1048576 characters at most"),
    ],
)
def test_what_is_no_plan_is_one_clear_line(text, complaint):
    with pytest.raises(ValueError, match=complaint) as error:
        parse_plan(text, "p.yaml")
    assert "\n" not in str(error.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"need the file of a plan.*shipped one, miniature"):
        read_plan(str(tmp_path / "none.yaml"))
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match=r"bytes.yaml: need a text file in UTF-8"):
        read_plan(str(tmp_path / "bytes.yaml"))
    (tmp_path / "long.yaml").write_bytes(b" " * (MAX_BYTES + 1))
    with pytest.raises(ValueError, match=r"long.yaml: need a plan of 1048576 bytes"):
        read_plan(str(tmp_path / "long.yaml"))


def test_settings_stand_on_each_other():
    plan = read_plan("miniature")
    masked = configuration_of_trial(plan, trial("paste", "mask2former_miniature"))
    assert masked["loss"]["score_targets"] == [-0.9, -0.2]
    assert masked["loss"]["reference"] == "outlier_exposure"
    assert configuration_of_trial(plan, trial("full"))["seed"] == 3
    assert plan.settings_of(NETWORK, "full") == {}


def test_without_a_head_no_layer_of_it_is_trained():
    found = configuration_of_trial(read_plan("miniature"), trial("full_no_head"))
    assert found["ood_source"] == "logits"
    (stage,) = found["stages"]
    assert "ood_head" not in stage["trainable"]


def test_settings_of_no_use_name_the_arm():
    wrong = {**TREE, "networks": {NETWORK: {"seconds": 1, "closed_set": {"n_epoch": 1}}}}
    with pytest.raises(ValueError, match=r"plan tiny, deeplab_miniature, arm baseline: closed_set"):
        configuration_of_trial(Plan.model_validate(wrong), trial("baseline"))
