"""No object kind can be told from the 19 classes by its colors alone."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from models.miniature import OBJECT_KINDS, PLACES, TIMES, WEATHERS, Scene, SceneSpec, render_scene

KINDS = tuple(kind.name for kind in OBJECT_KINDS)
CLASS_IDS = (7, 8, 11, 12, 13, 17, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 31, 32, 33)
BINS = 4
MIN_PX = 40


def color_histogram(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Shares of the 4 x 4 x 4 RGB cells among the masked pixels."""
    cells = (image[mask] // (256 // BINS)).astype(np.int64)
    flat = cells[:, 0] * BINS * BINS + cells[:, 1] * BINS + cells[:, 2]
    counts = np.bincount(flat, minlength=BINS**3)
    return counts / counts.sum()


def probe_scenes(n_scenes: int) -> list[Scene]:
    """Scenes of all conditions and places in turn, three objects each, all kinds equally often."""
    scenes = []
    for k in range(n_scenes):
        kinds = tuple(KINDS[(3 * k + j) % len(KINDS)] for j in range(3))
        weather, time = WEATHERS[k % 5], TIMES[k // 5 % 2]
        scenes.append(render_scene(SceneSpec(5000 + k, weather, time, PLACES[k % 12].name, kinds)))
    return scenes


def histograms(
    scenes: list[Scene],
) -> tuple[dict[str, list[np.ndarray]], dict[int, list[np.ndarray]]]:
    """Color histograms of the objects by kind, and of what each class covers by label id."""
    by_kind: dict[str, list[np.ndarray]] = {kind: [] for kind in KINDS}
    by_class: dict[int, list[np.ndarray]] = {label: [] for label in CLASS_IDS}
    for scene in scenes:
        for placed in scene.objects:
            by_kind[placed.kind].append(color_histogram(scene.image, placed.mask))
        for label in CLASS_IDS:
            mask = scene.label_ids == label
            if mask.sum() >= MIN_PX:
                by_class[label].append(color_histogram(scene.image, mask))
    return by_kind, by_class


def probe_auroc(positives: list[np.ndarray], by_class: dict[int, list[np.ndarray]]) -> float:
    """Cross-validated AUROC of a linear probe, with as many negatives from every class."""
    rng = np.random.default_rng(0)
    per_class = max(3, 2 * len(positives) // len(CLASS_IDS))
    negatives = [
        members[k]
        for members in by_class.values()
        for k in rng.permutation(len(members))[:per_class]
    ]
    features = np.array([*positives, *negatives])
    is_object = np.array([True] * len(positives) + [False] * len(negatives))
    probe = LogisticRegression(C=10.0, class_weight="balanced", max_iter=2000)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    scores = cross_val_predict(probe, features, is_object, cv=folds, method="decision_function")
    return float(roc_auc_score(is_object, scores))


@pytest.mark.slow
def test_objects_together_have_the_colors_of_the_classes() -> None:
    by_kind, by_class = histograms(probe_scenes(70))
    pooled = [histogram for members in by_kind.values() for histogram in members]
    assert probe_auroc(pooled, by_class) < 0.8


@pytest.mark.slow
def test_no_kind_is_told_by_color() -> None:
    by_kind, by_class = histograms(probe_scenes(430))
    aurocs = {kind: probe_auroc(members, by_class) for kind, members in by_kind.items()}
    print({kind: round(value, 3) for kind, value in sorted(aurocs.items(), key=lambda x: -x[1])})
    assert max(aurocs.values()) < 0.8
