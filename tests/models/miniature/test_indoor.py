"""Rooms: every kind stands in them, some hidden or cut, and regions tile the picture."""

import numpy as np
import pytest

from models.miniature import HEIGHT, OBJECT_KINDS, WIDTH, IndoorSpec, render_indoor

KINDS = tuple(kind.name for kind in OBJECT_KINDS)
REGIONS = {"wall", "floor", "ceiling", "rug", "painting"}


def random_rooms(n_rooms: int) -> list[IndoorSpec]:
    rng = np.random.default_rng(0)
    return [
        IndoorSpec(
            seed,
            tuple(str(kind) for kind in rng.choice(KINDS, int(rng.integers(2, 6)), replace=False)),
        )
        for seed in range(n_rooms)
    ]


def test_same_spec_gives_the_same_bytes() -> None:
    spec = IndoorSpec(4, ("sofa", "vase"))
    a, b = render_indoor(spec), render_indoor(spec)
    assert a.image.tobytes() == b.image.tobytes()
    assert a.objects[1].mask.tobytes() == b.objects[1].mask.tobytes()


@pytest.mark.parametrize("spec", random_rooms(6), ids=lambda spec: str(spec.seed))
def test_regions_and_objects_tile_the_picture(spec: IndoorSpec) -> None:
    room = render_indoor(spec)
    count = np.zeros((HEIGHT, WIDTH), dtype=int)
    for mask in [mask for _, mask in room.regions] + [placed.mask for placed in room.objects]:
        count += mask
    assert (count == 1).all()
    assert {name for name, _ in room.regions} <= REGIONS


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_stands_in_a_room(kind: str) -> None:
    (placed,) = render_indoor(IndoorSpec(12, (kind,))).objects
    rows, columns = np.nonzero(placed.mask)
    assert placed.mask.sum() >= 150
    assert 18 <= max(np.ptp(rows), np.ptp(columns)) <= 125


def test_some_objects_are_occluded_some_cropped_most_whole() -> None:
    placed = [item for spec in random_rooms(40) for item in render_indoor(spec).objects]
    occluded = np.mean([item.is_occluded for item in placed])
    cropped = np.mean([item.is_cropped for item in placed])
    assert 0.05 < occluded < 0.5
    assert 0.05 < cropped < 0.5
    assert np.percentile([item.mask.sum() for item in placed], 5) > 60


def test_many_kinds_have_parts() -> None:
    with_parts = {
        kind for kind in KINDS if len(render_indoor(IndoorSpec(3, (kind,))).objects[0].parts) >= 2
    }
    assert len(with_parts) >= 8
