import numpy as np
import pytest

from storage.datasets.ade20k_decode import (
    decode_segmentation,
    encode_segmentation,
    instance_byte,
)


def decode_by_definition(rgb):
    """Sorted (class index, B) -> mask, one comparison per code."""
    class_index = rgb[..., 0].astype(int) // 10 * 256 + rgb[..., 1]
    blue = rgb[..., 2].astype(int)
    codes = sorted({(c, b) for c, b in zip(class_index.flat, blue.flat, strict=True) if c > 0})
    return {(c, b): (class_index == c) & (blue == b) for c, b in codes}


@pytest.mark.parametrize("seed", range(30))
def test_instances_equal_the_definition(seed):
    random = np.random.default_rng(seed)
    height, width = random.integers(1, 12, 2).tolist()
    palette = random.integers(0, 256, (6, 3), dtype=np.uint8)
    palette[0] = 0
    palette[1] = (7, 0, 33)  # class 0: background, whatever the instance channel says
    rgb = palette[random.integers(0, 6, (height, width))]
    expected = decode_by_definition(rgb)

    found = decode_segmentation(rgb)

    codes = list(zip(found.class_index.tolist(), found.instance_byte.tolist(), strict=True))
    assert codes == list(expected)
    assert np.array_equal(
        found.ids == 0, ~np.any([np.zeros((height, width), bool), *expected.values()], axis=0)
    )
    for k, mask in enumerate(expected.values(), start=1):
        x, y, box_width, box_height = found.box_px[k - 1]
        assert np.array_equal(found.ids == k, mask)
        assert found.area_px[k - 1] == mask.sum()
        assert np.array_equal(found.mask(k), mask[y : y + box_height, x : x + box_width])
        assert found.mask(k).any(axis=0)[[0, -1]].all()
        assert found.mask(k).any(axis=1)[[0, -1]].all()


def test_red_between_tens_belongs_to_the_ten_below():
    rgb = np.array([[[120, 5, 1], [129, 5, 1]]], np.uint8)
    assert decode_segmentation(rgb).class_index.tolist() == [12 * 256 + 5]


def test_encoding_is_the_inverse_over_the_whole_class_list():
    class_index = np.arange(26 * 256, dtype=np.int32).reshape(26, 256)
    found = decode_segmentation(encode_segmentation(class_index, np.ones((26, 256), np.uint8)))
    assert np.array_equal(np.append(0, found.class_index)[found.ids], class_index)


def test_instance_bytes_are_those_of_the_release():
    # read off the sample images: 51, 34, 24 and 8 objects
    assert [instance_byte(n, 51) for n in (1, 2, 51)] == [5, 10, 255]
    assert [instance_byte(n, 34) for n in (1, 2, 3, 17)] == [8, 15, 23, 128]
    assert [instance_byte(n, 24) for n in (1, 2, 3, 12)] == [11, 21, 32, 128]
    assert [instance_byte(n, 8) for n in range(1, 9)] == [32, 64, 96, 128, 159, 191, 223, 255]


@pytest.mark.parametrize("k", [0, 2, -1])
def test_a_mask_of_no_instance_is_refused(k):
    found = decode_segmentation(np.full((2, 2, 3), 10, np.uint8))
    with pytest.raises(IndexError, match="from 1 to 1"):
        found.mask(k)


def test_bad_sizes_and_classes_are_refused():
    with pytest.raises(ValueError, match="with pixels"):
        decode_segmentation(np.zeros((0, 4, 3), np.uint8))
    with pytest.raises(ValueError, match="0 to 6655"):
        encode_segmentation(np.array([[6656]], np.int32), np.zeros((1, 1), np.uint8))
