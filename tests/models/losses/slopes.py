"""Gradients beside finite differences."""

import torch


def assert_slopes_are_differences(loss, point, step=1e-6):
    """Every slope of a scalar function, in float64, beside its central difference."""
    place = point.detach().double().requires_grad_()
    (slope,) = torch.autograd.grad(loss(place), place)
    differences = torch.empty_like(slope)
    for index in range(place.numel()):
        values = []
        for sign in (1, -1):
            moved = place.detach().clone()
            moved.view(-1)[index] += sign * step
            values.append(float(loss(moved)))
        differences.view(-1)[index] = (values[0] - values[1]) / (2 * step)
    torch.testing.assert_close(slope, differences, rtol=1e-4, atol=1e-6)
    assert slope.any(), "a loss without slopes shows nothing"
