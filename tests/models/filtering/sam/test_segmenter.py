"""Masks in boxes, against the predictor that controlnet-aux brings."""

import math

import numpy as np
import pytest
import torch

from models.filtering import SamSegmenter, load_sam


def predictor_of(segmenter: SamSegmenter):
    from controlnet_aux.segment_anything.predictor import SamPredictor

    return SamPredictor(segmenter.sam)


def pictures(n_images: int, height: int, width: int) -> np.ndarray:
    rng = np.random.default_rng(height)
    coarse = rng.integers(0, 256, (n_images, height // 8, width // 8, 3), dtype=np.uint8)
    return coarse.repeat(8, 1).repeat(8, 2)


def random_boxes(n_boxes: int, height: int, width: int) -> list[tuple[float, ...]]:
    rng = np.random.default_rng(n_boxes)
    corners = np.sort(rng.random((n_boxes, 2, 2)) * [width - 1, height - 1], axis=1)
    return [tuple(map(float, box)) for box in corners.reshape(-1, 4)]


def assert_parity(segmenter, image, boxes):
    """Not one pixel and no bit of a predicted IoU differs."""
    found = segmenter.masks_in_boxes(image[None], [boxes])[0]
    predictor = predictor_of(segmenter)
    predictor.set_image(image)
    for mask, predicted_iou, box in zip(*found, boxes, strict=True):
        masks, ious, _ = predictor.predict(box=np.array([box]), multimask_output=False)
        assert np.array_equal(mask, masks[0])
        assert predicted_iou == ious[0]
    return found


@pytest.fixture(scope="module")
def miniature() -> SamSegmenter:
    return load_sam("sam_miniature", seed=3)


@pytest.mark.parametrize("size", [(128, 256), (96, 256), (256, 128), (64, 64), (200, 312)])
def test_the_miniature_answers_as_the_predictor(miniature, size):
    found = assert_parity(miniature, pictures(1, *size)[0], random_boxes(3, *size))
    assert found.masks.shape == (3, *size)
    assert found.masks.dtype == np.bool_
    assert found.predicted_ious.dtype == np.float32
    assert 0 < found.masks.mean() < 1


def test_mobile_sam_answers_as_the_predictor():
    segmenter = load_sam("mobile_sam", seed=3)
    found = assert_parity(segmenter, pictures(1, 128, 256)[0], random_boxes(2, 128, 256))
    assert found.masks.shape == (2, 128, 256)


@pytest.mark.slow
def test_vit_b_answers_as_the_predictor():
    segmenter = load_sam("sam_vit_b", seed=3)
    assert_parity(segmenter, pictures(1, 512, 1024)[0], random_boxes(1, 512, 1024))


def test_batches_change_no_more_than_rounding_does(miniature):
    images = pictures(3, 128, 256)
    boxes = [random_boxes(2, 128, 256), [], random_boxes(1, 128, 256)]
    together = miniature.masks_in_boxes(images, boxes)
    alone = [
        miniature.masks_in_boxes(image[None], [of_image])[0]
        for image, of_image in zip(images, boxes, strict=True)
    ]
    for one, other in zip(together, alone, strict=True):
        assert np.allclose(one.predicted_ious, other.predicted_ious, atol=1e-5)
        assert np.mean(one.masks != other.masks) < 1e-3 if one.masks.size else True


def test_a_mask_does_not_depend_on_the_other_boxes(miniature):
    image, boxes = pictures(1, 128, 256), random_boxes(4, 128, 256)
    together = miniature.masks_in_boxes(image, [boxes])[0]
    for k, box in enumerate(boxes):
        alone = miniature.masks_in_boxes(image, [[box]])[0]
        assert np.array_equal(alone.masks[0], together.masks[k])
        assert alone.predicted_ious[0] == together.predicted_ious[k]


def test_views_that_cannot_be_written_are_read(miniature):
    images, boxes = pictures(1, 64, 128), [random_boxes(1, 64, 128)]
    turned = images[..., ::-1]
    turned.flags.writeable = False
    one, other = (miniature.masks_in_boxes(i, boxes)[0] for i in (turned, turned.copy()))
    assert np.array_equal(one.masks, other.masks)


def test_images_without_boxes_get_no_masks(miniature):
    for boxes in ([[], []], []):
        images = pictures(2, 64, 128)[: len(boxes)]
        found = miniature.masks_in_boxes(images, boxes)
        assert [answer.masks.shape for answer in found] == [(0, 64, 128)] * len(boxes)
        assert all(answer.predicted_ious.shape == (0,) for answer in found)


def test_a_box_of_one_pixel_and_of_the_whole_image_are_boxes(miniature):
    boxes = [(5.0, 5.0, 5.0, 5.0), (0.0, 0.0, 128.0, 64.0)]
    found = miniature.masks_in_boxes(pictures(1, 64, 128), [boxes])[0]
    assert np.isfinite(found.predicted_ious).all()


@pytest.mark.parametrize(
    "box",
    [
        (5.0, 0.0, 4.0, 9.0),
        (0.0, 9.0, 4.0, 5.0),
        (-1.0, 0.0, 4.0, 9.0),
        (0.0, 0.0, 128.5, 9.0),
        (0.0, 0.0, 4.0, 65.0),
        (0.0, math.nan, 4.0, 9.0),
        (math.nan, math.nan, math.nan, math.nan),
    ],
)
def test_what_is_no_box_is_refused(miniature, box):
    with pytest.raises(ValueError, match=r"within an image of 64x128 \(height x width\), got \("):
        miniature.masks_in_boxes(pictures(1, 64, 128), [[box]])


def test_boxes_for_other_images_are_refused(miniature):
    with pytest.raises(ValueError, match="need boxes for 2 images, got them for 1"):
        miniature.masks_in_boxes(pictures(2, 64, 128), [[]])


def test_moving_and_converting_keep_what_attention_has_stored():
    segmenter = load_sam("mobile_sam", seed=0).double()
    kept = [module.ab for module in segmenter.modules() if hasattr(module, "ab")]
    assert kept
    assert all(tensor.dtype == torch.float64 for tensor in kept)
    assert not segmenter.training
