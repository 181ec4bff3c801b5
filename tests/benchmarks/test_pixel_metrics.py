"""The benchmark of pixel metrics judges by its bars, and measures what it says."""

import pytest

from benchmarks.pixel_metrics import compare, grow_alone, images, is_met


def numbers(**changes):
    steps = [{"pixels": n, "cpu_s": n * 1e-7, "peak_mib": 700.0} for n in (250, 500, 1000)]
    found = {"disagreement": 1e-15, "ratio": 50.0, "alone": {"extra_mib": 300.0}, "growth": steps}
    return {**found, **changes}


def test_every_bar_counts():
    assert is_met(numbers())
    assert is_met(numbers(growth=[]))
    assert not is_met(numbers(ratio=29.0))
    assert not is_met(numbers(disagreement=1e-8))
    assert not is_met(numbers(alone={"extra_mib": 600.0}))
    steep = [{"pixels": n, "cpu_s": n * n * 1e-9, "peak_mib": 1.0} for n in (250, 500, 1000)]
    assert not is_met(numbers(growth=steep))
    large = [{"pixels": 1000, "cpu_s": 1.0, "peak_mib": 1100.0}]
    assert not is_met(numbers(growth=large))


def test_images_hold_three_percent_of_ood_pixels():
    drawn = list(images(4_000_000))
    assert [label.mean() for _, label in drawn] == [pytest.approx(0.03)] * 2


def test_both_ways_agree_on_one_image():
    assert compare(2_000_000, 1)["disagreement"] < 1e-12


def test_memory_is_measured_in_a_process_of_its_own(tmp_path):
    found = grow_alone(2_000_000, tmp_path)
    assert 0 < found["extra_mib"] < 200
    assert found["pixels"] == 2_000_000
