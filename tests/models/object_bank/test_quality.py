from dataclasses import replace

import pytest

from models.object_bank import ObjectGeometry, QualityRules, Reason, judge_object

RULES = QualityRules(
    min_side_px=10.0,
    min_area_px=100.0,
    max_border_frac=0.1,
    min_solidity=0.4,
    min_main_part_frac=0.9,
    rejects_occluded=True,
)
GOOD = ObjectGeometry(
    box=(5, 5, 20, 20), area_px=300, border_frac=0.0, solidity=0.8, main_part_frac=1.0
)


@pytest.mark.parametrize(
    ("changes", "statements", "reason"),
    [
        ({}, {}, None),
        ({}, {"is_crowd": True}, Reason.CROWD),
        ({"box": (0, 0, 9, 50)}, {}, Reason.TOO_SMALL),
        ({"area_px": 99}, {}, Reason.TOO_SMALL),
        ({"border_frac": 0.2}, {}, Reason.TRUNCATED),
        ({}, {"is_cropped": True}, Reason.TRUNCATED),
        ({"solidity": 0.3}, {}, Reason.FRAGMENTED),
        ({"main_part_frac": 0.5}, {}, Reason.FRAGMENTED),
        ({}, {"is_occluded": True}, Reason.OCCLUDED),
        ({"border_frac": float("nan")}, {}, Reason.TRUNCATED),
        ({"solidity": float("nan")}, {}, Reason.FRAGMENTED),
        ({"box": (5, 5, 10, 10), "area_px": 100}, {}, None),
    ],
)
def test_each_rule_rejects_with_its_name(changes, statements, reason):
    assert judge_object(replace(GOOD, **changes), RULES, **statements) == reason


def test_occlusion_can_be_allowed():
    tolerant = replace(RULES, rejects_occluded=False)
    assert judge_object(GOOD, tolerant, is_occluded=True) is None
