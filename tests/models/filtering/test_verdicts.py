import math
from dataclasses import replace

import pytest

from models.filtering import (
    PUBLISHED_MIN_IOU,
    PUBLISHED_MIN_OOD_SCORE,
    ObjectScores,
    Reason,
    SceneScores,
    Thresholds,
    judge,
)

THRESHOLDS = Thresholds(min_ood_score=-3.0, min_layout_agreement=0.5)
GOOD = ObjectScores(
    iou=0.9, mean_ood_score=-1.0, predicted_iou=0.8, pasted_area_px=10, sam_area_px=10
)


def scene(*objects, layout_agreement=0.9):
    return SceneScores(objects=objects or (GOOD,), layout_agreement=layout_agreement)


def reason(scores, thresholds=THRESHOLDS):
    verdict = judge(scores, thresholds)
    assert verdict.is_accepted == (verdict.reason is None)
    return verdict.reason


def test_published_numbers():
    assert (PUBLISHED_MIN_IOU, PUBLISHED_MIN_OOD_SCORE) == (0.7, -3.02)
    assert Thresholds(min_ood_score=0.0).min_iou == 0.7


def test_a_good_scene_is_accepted():
    assert reason(scene()) is None
    assert reason(scene(GOOD, GOOD)) is None


@pytest.mark.parametrize(
    ("field", "threshold", "expected"),
    [("iou", 0.7, "sam_disagrees"), ("mean_ood_score", -3.0, "not_ood")],
)
def test_a_score_must_exceed_its_threshold(field, threshold, expected):
    for value in (threshold, math.nan, math.inf, -math.inf, threshold - 0.1):
        assert reason(scene(replace(GOOD, **{field: value}))) == expected
    assert reason(scene(replace(GOOD, **{field: math.nextafter(threshold, 1)}))) is None


def test_the_background_must_agree():
    for value in (0.5, math.nan, None, 0.1):
        assert reason(scene(layout_agreement=value)) == "layout_disagrees"
        loose = replace(THRESHOLDS, min_layout_agreement=None)
        assert reason(scene(layout_agreement=value), loose) is None
    assert reason(scene(layout_agreement=0.51)) is None


def test_without_a_detector_the_rule_is_left_out():
    scores = scene(replace(GOOD, mean_ood_score=None))
    assert reason(scores) == "not_ood"
    assert reason(scores, replace(THRESHOLDS, min_ood_score=None)) is None


def test_empty_masks_are_told_apart_and_pass_no_threshold():
    nothing = replace(GOOD, iou=0.0, mean_ood_score=None, sam_area_px=0)
    lenient = Thresholds(min_ood_score=None, min_iou=0.0)
    assert reason(scene(nothing), lenient) == "empty_mask"
    assert reason(scene(replace(nothing, pasted_area_px=0)), lenient) == "nothing_pasted"


def test_of_a_scene_without_objects_only_the_background_is_judged():
    assert reason(SceneScores(objects=(), layout_agreement=0.6)) is None
    assert reason(SceneScores(objects=(), layout_agreement=0.4)) == "layout_disagrees"
    assert reason(SceneScores(objects=()), Thresholds(min_ood_score=0.0)) is None


def test_everything_can_be_accepted_and_the_facts_tell():
    lost = replace(GOOD, iou=math.nan, mean_ood_score=None, sam_area_px=0, pasted_area_px=0)
    everything = replace(THRESHOLDS, accepts_all=True)
    assert reason(scene(lost, layout_agreement=None), everything) is None
    assert Thresholds(**everything.facts) == everything
    assert THRESHOLDS.facts == {
        "min_ood_score": -3.0,
        "min_iou": 0.7,
        "min_layout_agreement": 0.5,
    }


def test_one_bad_object_rejects_the_scene_for_the_first_reason():
    not_ood, bad_mask = replace(GOOD, mean_ood_score=-9.0), replace(GOOD, iou=0.1)
    assert reason(scene(GOOD, not_ood)) == "not_ood"
    assert reason(scene(not_ood, bad_mask)) == "sam_disagrees"
    assert reason(scene(bad_mask, not_ood, layout_agreement=0.0)) == "sam_disagrees"
    assert [str(r) for r in Reason][:2] == ["nothing_pasted", "empty_mask"]


def test_looser_thresholds_accept_no_less():
    objects = [
        replace(GOOD, iou=iou, mean_ood_score=ood) for iou in (0.1, 0.75) for ood in (-5.0, -1.0)
    ]
    for item in objects:
        for strict in (Thresholds(min_ood_score=-3.0), Thresholds(min_ood_score=-0.5)):
            loose = replace(strict, min_iou=0.0, min_ood_score=-9.0)
            if judge(scene(item), strict).is_accepted:
                assert judge(scene(item), loose).is_accepted


@pytest.mark.parametrize("name", ["min_iou", "min_layout_agreement"])
@pytest.mark.parametrize("value", [-0.1, 1.0, 1.7, math.nan, math.inf])
def test_shares_out_of_range_are_refused(name, value):
    with pytest.raises(ValueError, match=f"need {name} of at least 0 and below 1, got {value}"):
        Thresholds(**{"min_ood_score": 0.0, name: value})


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_ood_thresholds_are_finite(value):
    with pytest.raises(ValueError, match=f"need a finite min_ood_score, got {value}"):
        Thresholds(min_ood_score=value)
