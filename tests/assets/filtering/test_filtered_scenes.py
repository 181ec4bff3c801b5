"""Verdicts as an asset: stored scores in, a real Dagster run, a real manifest out."""

import math
import shutil
import subprocess
import sys
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from assets.filtering import judging as judging_module
from assets.filtering.checks import answer_all
from assets.filtering.config import FilterConfig
from assets.filtering.drawn import read_drawn
from assets.filtering.judged import Judged, read_verdicts
from models.filtering import ScoreHistogram, rows_of
from storage.scene_records import SceneVerdict
from tests.assets.labelling.drawn_world import (
    GENERATOR,
    PARTITION,
    ROUND,
    Spec,
    attempt_of,
    objects_of,
)


def verdicts_of(store, partition=PARTITION):
    return store.manifests.read_records(
        "filtered_scenes", "scene_verdicts", SceneVerdict, partition=partition
    )


def version_of(store, partition=PARTITION):
    return store.manifests.wanted("filtered_scenes", partition)


def metadata_of(result):
    return result.asset_materializations_for_node("filtered_scenes")[0].metadata


def answers(result):
    return {answer.check_name: answer.passed for answer in result.get_asset_check_evaluations()}


def told(result):
    """What a failed step says."""
    (event,) = [event for event in result.all_events if event.is_step_failure]
    failure = event.step_failure_data
    return f"{failure.user_failure_data and failure.user_failure_data.description} {failure.error}"


def table(metadata, name):
    return {row.data["value"]: row.data["count"] for row in metadata[name].records}


def random_specs(seed):
    """Scores around the thresholds, on them, missing and not numbers; one or two objects."""
    rng = np.random.default_rng(seed)
    ious = (0.2, 0.7, 0.71, 0.9, 0.95, 1.0, math.nan)
    oods = (-1.0, 0.0, 0.1, 1.0, 2.0, 3.0, None, math.nan)
    specs = []
    for number, variant, attempt in product(range(4), range(2), range(3)):
        n_objects = int(rng.integers(1, 3))
        specs.append(
            Spec(
                number=number,
                variant=variant,
                attempt=attempt,
                ious=tuple(ious[i] for i in rng.integers(0, len(ious), n_objects)),
                oods=tuple(oods[i] for i in rng.integers(0, len(oods), n_objects)),
                agreement=(0.3, 0.5, 0.6, 0.9, None)[int(rng.integers(0, 5))],
                has_image=False,
            )
        )
    return specs


def by_hand(spec, min_iou, min_ood, min_agreement):
    """The rules of the issue, one by one: the first that any object breaks."""
    if any(ood is None for ood in spec.oods):  # how the rows say that SAM's mask is empty
        return "empty_mask"
    if not all(iou > min_iou for iou in spec.ious):
        return "sam_disagrees"
    if not all(ood > min_ood for ood in spec.oods):
        return "not_ood"
    if min_agreement is not None and not (spec.agreement or -1) > min_agreement:
        return "layout_disagrees"
    return None


@pytest.mark.parametrize(("min_agreement", "seed"), [(None, 0), (0.5, 1)])
def test_every_attempt_has_the_verdict_of_the_rules(draw, judge, store, min_agreement, seed):
    specs = random_specs(seed)
    draw(*specs)
    judge(min_layout_agreement=min_agreement)
    rows = {(row.frame_id, row.variant, row.attempt): row for row in verdicts_of(store)}
    assert len(rows) == len(specs)
    chosen = set()
    for spec in specs:
        row = rows[f"lisbon_{spec.number:06d}_000019", spec.variant, spec.attempt]
        expected = by_hand(spec, 0.7, 0.0, min_agreement)
        assert (row.verdict, row.reason) == ("rejected" if expected else "accepted", expected)
        scene = (spec.number, spec.variant)
        assert row.is_chosen == (expected is None and scene not in chosen)
        chosen |= {scene} if expected is None else set()
        assert row.round == ROUND
    assert 0 < len(chosen) < 8
    assert {row.reason for row in rows.values()} >= {None, "empty_mask", "sam_disagrees"}


