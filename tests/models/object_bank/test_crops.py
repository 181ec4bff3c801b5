import cv2
import numpy as np

from models.object_bank import appearance_hash, cut_crop


def test_a_crop_holds_the_object_and_nothing_else():
    image = np.arange(5 * 6 * 3, dtype=np.uint8).reshape(5, 6, 3) + 100
    mask = np.zeros((5, 6), bool)
    mask[1, 2] = mask[2, 3] = True
    crop = cut_crop(image, mask, (2, 1, 2, 2))
    assert crop.shape == (2, 2, 4)
    assert crop[:, :, 3].tolist() == [[255, 0], [0, 255]]
    assert crop[0, 0, :3].tolist() == image[1, 2].tolist()
    assert crop[0, 1].tolist() == [0, 0, 0, 0]


def smooth_crop(seed, side=96):
    rng = np.random.default_rng(seed)
    color = cv2.resize(rng.integers(0, 255, (5, 5, 3), np.uint8), (side, side))
    disc = np.zeros((side, side), np.uint8)
    cv2.circle(disc, (side // 2, side // 2), side // 3, 255, -1)
    return np.dstack([color * (disc[..., None] > 0), disc])


def test_hashes_tell_pictures_apart_and_survive_a_change_of_size():
    crops = [smooth_crop(seed) for seed in range(20)]
    hashes = [appearance_hash(crop) for crop in crops]
    assert len(set(hashes)) == 20
    smaller = [cv2.resize(crop, (48, 48), interpolation=cv2.INTER_AREA) for crop in crops]
    agree = sum(
        a[:16] == b[:16] for a, b in zip(hashes, map(appearance_hash, smaller), strict=True)
    )
    assert agree >= 12


def test_flat_objects_of_one_shape_differ_by_color():
    red, blue = (np.full((9, 9, 4), 255, np.uint8) for _ in range(2))
    red[..., 1:3] = 0
    blue[..., :2] = 0
    assert appearance_hash(red) != appearance_hash(blue)
