import torch

from models.losses.mask2former import training_ood_score
from models.segmentation.mask2former import mask2former_miniature


def test_score_by_hand(predict):
    prediction = predict()
    score = training_ood_score(prediction, stride=4, size=(30, 45))
    assert score.shape == (2, 30, 45)
    named = prediction.ood_class_logits.softmax(-1)[0, :, :19]
    for row, column in ((0, 0), (3, 5)):
        masks = prediction.mask_logits[0, :, row, column].sigmoid()
        expected = -max((named[:, name] * masks).sum() for name in range(19))
        corner = training_ood_score(prediction, stride=1, size=(8, 12))[0, row, column]
        torch.testing.assert_close(corner, expected)
    torch.testing.assert_close(
        score[0, 0, 0], training_ood_score(prediction, stride=1, size=(1, 1))[0, 0, 0]
    )


def test_score_is_near_that_of_inference():
    torch.manual_seed(0)
    network = mask2former_miniature().eval()
    images = torch.randn(1, 3, 60, 90)
    with torch.no_grad():
        own = training_ood_score(
            network.predict(images), stride=network.config.mask_stride, size=(60, 90)
        )
        expected = network(images).ood_score - 1
    assert own.shape == expected.shape
    assert (own - expected).abs().max() < 0.05 * expected.abs().max()


def test_score_in_float32_and_its_gradient(predict):
    prediction = predict()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        score = training_ood_score(prediction, stride=4, size=(32, 48))
    assert score.dtype == torch.float32
    score.sum().backward()
    assert prediction.ood_class_logits.grad.any()
    assert prediction.mask_logits.grad.any()
    assert prediction.class_logits.grad is None
