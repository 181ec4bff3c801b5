from collections import Counter

import pytest

from models.miniature import OBJECT_KINDS, PLACES, IndoorSpec, SceneSpec
from models.miniature.plan import plan_world

SOURCES = {"cityscapes", "ade20k", "ade20k_challenge", "coco"}
PLAN = plan_world(n_train=40)


def frames_of(*datasets):
    return [frame for frame in PLAN if frame.dataset in datasets]


def test_the_plan_is_a_pure_function_and_more_frames_only_add():
    assert plan_world(n_train=40) == PLAN
    longer = [f for f in plan_world(n_train=60) if (f.dataset, f.split) == ("cityscapes", "train")]
    assert longer[:40] == [f for f in frames_of("cityscapes") if f.split == "train"]


def test_another_seed_is_another_world_of_the_same_make_up():
    other = plan_world(n_train=40, seed=1)
    assert [(f.dataset, f.split, f.index) for f in other] == [
        (f.dataset, f.split, f.index) for f in PLAN
    ]
    assert not {f.spec.seed for f in other} & {f.spec.seed for f in PLAN}


def test_training_streets_hold_fair_days_of_training_places_and_no_object():
    training = {place.name for place in PLACES if place.is_training}
    for frame in frames_of("cityscapes"):
        assert isinstance(frame.spec, SceneSpec)
        assert (frame.spec.weather, frame.spec.time) in {("clear", "day"), ("cloudy", "day")}
        assert frame.spec.place in training
        assert not frame.spec.object_kinds


def test_nothing_that_is_trained_on_shows_what_is_reserved():
    reserved = {entry.name for entry in (*OBJECT_KINDS, *PLACES) if entry.is_reserved}
    for frame in frames_of(*SOURCES):
        assert not frame.is_unseen
        assert reserved.isdisjoint(frame.spec.object_kinds)
        assert getattr(frame.spec, "place", "") not in reserved


def test_benchmarks_mix_what_the_generator_knows_with_what_nobody_has_seen():
    for dataset in ("road_anomaly", "muad", "acdc_poc"):
        unseen = [frame.is_unseen for frame in frames_of(dataset)]
        assert 0.2 < sum(unseen) / len(unseen) < 0.9
    assert all(frame.spec.object_kinds for frame in frames_of("road_anomaly", "muad"))


def test_every_frame_has_a_seed_of_its_own_but_for_the_repeated_pictures():
    seeds = Counter(frame.spec.seed for frame in PLAN if frame.dataset != "ade20k_challenge")
    assert max(seeds.values()) == 1
    pictures = {(f.split, f.index): f.spec for f in frames_of("ade20k")}
    repeated = frames_of("ade20k_challenge")
    assert all(frame.spec == pictures[frame.split, frame.index] for frame in repeated)


def test_object_pictures_are_rooms_and_streets():
    rooms = [isinstance(frame.spec, IndoorSpec) for frame in frames_of("ade20k", "coco")]
    assert 0.4 < sum(rooms) / len(rooms) < 0.9


def test_domains_name_the_condition():
    weather = {"fog": "foggy", "rain": "rainy", "snow": "snowy"}
    for frame in frames_of("acdc", "acdc_poc"):
        if frame.domain == "night":
            assert frame.spec.time == "night"
        else:
            assert (frame.spec.weather, frame.spec.time) == (weather[frame.domain], "day")


@pytest.mark.parametrize("wrong", [{"n_train": 0}, {"others_frac": 0.0}])
def test_an_empty_world_is_refused(wrong):
    with pytest.raises(ValueError, match="need frames to plan"):
        plan_world(**wrong)
