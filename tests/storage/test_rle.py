import numpy as np
import pytest

from storage.rle import decode_mask, encode_box_mask, encode_mask, mask_area


def test_box_masks_give_the_bytes_of_the_full_mask():
    random = np.random.default_rng(0)
    for _ in range(500):
        height, width = random.integers(1, 7, 2).tolist()
        mask = random.random((height, width)) < random.random()
        top, left, below, right = random.integers(0, 3, 4).tolist()
        full = np.pad(mask, ((top, below), (left, right)))

        rle = encode_box_mask(mask, left_px=left, top_px=top, image_size=full.shape)

        assert rle == encode_mask(full)
        found = decode_mask(rle, height_px=full.shape[0], width_px=full.shape[1])
        assert np.array_equal(found, full)
        assert mask_area(rle, height_px=full.shape[0], width_px=full.shape[1]) == full.sum()


@pytest.mark.parametrize(("left", "top"), [(-1, 0), (0, -1), (3, 0), (0, 3)])
def test_a_box_outside_the_image_is_refused(left, top):
    with pytest.raises(ValueError, match="inside the image"):
        encode_box_mask(np.ones((2, 2), bool), left_px=left, top_px=top, image_size=(4, 4))


def test_large_masks_come_back():
    random = np.random.default_rng(0)
    mask = np.kron(random.random((30, 40)) < 0.3, np.ones((37, 29), bool)).astype(bool)
    assert np.array_equal(decode_mask(encode_mask(mask), height_px=1110, width_px=1160), mask)


@pytest.mark.parametrize(
    "counts",
    [encode_mask(np.ones((9, 9), bool)), b"", b"12", b"P", b"\x00", b"PPPPPPPPPPPP1", b"O"],
)
def test_bytes_that_do_not_fill_the_image_are_refused(counts):
    with pytest.raises(ValueError, match="3x3"):
        decode_mask(counts, height_px=3, width_px=3)
