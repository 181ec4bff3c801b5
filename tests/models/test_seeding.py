import numpy as np
import pytest

from models.seeding import derive_seed


def test_a_seed_is_a_pure_function_of_its_parts():
    assert derive_seed("round-1", "aachen", 3) == derive_seed("round-1", "aachen", 3)
    assert derive_seed("a", 1) == 1921628847334144403, "seeds of released data sets must not move"


def test_parts_keep_type_order_and_borders():
    seeds = [
        derive_seed(*parts)
        for parts in [("a", 1), ("a", "1"), ("a1",), (1, "a"), ("a", 1, ""), ("", "a", 1)]
    ]
    assert len(set(seeds)) == len(seeds)


def test_seeds_fill_the_range():
    seeds = [derive_seed("x", number) for number in range(2000)]
    assert len(set(seeds)) == 2000
    assert min(seeds) < 2**57 < 2**62 < max(seeds) < 2**63


def test_no_part_is_refused():
    with pytest.raises(ValueError, match="one or more texts"):
        derive_seed()


def test_borders_hold_against_what_a_part_may_contain():
    assert derive_seed("a\x1fstr:b") != derive_seed("a", "b")
    assert derive_seed("1:5:str:a") != derive_seed("1", "5:str:a")


@pytest.mark.parametrize("part", [1.0, True, None, np.int64(3)])
def test_other_types_are_refused(part):
    with pytest.raises(Exception, match=r"texts and integers|Type-check"):
        derive_seed("a", part)