def test_nan_and_missing_scores_pass_no_threshold_at_all(draw, judge, store):
    draw(
        Spec(number=0, ious=(math.nan,)),
        Spec(number=1, oods=(math.nan,)),
        Spec(number=2, oods=(None,)),
        Spec(number=3, agreement=None),
        Spec(number=4, agreement=math.nan),
        Spec(number=5),
    )
    judge(min_iou=0.0, min_ood_score=-1e300, min_layout_agreement=0.0)
    assert [row.reason for row in verdicts_of(store)] == [
        "sam_disagrees",
        "not_ood",
        "empty_mask",
        "layout_disagrees",
        "layout_disagrees",
        None,
    ]


def test_looser_thresholds_accept_more_and_change_nothing_else(draw, judge, store):
    draw(*random_specs(2))
    judge(min_iou=0.8, min_ood_score=0.05)
    strict = {(r.frame_id, r.variant, r.attempt): r for r in verdicts_of(store)}
    judge(min_iou=0.1, min_ood_score=-5.0)
    loose = {(r.frame_id, r.variant, r.attempt): r for r in verdicts_of(store)}
    assert strict.keys() == loose.keys()
    accepted = {key for key, row in strict.items() if row.verdict == "accepted"}
    assert accepted < {key for key, row in loose.items() if row.verdict == "accepted"}
    assert version_of(store).version == 2


def test_only_scores_are_read(draw, run_filter, data_root, tmp_path):
    draw(Spec())
    shutil.rmtree(data_root)
    shutil.rmtree(tmp_path / "store" / "blobs")
    assert run_filter().success


def refuse(*_args, **_options):
    raise AssertionError("nothing should be judged again")


