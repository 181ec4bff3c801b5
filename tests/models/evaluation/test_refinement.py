"""Object-level refinement: worked by hand, and for a SAM that answers as it is told."""

from pathlib import Path

import numpy as np
import pytest

from models.evaluation.refinement import (
    Refinement,
    Region,
    hot_regions,
    refine_score,
    standing_masks,
)
from models.evaluation.sam_refiner import load_refiner, masks_by
from models.filtering import load_sam
from models.metrics import ComponentMetrics, ComponentSizes, PixelMetrics

SIZE = (20, 30)
PHOTO = np.zeros((*SIZE, 3), np.uint8)
SETTINGS = Refinement(levels=(0.1, 0.02), cap=0.1)


def rectangle(y0, y1, x0, x1):
    mask = np.zeros(SIZE, bool)
    mask[y0:y1, x0:x1] = True
    return mask


OBJECT = rectangle(5, 11, 8, 15)


def finds(*objects):
    """A SAM that knows some objects: of those in a box it gives the one with most pixels there."""

    def find_masks(photograph, boxes):
        assert photograph.shape == (*SIZE, 3)
        masks = np.zeros((len(boxes), *SIZE), bool)
        for number, box in enumerate(boxes):
            x0, y0, x1, y1 = map(int, box)
            inside = [known[y0 : y1 + 1, x0 : x1 + 1].sum() for known in objects]
            if max(inside, default=0):
                masks[number] = objects[int(np.argmax(inside))]
        return masks

    return find_masks


@pytest.fixture
def frayed():
    """An object whose outline is frayed, and flecks on the ground."""
    rng = np.random.default_rng(0)
    score = rng.uniform(0, 1, SIZE).astype(np.float32)
    score[OBJECT] += rng.uniform(0, 2, OBJECT.sum()).astype(np.float32)
    return score


