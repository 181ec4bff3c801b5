"""Prompts say what was published, and are drawn as often as stated."""

from collections import Counter
from dataclasses import astuple
from itertools import product

import pytest

from models.miniature import plan
from models.scenes import (
    NEGATIVE_PROMPT,
    Condition,
    PromptMix,
    WordLists,
    draw_condition,
    miniature_training_words,
    miniature_words,
    published_training_words,
    published_words,
    reserved_names,
    without_objects,
    write_prompt,
)
from models.seeding import derive_seed

N = 4000
WORDS = published_words()


def drawn(mix, words=WORDS, n=N):
    return [draw_condition(derive_seed("r", f"f{i}", 0, "prompt"), words, mix) for i in range(n)]


def test_both_templates_as_published():
    assert write_prompt(Condition(), ["bathtub"]) == (
        "An image sampled from various stereo video sequences taken by dash cam., There is a "
        "bathtub accidentally staying on the road., best quality, extremely detailed, realistic, "
        "high resolution"
    )
    night = Condition(place="Cairo", weather="foggy", time="night")
    assert write_prompt(night, ["chair"]).startswith(
        "An image sampled from various stereo video sequences taken by dash cam in Cairo in a "
        "foggy night., There is a chair accidentally"
    )


def test_the_negative_prompt_has_both_parts():
    assert NEGATIVE_PROMPT.startswith("longbody, lowres, bad anatomy")
    assert NEGATIVE_PROMPT.endswith("video progress bar, TV program icon, grey picture")


@pytest.mark.parametrize(
    ("names", "listed"),
    [
        (["box"], "There is a box acc"),
        (["box", "chair"], "There is a box and a chair acc"),
        (["box", "chair", "bag"], "There is a box, a chair and a bag acc"),
    ],
)
def test_several_objects_share_one_sentence(names, listed):
    assert listed in write_prompt(Condition(), names)


def test_without_objects_no_sentence_names_one():
    assert write_prompt(Condition(), []) == (
        "An image sampled from various stereo video sequences taken by dash cam., best quality, "
        "extremely detailed, realistic, high resolution"
    )


@pytest.mark.parametrize("names", [[], ["box"], ["box", "chest of drawers"]])
def test_the_sentence_of_the_objects_can_be_taken_out(names):
    foggy = Condition(place="Cairo", weather="foggy", time="day")
    assert without_objects(write_prompt(foggy, names), names) == write_prompt(foggy, [])
    assert without_objects("a prompt of one's own", names) == "a prompt of one's own"


def test_a_prompt_with_half_a_condition_is_refused():
    with pytest.raises(ValueError, match="none of them"):
        write_prompt(Condition(place="Cairo"), ["box"])


def test_conditions_are_drawn_as_often_as_stated():
    conditions = drawn(PromptMix(plain_frac=0.5, night_frac=0.3))
    named = [condition for condition in conditions if condition.place]
    assert len(named) / N == pytest.approx(0.5, abs=0.03)
    assert sum(c.time == "night" for c in named) / len(named) == pytest.approx(0.3, abs=0.04)
    weathers = Counter(c.weather for c in named)
    assert set(weathers) == {"cloudy", "rainy", "snowy", "foggy", "clear"}
    assert min(weathers.values()) / len(named) > 0.16
    assert len({c.place for c in named}) == 100


def test_another_share_of_plain_prompts_leaves_the_others_alone():
    few, many = drawn(PromptMix(plain_frac=0.2), n=200), drawn(PromptMix(plain_frac=0.7), n=200)
    pairs = [pair for pair in zip(few, many, strict=True) if pair[1].place]
    assert pairs
    assert all(one == other for one, other in pairs)


@pytest.mark.parametrize(("plain_frac", "n_plain"), [(0.0, 0), (1.0, 50)])
def test_shares_of_none_and_all_are_exact(plain_frac, n_plain):
    conditions = drawn(PromptMix(plain_frac=plain_frac, night_frac=1.0), n=50)
    assert sum(condition == Condition() for condition in conditions) == n_plain
    assert {c.time for c in conditions if c.place} <= {"night"}


def test_night_needs_no_other_time_and_need_not_be_listed():
    def times(*listed):
        words = WordLists(places=("a",), weathers=("b",), times=listed)
        return {c.time for c in drawn(PromptMix(plain_frac=0.0), words, 60)}

    assert times("night") == {"night"}
    assert times("dawn", "dusk") == {"dawn", "dusk"}
    assert times("day", "dusk", "night") == {"day", "dusk", "night"}


def test_published_words_and_ours():
    assert len(WORDS.places) == len(set(WORDS.places)) == 100
    assert all(place.isascii() for place in WORDS.places), "they end up in file names"
    assert WORDS.times == ("day", "night")
    assert {"New York City", "Nairobi", "Tokyo"} <= set(WORDS.places)


def test_the_miniature_has_its_own_words_without_reserved_places():
    words = miniature_words()
    assert {"lisbon", "oslo"} <= set(words.places)
    assert not set(words.places) & reserved_names()
    assert {"kyoto", "bookcase"} <= reserved_names()


def test_training_words_are_what_training_frames_show():
    known = {(place, *fair) for place in plan._TRAINING for fair in plan._FAIR}
    assert set(product(*astuple(miniature_training_words()))) == known
    published = published_training_words()
    assert len(published.places) == 18
    assert all(place.isascii() for place in published.places), "they end up in file names"
    assert (published.weathers, published.times) == (("clear", "cloudy"), ("day",))


@pytest.mark.parametrize("places", [(), ("a", "a")])
def test_lists_name_each_entry_once(places):
    with pytest.raises(ValueError, match="one or more places, each once"):
        WordLists(places=places, weathers=("b",), times=("day",))
