"""Blocking checks of verdicts, answered from what was committed for a partition."""

from collections import Counter
from collections.abc import Callable
from math import isfinite

import dagster as dg

from assets.answers import answer, check_specs, named
from assets.filtering.drawn import attempt_key, scene_key
from assets.filtering.judged import Judged
from assets.filtering.judging import ASSET
from models.filtering import SceneScores


def check_verdicts(judged: Judged, _min_acceptance: float) -> dg.AssetCheckResult:
    """Every attempt has exactly one verdict."""
    counts = Counter(map(attempt_key, judged.verdicts))
    drawn = {attempt_key(row) for row in judged.drawn.attempts}
    problems = [f"{key} has no verdict" for key in named(drawn - counts.keys())]
    problems += [f"{key} was not drawn" for key in named(counts.keys() - drawn)]
    problems += [f"{key} has several" for key in named(k for k, n in counts.items() if n > 1)]
    return answer(ASSET, "one_verdict_each", problems, {"attempts": len(drawn)})


def check_acceptance(judged: Judged, min_acceptance: float) -> dg.AssetCheckResult:
    """Enough of the scenes that were drawn are accepted."""
    scenes = {scene_key(row) for row in judged.drawn.attempts}
    accepted = {scene_key(row) for row in judged.verdicts if row.verdict == "accepted"}
    problems = []
    if not scenes:
        problems = ["no scene was drawn; the table scene_requests says why"]
    elif len(accepted) / len(scenes) < min_acceptance:
        problems = [
            f"{len(accepted)} of {len(scenes)} scenes are accepted, need a share of "
            f"{min_acceptance}; the column reason says why not the others"
        ]
    facts = {"scenes": len(scenes), "accepted": len(accepted), "min_acceptance": min_acceptance}
    return answer(ASSET, "enough_accepted", problems, facts)


def check_scores(judged: Judged, _min_acceptance: float) -> dg.AssetCheckResult:
    """Nothing is accepted whose stored scores are missing or not finite, unless everything is."""
    accepted = {attempt_key(row) for row in judged.verdicts if row.verdict == "accepted"}
    attempts = [row for row in judged.drawn.attempts if attempt_key(row) in accepted]
    rules = judged.version.provenance
    lacking = [
        attempt_key(row)
        for row in attempts
        if "accepts_all" not in rules
        and not _is_scored(judged.drawn.scores(row), rules["min_layout_agreement"] != "None")
    ]
    problems = [f"{key} is accepted without all its scores" for key in named(lacking)]
    return answer(ASSET, "accepted_are_scored", problems, {"accepted": len(accepted)})


def _is_scored(scores: SceneScores, needs_layout: bool) -> bool:
    found = [score for item in scores.objects for score in (item.iou, item.mean_ood_score)]
    found += [scores.layout_agreement] if needs_layout else []
    return all(s is not None and isfinite(s) for s in found)


QUESTIONS: dict[str, Callable[[Judged, float], dg.AssetCheckResult]] = {
    "one_verdict_each": check_verdicts,
    "enough_accepted": check_acceptance,
    "accepted_are_scored": check_scores,
}

CHECK_SPECS = check_specs(ASSET, QUESTIONS)
"""Answered by the asset itself: a separate check would not know which partition to read."""


def answer_all(judged: Judged, min_acceptance: float) -> list[dg.AssetCheckResult]:
    """One answer to each question about the verdicts of a partition."""
    return [question(judged, min_acceptance) for question in QUESTIONS.values()]