def test_judging_loads_no_network():
    code = (
        "import sys, assets.filtered_scenes, assets.labelled_scenes; "
        "assert not {'torch', 'diffusers', 'controlnet_aux', 'distributed'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_an_unchanged_rerun_returns_the_same_version(draw, run_filter, monkeypatch):
    draw(*random_specs(3))
    first = metadata_of(run_filter())
    monkeypatch.setattr(judging_module, "judge_drawn", refuse)
    again = metadata_of(run_filter(min_acceptance=0.1))
    assert again["manifest_version"] == first["manifest_version"]
    assert again["fingerprint"] == first["fingerprint"]


def test_other_pictures_are_judged_again(draw, judge, store):
    draw(Spec())
    judge()
    draw(Spec(ious=(0.1,)))
    judge()
    assert [row.verdict for row in verdicts_of(store)] == ["rejected"]
    scenes = store.manifests.wanted("synthetic_scenes", PARTITION)
    assert version_of(store).parents == {
        f"synthetic_scenes/{PARTITION}": f"{scenes.version}:{scenes.fingerprint}"
    }


def test_a_damaged_version_is_made_again(draw, judge, store, tmp_path):
    draw(Spec())
    judge()
    for part in (tmp_path / "store" / "manifests" / "filtered_scenes").rglob("part-*.parquet"):
        part.write_bytes(part.read_bytes()[:50])
    assert judge().version == 2
    assert len(verdicts_of(store)) == 1


def calibrate(store, scores, **provenance):
    rows = rows_of(ScoreHistogram.of(np.asarray(scores, np.float32)))
    return store.manifests.commit(
        "detector_calibration", {"known_scores": rows}, provenance=provenance
    )


def test_a_quantile_is_that_of_known_pixels(draw, judge, store):
    scores = np.random.default_rng(0).normal(0, 1, 10_000)
    draw(Spec(number=0, oods=(1.2,)), Spec(number=1, oods=(1.4,)), detector_digest="a")
    calibrated = calibrate(store, scores, detector="a")
    judge(ood_quantile=0.9)  # about 1.28
    assert [row.reason for row in verdicts_of(store)] == ["not_ood", None]
    version = version_of(store)
    resolved = float(version.provenance["min_ood_score"])
    assert resolved == ScoreHistogram.of(scores).quantile(0.9)
    assert resolved == pytest.approx(np.quantile(scores, 0.9), rel=0.02)
    assert version.provenance["ood_quantile"] == "0.9"
    assert version.parents["detector_calibration/all"] == f"1:{calibrated.fingerprint}"


def test_without_calibration_there_is_one_clear_error(draw, judge):
    draw(Spec())
    with pytest.raises(ValueError, match="materialize detector_calibration"):
        judge(ood_quantile=0.95)


def test_the_calibration_of_another_detector_is_refused(draw, judge, store):
    draw(Spec(), detector_digest="ours")
    calibrate(store, np.zeros(1000), detector="theirs")
    with pytest.raises(ValueError, match="of the detector ours, got those of theirs"):
        judge(ood_quantile=0.95)


def test_without_drawn_scenes_there_is_one_clear_error(run_filter):
    said = told(run_filter())
    assert f"need a version of synthetic_scenes, partition {PARTITION}, got none" in said
    assert "materialize synthetic_scenes first" in said


def test_rows_of_objects_that_are_missing_are_an_error(store, judge):
    spec = Spec(ious=(0.9, 0.9), oods=(1.0, 1.0))
    for objects in (objects_of(spec)[1:], objects_of(replace(spec, attempt=3))):
        store.manifests.commit(
            "synthetic_scenes",
            {"scene_attempts": [attempt_of(spec, store)], "object_attempts": objects},
            partition=PARTITION,
            provenance=GENERATOR,
        )
        with pytest.raises(ValueError, match="need attempts with all their objects"):
            judge()


def test_an_attempt_without_objects_is_judged_by_its_background(draw, run_filter, store):
    bare = {"ious": (), "oods": ()}
    draw(Spec(**bare), Spec(number=1, **bare, agreement=0.3))
    assert run_filter().success
    assert [row.reason for row in verdicts_of(store)] == [None, None]
    assert run_filter(min_layout_agreement=0.5).success
    assert [row.reason for row in verdicts_of(store)] == [None, "layout_disagrees"]


def test_without_a_filter_the_first_attempt_of_each_scene_is_chosen(draw, run_filter, store):
    lost = {"ious": (0.0,), "oods": (None,)}
    draw(Spec(**lost), Spec(attempt=1), Spec(number=1, **lost))
    assert run_filter(accepts_all=True).success
    chosen = [(row.frame_id[-13:-7], row.attempt) for row in verdicts_of(store) if row.is_chosen]
    assert chosen == [("000000", 0), ("000001", 0)]
    told = store.manifests.wanted("filtered_scenes", PARTITION).provenance
    assert told["accepts_all"] == "True"
    assert told["accepted_because"].startswith("accepts_all: the first attempt")
    run_filter()
    told = store.manifests.wanted("filtered_scenes", PARTITION).provenance
    assert not told.keys() & {"accepts_all", "accepted_because"}, "else all is judged again"


def test_scenes_drawn_for_no_filter_are_accepted_as_they_were_drawn(draw, run_filter, store):
    draw(Spec(ious=(0.1,)), **{"threshold/accepts_all": "true"})
    assert run_filter().success
    assert [row.verdict for row in verdicts_of(store)] == ["accepted"]
    run_filter(accepts_all=False)
    assert [row.verdict for row in verdicts_of(store)] == ["rejected"]


def test_acceptance_below_the_floor_blocks(draw, run_filter):
    good, bad = [Spec(number=n) for n in range(1)], [Spec(number=n, ious=(0.1,)) for n in (1, 2, 3)]
    draw(*good, *bad)
    at_floor, below = run_filter(min_acceptance=0.25), run_filter(min_acceptance=0.26)
    assert at_floor.success
    assert answers(at_floor)["enough_accepted"]
    assert not below.success
    assert answers(below) == {
        "one_verdict_each": True,
        "enough_accepted": False,
        "accepted_are_scored": True,
    }


def test_nothing_drawn_blocks(draw, run_filter):
    draw()
    assert answers(run_filter())["enough_accepted"] is False


def test_checks_find_what_should_never_happen(draw, judge, store):
    draw(Spec(number=0), Spec(number=1, oods=(math.nan,)), Spec(number=2))
    judge()
    version = version_of(store)
    drawn = read_drawn(store.manifests.wanted("synthetic_scenes", PARTITION), store)
    first, second, third = read_verdicts(version, store)
    wrong = (first, first, replace(second, verdict="accepted"), replace(third, frame_id="other"))
    found = {
        answer.check_name: answer
        for answer in answer_all(Judged(version=version, drawn=drawn, verdicts=wrong), 0.0)
    }
    assert found["one_verdict_each"].metadata["n_problems"].value == 3
    assert "lisbon_000002_000019" in found["one_verdict_each"].metadata["problems"].value
    assert not found["accepted_are_scored"].passed
    assert "lisbon_000001_000019" in found["accepted_are_scored"].metadata["problems"].value


def test_people_see_shares_and_histograms(draw, run_filter):
    draw(
        Spec(number=0, attempt=0, ious=(0.1,)),
        Spec(number=0, attempt=1),
        Spec(number=1, ious=(0.9, 0.9), oods=(1.0, 1.0)),
        Spec(number=2, oods=(-1.0,)),
        Spec(number=3, ious=(0.1,)),
    )
    metadata = metadata_of(run_filter())
    assert metadata["dagster/partition_row_count"].value == 5
    assert metadata["acceptance"].value == 0.5
    assert metadata["first_attempt_acceptance"].value == 0.25
    assert table(metadata, "rejections") == {"sam_disagrees": 2, "not_ood": 1}
    assert table(metadata, "accepted_classes") == {"chair": 2, "box": 1}
    assert table(metadata, "accepted_conditions") == {"plain": 1, "foggy night": 1}
    assert "no former round" in metadata["former_round"].value
    assert metadata["provenance"].value["min_iou"] == "0.7"


def test_the_round_before_is_compared_with(draw, judge, run_filter):
    before = [Spec(number=n, ious=(0.1,) if n else (0.9,)) for n in range(4)]
    draw(*before, round_key="round-0")
    judge("round-0")
    draw(*[Spec(number=n, oods=(-1.0,) if n == 3 else (1.0,)) for n in range(4)])
    text = metadata_of(run_filter())["former_round"].value
    assert text.splitlines() == [
        "| share of | round-0 | this round | difference |",
        "| --- | ---: | ---: | ---: |",
        "| scenes accepted | 25.0% | 75.0% | +50.0 points |",
        "| first attempts accepted | 25.0% | 75.0% | +50.0 points |",
        "| attempts rejected as sam_disagrees | 75.0% | 0.0% | -75.0 points |",
        "| attempts rejected as not_ood | 0.0% | 25.0% | +25.0 points |",
    ]
    draw(Spec(), round_key="round-2")
    assert "| round-1 |" in metadata_of(run_filter("lisbon|round-2"))["former_round"].value


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"min_iou": 1.0}, "min_iou"),
        ({"min_iou": -0.1}, "min_iou"),
        ({"min_iou": math.nan}, "min_iou"),
        ({"ood_quantile": 1.0}, "ood_quantile"),
        ({"ood_quantile": 95}, "ood_quantile"),
        ({"min_ood_score": math.nan}, "min_ood_score"),
        ({"min_layout_agreement": 1.5}, "min_layout_agreement"),
        ({"min_acceptance": 2.0}, "min_acceptance"),
        ({"min_ood_score": -3.0, "ood_quantile": 0.95}, "got both, -3.0 and 0.95; remove one"),
    ],
)
def test_thresholds_out_of_range_are_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        FilterConfig(**wrong)
