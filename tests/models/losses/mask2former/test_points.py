import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, grid_sample

from models.losses.mask2former import CLEAN_POINTS, UNCERTAIN_POINTS, UNIFORM_POINTS, PointRule
from models.losses.mask2former.frame import TargetFrame, target_frame
from models.losses.mask2former.points import choose_points

ROWS = torch.tensor([[0, 0, 1], [4, 2, 0], [0, 3, 3]])


@pytest.fixture
def frame(draw_target):
    return target_frame(draw_target(), (32, 48), ())


@pytest.fixture
def masks():
    return torch.randn(3, 8, 12, generator=torch.Generator().manual_seed(5))


@pytest.fixture
def drawn(monkeypatch):
    """Every set of points that was drawn, in order."""
    sets, draw = [], TargetFrame.draw_points

    def note(*given):
        sets.append(draw(*given))
        return sets[-1]

    monkeypatch.setattr(TargetFrame, "draw_points", note)
    return sets


def as_set(points):
    return {tuple(point.tolist()) for point in points}


def value(plane, point):
    return grid_sample(plane[None, None], 2 * point[None, None, None] - 1, align_corners=False)


def test_uniform_points_are_those_drawn(masks, frame, drawn, generator):
    points = choose_points(masks, frame, ROWS, UNIFORM_POINTS, n_points=50, generator=generator)
    assert len(drawn) == 1
    assert torch.equal(points, drawn[0])


def test_uncertain_points_by_brute_force(masks, frame, drawn, generator):
    points = choose_points(masks, frame, ROWS, UNCERTAIN_POINTS, n_points=20, generator=generator)
    assert [each.shape[1] for each in drawn] == [60, 5]
    for row in range(3):
        distance = [value(masks[row], point).abs().item() for point in drawn[0][row]]
        nearest = sorted(range(60), key=distance.__getitem__)[:15]
        assert as_set(points[row, :15]) == as_set(drawn[0][row][nearest])
    assert torch.equal(points[:, 15:], drawn[1])


@pytest.mark.parametrize("filling", ["rest", "fresh"])
def test_clean_points_by_brute_force(masks, frame, drawn, generator, draw_target, filling):
    rule = PointRule(oversampling=1.5, ranked_frac=0.8, ranking="easy", filling=filling)
    points = choose_points(masks, frame, ROWS, rule, n_points=20, generator=generator)
    target = draw_target()
    for row, (image, _, name) in enumerate(ROWS.T.tolist()):
        plane = (target[image] == name).float()
        losses = [
            binary_cross_entropy_with_logits(value(masks[row], point), value(plane, point)).item()
            for point in drawn[0][row]
        ]
        order = sorted(range(30), key=losses.__getitem__)
        assert as_set(points[row, :16]) == as_set(drawn[0][row][order[:16]])
        rest, filled = as_set(drawn[0][row][order[16:]]), as_set(points[row, 16:])
        assert len(filled) == 4
        assert filled <= rest if filling == "rest" else not filled & rest
    assert len(drawn) == (1 if filling == "rest" else 2)


def test_published_counts(masks, frame, drawn, generator):
    for rule in (CLEAN_POINTS, UNCERTAIN_POINTS):
        points = choose_points(masks, frame, ROWS, rule, n_points=12_544, generator=generator)
        assert points.shape == (3, 12_544, 2)
    assert [each.shape[1] for each in drawn] == [15_680, 37_632, 3136]
    assert int(12_544 * CLEAN_POINTS.ranked_frac) == 11_916


def test_points_have_no_gradient(masks, frame, generator):
    masks.requires_grad_()
    points = choose_points(masks, frame, ROWS, CLEAN_POINTS, n_points=20, generator=generator)
    assert not points.requires_grad
