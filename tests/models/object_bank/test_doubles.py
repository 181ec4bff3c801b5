import random
from dataclasses import replace

import pytest

from models.object_bank import find_doubles, reject_doubles

ORDER = ("ade20k", "ade20k_challenge", "coco")


def test_the_second_of_equal_look_is_rejected_whatever_the_order(kept_object):
    rows = [replace(kept_object, object_id=f"ade20k/{name}/1") for name in "cab"]
    for seed in range(5):
        random.Random(seed).shuffle(rows)
        judged = reject_doubles(rows, dataset_order=ORDER)
        assert [row.object_id[7] for row in judged] == ["a", "b", "c"]
        assert [row.reason for row in judged] == [None, "duplicate", "duplicate"]


def test_another_class_or_look_is_no_double(kept_object):
    other_class = replace(kept_object, object_id="x", class_id=24)
    other_look = replace(kept_object, object_id="y", appearance_hash="0" * 35)
    judged = reject_doubles([kept_object, other_class, other_look], dataset_order=ORDER)
    assert {row.verdict for row in judged} == {"kept"}


def test_one_picture_in_two_releases_counts_once(kept_object):
    again = replace(
        kept_object,
        object_id="ade20k_challenge/a/20_0",
        dataset="ade20k_challenge",
        source_image="ADEChallengeData2016/images/training/a.jpg",
        image_height_px=50,
        image_width_px=100,
        box_x_px=10,
        box_y_px=5,
        box_width_px=20,
        box_height_px=16,
        appearance_hash="e" * 35,
    )
    judged = {
        row.object_id: row for row in reject_doubles([again, kept_object], dataset_order=ORDER)
    }
    assert judged["ade20k/a/1"].verdict == "kept"
    assert judged["ade20k_challenge/a/20_0"].reason == "duplicate"
    elsewhere = replace(again, box_x_px=60)
    assert all(
        row.verdict == "kept"
        for row in reject_doubles([elsewhere, kept_object], dataset_order=ORDER)
    )


def test_rejected_rows_double_nothing(kept_object):
    rejected = replace(kept_object, object_id="ade20k/0", verdict="rejected", reason="too_small")
    judged = reject_doubles([rejected, kept_object], dataset_order=ORDER)
    assert judged[-1].verdict == "kept"


def test_an_unknown_data_set_is_refused(kept_object):
    with pytest.raises(ValueError, match="need a data set"):
        reject_doubles([replace(kept_object, dataset="other")], dataset_order=ORDER)


def test_doubles_are_found_by_look_and_by_place_and_from_double_to_double(kept_object):
    same_look = replace(kept_object, object_id="ade20k/b/1", source_image="b.jpg")
    same_place = replace(
        kept_object,
        object_id="ade20k_challenge/b/2",
        dataset="ade20k_challenge",
        source_image="other/b.jpg",
        appearance_hash=None,
        verdict="rejected",
    )
    others = [
        replace(kept_object, object_id="x", class_id=24),
        replace(kept_object, object_id="y", source_image="c.jpg", appearance_hash=None),
        replace(same_place, object_id="z", box_x_px=120),
        replace(same_place, object_id="empty", area_px=0, box_width_px=0, box_height_px=0),
    ]
    rows = [kept_object, same_look, same_place, *others]
    names = {row.object_id for row in rows[:3]}
    for name in names:
        assert find_doubles(rows, {name}) == names - {name}
    assert find_doubles(rows, {"x", "y"}) == set()
    assert find_doubles(rows, {"nothing"}) == set()