def test_an_object_takes_the_median_of_its_pixels_and_the_rest_is_capped(frayed):
    refined = refine_score(frayed, PHOTO, finds(OBJECT), SETTINGS)
    inside = np.sort(frayed[OBJECT])
    assert np.all(refined[OBJECT] == inside[len(inside) // 2])
    cap = np.sort(frayed, axis=None)[-60]  # a tenth of 600
    assert np.array_equal(refined[~OBJECT], np.minimum(frayed, cap)[~OBJECT])
    assert refined.dtype == np.float32


def test_the_components_of_whole_objects_are_found(frayed):
    label = OBJECT.astype(np.uint8)
    found = []
    for score in (frayed, refine_score(frayed, PHOTO, finds(OBJECT), SETTINGS)):
        pixels = PixelMetrics()
        pixels.update(score, label)
        components = ComponentMetrics(ComponentSizes(predicted_px=1, truth_px=1))
        components.update(score >= pixels.compute().best_f1_threshold, label)
        found.append((pixels.compute().ap, components.compute().f1_star))
    (raw_ap, raw_f1), (ap, f1) = found
    assert (ap, f1) == pytest.approx((1, 1))
    assert raw_ap < 0.95
    assert raw_f1 < 0.95


@pytest.mark.parametrize(
    "change", [np.exp, lambda s: s**3, lambda s: 40 * s - 7], ids=("exponential", "cube", "line")
)
def test_only_the_order_of_scores_matters(frayed, change):
    changed = refine_score(change(frayed).astype(np.float32), PHOTO, finds(OBJECT), SETTINGS)
    refined = refine_score(frayed, PHOTO, finds(OBJECT), SETTINGS)
    assert np.array_equal(changed, change(refined).astype(np.float32))


def test_a_sam_that_finds_nothing_only_caps(frayed):
    refined = refine_score(frayed, PHOTO, finds(), SETTINGS)
    assert np.array_equal(refined, np.minimum(frayed, np.sort(frayed, axis=None)[-60]))


def test_a_mask_that_is_not_what_was_hot_does_not_stand(frayed):
    everything = np.ones(SIZE, bool)
    refined = refine_score(frayed, PHOTO, finds(everything), SETTINGS)
    assert np.array_equal(refined, refine_score(frayed, PHOTO, finds(), SETTINGS))


def test_two_objects_keep_their_own_scores():
    other = rectangle(14, 18, 20, 26)
    score = np.zeros(SIZE, np.float32)
    score[OBJECT], score[other] = 5, 3
    refined = refine_score(score, PHOTO, finds(OBJECT, other), SETTINGS)
    assert set(np.unique(refined)) == {0, 3, 5}
    assert np.array_equal(refined == 3, other)


def test_a_constant_map_stays_as_it_is():
    score = np.full(SIZE, -2, np.float32)
    assert np.array_equal(refine_score(score, PHOTO, finds(OBJECT), SETTINGS), score)


def test_the_map_that_is_given_is_not_changed(frayed):
    before = frayed.copy()
    refine_score(frayed, PHOTO, finds(OBJECT), SETTINGS)
    assert np.array_equal(frayed, before)


def test_regions_are_those_of_every_level():
    score = np.zeros(SIZE, np.float32)
    score[2:5, 3:8] = 1  # 15 pixels
    score[3, 4] = score[4, 5] = 2  # which touch by a corner
    score[15, 20] = 2
    settings = Refinement(levels=(18 / 600 - 2 / 600, 3 / 600), cap=0.1, min_region=2 / 600)
    found = {region.box: region for region in hot_regions(score, settings)}
    assert set(found) == {(3, 2, 7, 4), (4, 3, 5, 4)}
    assert found[4, 3, 5, 4].mask.tolist() == [[True, False], [False, True]]
    assert found[3, 2, 7, 4].mask.all()
    assert [region.peak for region in found.values()] == [2, 2]


def test_the_hottest_regions_are_asked_for():
    score = np.zeros(SIZE, np.float32)
    for number in range(10):
        score[2, 3 * number] = number + 1
    regions = hot_regions(score, Refinement(levels=(10 / 600,), max_boxes=3))
    assert [region.peak for region in regions] == [10, 9, 8]


def region_of(mask):
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    y0, y1, x0, x1 = rows[0], rows[-1], columns[0], columns[-1]
    box = tuple(map(float, (x0, y0, x1, y1)))
    return Region(box=box, mask=mask[y0 : y1 + 1, x0 : x1 + 1], peak=1.0)


def test_of_masks_of_one_object_the_one_that_agrees_best_stands():
    part, whole = rectangle(5, 11, 8, 12), OBJECT
    regions = [region_of(part), region_of(rectangle(5, 11, 8, 14))]
    standing = standing_masks(regions, np.stack([whole, whole]))
    assert len(standing) == 1
    best = standing_masks(
        [region_of(rectangle(5, 11, 8, 14)), region_of(part)], np.stack([whole, part])
    )
    assert [mask.sum() for mask in best] == [part.sum()]


def test_agreement_is_iou_with_the_region():
    mask = rectangle(0, 10, 0, 10)
    for height, stands in ((3, True), (2, False)):
        region = region_of(rectangle(0, height, 0, 10))
        assert bool(standing_masks([region], mask[None])) is stands
    assert not standing_masks([region_of(mask)], np.zeros((1, *SIZE), bool))


@pytest.mark.parametrize(
    "wrong",
    [
        {"levels": ()},
        {"levels": (0.1, 0.1)},
        {"levels": (0.1, 0.2)},
        {"levels": (1.0, 0.2)},
        {"cap": 0.0},
        {"min_agreement": 0.0},
        {"max_boxes": 0},
    ],
)
def test_settings_with_which_nothing_stands_are_refused(wrong):
    with pytest.raises(ValueError, match="need "):
        Refinement(**wrong)


def test_bad_scores_and_masks_are_refused(frayed):
    with pytest.raises(ValueError, match="masks of"):
        refine_score(frayed, PHOTO, lambda photo, boxes: np.zeros((1, 2, 2), bool), SETTINGS)
    frayed[0, 0] = np.nan
    with pytest.raises(ValueError, match="need finite scores"):
        refine_score(frayed, PHOTO, finds(OBJECT), SETTINGS)


def test_sam_is_asked_with_boxes_of_the_photograph(frayed):
    refined = refine_score(frayed, PHOTO, masks_by(load_sam("sam_miniature", seed=1)), SETTINGS)
    assert refined.shape == SIZE
    assert np.isfinite(refined).all()


def test_a_sam_is_loaded_once(tmp_path):
    from safetensors.torch import save_file

    file = tmp_path / "sam.safetensors"
    save_file(load_sam("sam_miniature", seed=1).sam.state_dict(), file)
    find_masks = load_refiner(file)
    assert load_refiner(Path(file)) is find_masks
    assert find_masks(PHOTO, []).shape == (0, *SIZE)
    assert find_masks(PHOTO, [(8.0, 5.0, 14.0, 10.0)]).shape == (1, *SIZE)
