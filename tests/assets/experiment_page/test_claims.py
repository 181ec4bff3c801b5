"""Claims in words: what fails is told as plainly as what holds."""

from dataclasses import replace

import pytest

from assets.experiment_page.claims import (
    HOLDS,
    NOT_SHOWN,
    NOT_YET,
    WORSE,
    claim_words,
    p_words,
    summary_words,
    tone,
    verdict,
)


def of(rows, metric, **changes):
    found = next(claim for claim in rows.headline_claims if claim.metric == metric)
    return replace(found, **changes)


@pytest.mark.parametrize(
    ("metric", "difference", "p_holm", "holds", "told"),
    [
        ("ap", 0.1, 0.01, True, HOLDS),
        ("ap", 0.1, 0.01, False, NOT_YET),
        ("ap", -0.1, 0.01, False, WORSE),
        ("ap", 0.1, 0.06, False, NOT_SHOWN),
        ("ap", 0.0, 0.0, False, NOT_SHOWN),
        ("fpr95", -0.1, 0.01, True, HOLDS),
        ("fpr95", -0.1, 0.01, False, NOT_YET),
        ("fpr95", 0.1, 0.01, False, WORSE),
        ("fpr95", -0.1, 0.5, False, NOT_SHOWN),
    ],
)
def test_a_claim_is_told_by_its_sign_and_its_p_value(tiny, metric, difference, p_holm, holds, told):
    claim = of(tiny, metric, difference=difference, p_holm=p_holm, holds=holds)
    assert verdict(claim) == told
    assert tone(claim) == {HOLDS: "good", WORSE: "bad"}.get(told, "open")


def test_a_claim_in_words_has_all_its_numbers(tiny):
    claim = of(
        tiny,
        "fpr95",
        mean_arm=0.0512,
        mean_against=0.2,
        difference=-0.1488,
        low=-0.2,
        high=-0.0031,
        level=0.99,
        p_holm=0.0123,
        holds=True,
        n_pairs=9,
    )
    assert claim_words(claim, n_seeds=9) == (
        "Holds. full against baseline, FPR95 ↓: 5.1 % against 20.0 %, −14.9 points, "
        "[−20.0, −0.31] at 99 %, adjusted p 0.012, 9 seeds."
    )
    assert claim_words(claim, n_seeds=10).endswith("9 of the 10 seeds that were planned.")


def test_the_summary_counts_and_names_what_fails(tiny):
    worse = of(tiny, "ap", difference=-0.1, p_holm=0.01, holds=False)
    open_ = of(tiny, "fpr95", p_holm=0.7, holds=False)
    early = of(tiny, "mean_iou", difference=0.1, p_holm=0.01, holds=False)
    rows = replace(tiny, claims=(worse, open_, early))
    assert summary_words(rows) == (
        "0 of 6 headline claims hold. Worse: AP against baseline. No difference shown: FPR95 "
        "against baseline. Not told yet: mIoU against baseline."
    )
    assert summary_words(replace(tiny, claims=())) == (
        "None of the 6 headline claims of the plan can be told yet."
    )


def test_small_p_values_are_not_written_as_nothing():
    assert [p_words(value) for value in (0.0, 0.00005, 0.0234, 1.0)] == [
        "< 0.0001",
        "< 0.0001",
        "0.023",
        "1",
    ]
