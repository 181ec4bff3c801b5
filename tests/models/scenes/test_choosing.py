"""Objects are drawn as often as their choice says, whatever the order they come in."""

from collections import Counter

import pytest

from models.scenes import choose_objects, group_objects


@pytest.fixture
def bank(make_object):
    """Nine chairs in one picture, one box alone in another."""
    chairs = [make_object(number) for number in range(9)]
    return [*chairs, make_object(9, class_id=42, class_name="box", image="b.jpg")]


@pytest.mark.parametrize(("choice", "share"), [("uniform", 0.1), ("balanced", 0.5)])
def test_shares_of_a_rare_class(bank, choice, share):
    groups = group_objects(bank, choice)
    drawn = [choose_objects(groups, n_objects=(1, 1), seed=seed)[0] for seed in range(2000)]
    counts = Counter(row.class_name for row in drawn)
    assert counts["box"] / 2000 == pytest.approx(share, abs=0.035)


def test_the_published_choice_draws_the_picture_first(make_object):
    rows = [make_object(n, image="a.jpg" if n < 9 else f"{n}.jpg") for n in range(12)]
    groups = group_objects(rows, "published")
    assert [len(group) for group in groups] == [1, 1, 1, 9]
    drawn = [choose_objects(groups, n_objects=(1, 1), seed=seed)[0] for seed in range(2000)]
    pictures = Counter(row.source_image for row in drawn)
    assert pictures["a.jpg"] / 2000 == pytest.approx(0.25, abs=0.035)


@pytest.mark.parametrize("choice", ["published", "uniform", "balanced"])
def test_the_order_of_the_bank_does_not_matter(bank, choice):
    forward, backward = group_objects(bank, choice), group_objects(bank[::-1], choice)
    for seed in range(20):
        one = choose_objects(forward, n_objects=(1, 3), seed=seed)
        assert one == choose_objects(backward, n_objects=(1, 3), seed=seed)


def test_objects_of_a_scene_differ_and_their_number_varies(bank):
    groups = group_objects(bank, "balanced")
    numbers = Counter()
    for seed in range(600):
        chosen = choose_objects(groups, n_objects=(1, 3), seed=seed)
        assert len({row.object_id for row in chosen}) == len(chosen)
        numbers[len(chosen)] += 1
    assert set(numbers) == {1, 2, 3}
    assert min(numbers.values()) > 150


def test_a_small_bank_gives_all_it_has(bank):
    groups = group_objects(bank[:2], "uniform")
    assert len(choose_objects(groups, n_objects=(5, 5), seed=1)) == 2


def test_a_scene_may_have_no_object(bank):
    assert choose_objects(group_objects([], "uniform"), n_objects=(0, 0), seed=1) == ()
    groups = group_objects(bank, "uniform")
    numbers = {len(choose_objects(groups, n_objects=(0, 2), seed=seed)) for seed in range(50)}
    assert numbers == {0, 1, 2}


def test_an_empty_bank_is_refused():
    with pytest.raises(ValueError, match="one or more objects"):
        choose_objects(group_objects([], "uniform"), n_objects=(1, 1), seed=1)
