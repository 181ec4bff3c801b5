import numpy as np
import pytest
from sklearn.metrics import accuracy_score, balanced_accuracy_score, jaccard_score

from models.metrics import class_scores, confusion_matrix, scores_by_domain


def test_numbers_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    for _ in range(20):
        label = rng.integers(0, 19, 900)
        predicted = np.where(rng.random(900) < 0.6, label, rng.integers(0, 19, 900))
        scores = class_scores(confusion_matrix(label, predicted))
        assert scores.pixel_accuracy == pytest.approx(accuracy_score(label, predicted))
        assert scores.mean_class_accuracy == pytest.approx(
            balanced_accuracy_score(label, predicted)
        )
        iou = jaccard_score(label, predicted, labels=range(19), average=None)
        assert scores.class_iou == pytest.approx(tuple(iou))
        assert scores.mean_iou == pytest.approx(iou.mean())
        assert (scores.n_pixels, scores.n_classes) == (900, 19)


def test_absent_classes_count_in_no_mean():
    label, predicted = np.array([0, 0, 0, 1, 255]), np.array([0, 0, 2, 1, 5])
    scores = class_scores(confusion_matrix(label, predicted))
    assert scores.class_iou[:4] == (pytest.approx(2 / 3), 1.0, 0.0, None)
    assert scores.class_accuracy[:4] == (pytest.approx(2 / 3), 1.0, None, None)
    assert scores.mean_iou == scores.mean_class_accuracy == pytest.approx(5 / 6)
    assert scores.pixel_accuracy == 0.75
    assert (scores.n_pixels, scores.n_classes) == (4, 2)


def test_domains_and_all_of_them_together():
    fog = confusion_matrix(np.array([0, 0]), np.array([0, 1]))
    night = confusion_matrix(np.array([1, 1, 1]), np.array([1, 1, 1]))
    empty = confusion_matrix(np.array([255]), np.array([0]))
    table = scores_by_domain({"fog": fog, "night": night, "rain": empty})
    assert list(table) == ["fog", "night", "all"]
    assert (table["fog"].pixel_accuracy, table["night"].pixel_accuracy) == (0.5, 1.0)
    assert table["all"] == class_scores(fog + night)
    assert table["all"].pixel_accuracy == 0.8


def test_bad_input():
    empty = confusion_matrix(np.array([255]), np.array([0]))
    with pytest.raises(ValueError, match="known class, got none"):
        scores_by_domain({"fog": empty})
    with pytest.raises(ValueError, match="at least one domain"):
        scores_by_domain({})
    with pytest.raises(ValueError, match="'all', which is their sum"):
        scores_by_domain({"all": empty})
