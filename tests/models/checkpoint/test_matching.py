"""What differs between needed and found tensors, in short words."""

import pytest

from models.checkpoint.matching import (
    Mismatch,
    compare,
    describe,
    grouped,
    has_prefix,
    likeness,
)

NEEDED = {
    "stem.weight": (4, 3),
    "norm.weight": (4,),
    "norm.num_batches_tracked": (),
    "final.weight": (19, 4),
    "final2.weight": (19, 4),
}


def mismatch(found, expected=(), ignored=()):
    return compare(NEEDED, found, expected=expected, ignored=ignored)


@pytest.mark.parametrize(
    ("key", "prefix", "expected"),
    [
        ("final.6.weight", "final", True),
        ("final.6.weight", "final.6.weight", True),
        ("final2.weight", "final", False),
        ("final", "final.6", False),
        ("final", "", False),
    ],
)
def test_prefixes_end_at_dots(key, prefix, expected):
    assert has_prefix(key, (prefix,)) is expected


def test_equal_tensors_are_no_mismatch():
    assert not mismatch(dict(NEEDED))


def test_batch_counters_may_be_missing_or_too_many():
    found = {key: shape for key, shape in NEEDED.items() if not key.endswith("tracked")}
    assert not mismatch({**found, "norm9.num_batches_tracked": ()})


def test_each_kind_of_difference_is_told():
    found = {"stem.weight": (4, 5), "norm.weight": (4,), "final.weight": (19, 4), "extra": (1,)}
    assert mismatch(found) == Mismatch(
        missing=("final2.weight",), unexpected=("extra",), misshapen=("stem.weight",)
    )
    assert mismatch(found, expected=("final2", "extra")) == Mismatch(
        missing=(), unexpected=(), misshapen=("stem.weight",)
    )
    assert mismatch(found, ignored={"extra"}).unexpected == ()


def test_an_expected_prefix_excuses_no_wrong_shape():
    found = {**NEEDED, "stem.weight": (4, 5)}
    assert mismatch(found, expected=("stem",)).misshapen == ("stem.weight",)


def test_differences_are_one_phrase():
    found = {"stem.weight": (4, 5), "norm.weight": (), "final.weight": (19, 4), "extra": (1,)}
    assert describe(mismatch(found), NEEDED, found) == (
        "1 missing (final2.weight), 1 unexpected (extra), "
        "2 of another shape (stem.weight 4x5 for 4x3, norm.weight scalar for 4)"
    )


def test_many_wrong_shapes_are_cut():
    found = {f"l{i}": (1,) for i in range(9)}
    differing = Mismatch(missing=(), unexpected=(), misshapen=tuple(found))
    phrase = describe(differing, dict.fromkeys(found, (2,)), found)
    assert phrase.startswith("9 of another shape (l0 1 for 2, ")
    assert phrase.endswith("l3 1 for 2, ...)")


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        (["a.b.c"], "a.b.c"),
        (["a.b.c", "a.b.d", "e"], "a.b.c, a.b.d, e"),
        ([f"a.b.{i}" for i in range(9)], "a.b.* 9"),
        (
            [*(f"a.{i}.w" for i in range(300)), *(f"b.{i}.w" for i in range(300))],
            "a.* 300, b.* 300",
        ),
        ([*(f"a.x.{i}" for i in range(6)), "a.y.w", "b"], "a.x.* 6, a.y.w, b"),
        ([f"m{i}.w" for i in range(9)], "m0.w, m1.w, m2.w, m3.w, ..."),
        ([f"w{i}" for i in range(9)], "w0, w1, w2, w3, ..."),
    ],
)
def test_hundreds_of_keys_become_a_few_groups(keys, expected):
    assert grouped(keys) == expected


def test_likeness_is_the_share_in_common():
    assert likeness(NEEDED, dict(NEEDED)) == 1
    assert likeness(NEEDED, {"other": (1,)}) == 0
    assert likeness({"a": (1,), "b": (2,)}, {"a": (1,), "b": (3,), "c": (4,)}) == pytest.approx(
        1 / 3
    )
