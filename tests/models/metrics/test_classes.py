import numpy as np
import pytest
from sklearn.metrics import jaccard_score

from models.metrics import class_iou, confusion_matrix, mean_iou


def test_confusion_by_hand():
    label = np.array([[0, 0, 1], [18, 255, 254]])
    predicted = np.array([[0, 1, 1], [0, 3, 4]])
    counts = confusion_matrix(label, predicted)
    assert counts.sum() == 4
    assert (counts[0, 0], counts[0, 1], counts[1, 1], counts[18, 0]) == (1, 1, 1, 1)


def test_iou_is_that_of_scikit_learn():
    rng = np.random.default_rng(0)
    for _ in range(20):
        label, predicted = rng.integers(0, 19, (2, 400))
        iou = class_iou(confusion_matrix(label, predicted))
        expected = jaccard_score(label, predicted, labels=range(19), average=None)
        np.testing.assert_allclose(iou, expected)


def test_absent_classes_are_nan_and_do_not_count():
    label, predicted = np.array([0, 0, 1, 1]), np.array([0, 0, 1, 2])
    counts = confusion_matrix(label, predicted)
    iou = class_iou(counts)
    assert iou[:3].tolist() == [1.0, 0.5, 0.0]
    assert np.isnan(iou[3:]).all()
    assert mean_iou(counts) == 0.75  # class 2 is only predicted: it cost class 1 already


def test_without_labels_or_with_a_prediction_outside_there_is_an_error():
    with pytest.raises(ValueError, match="known class, got none"):
        mean_iou(confusion_matrix(np.array([255]), np.array([0])))
    for wrong in (19, -1):
        with pytest.raises(ValueError, match=f"from 0 to 18, got {wrong}"):
            confusion_matrix(np.array([0, 0]), np.array([1, wrong]))
    assert confusion_matrix(np.array([255]), np.array([77])).sum() == 0
