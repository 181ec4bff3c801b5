"""Score files as the subject: the same numbers as the network that wrote them."""

from dataclasses import replace

import numpy as np
import pytest

from assets.benchmarks.frames import frame_key, list_frames
from assets.benchmarks.measuring import measure_benchmark
from assets.benchmarks.order import MeasuringRules, plan_score_files
from assets.engine.resource import Engine
from models.evaluation.answering import answer_photograph
from models.segmentation import load_segmenter
from storage.images import read_image
from tests.assets.benchmarks.conftest import ARCHITECTURE


@pytest.fixture
def score_files(checkpoint, data_root, tmp_path):
    network = load_segmenter(ARCHITECTURE, checkpoint)
    files = {}
    for frame in list_frames("road_obstacle_21", data_root).measured:
        image = read_image(data_root / frame.image)
        answer = answer_photograph(network, image, ("energy",), has_masks=False)
        files[frame_key(frame)] = tmp_path / f"{frame.frame_id}.npy"
        np.save(files[frame_key(frame)], answer.scores["energy"])
    return files


def measured(data_root, files, work_root):
    order = plan_score_files("road_obstacle_21", data_root, "ours", files, MeasuringRules())
    return measure_benchmark(order, Engine(mode="inline"), work_root=work_root, device="cpu").rows


def test_files_give_the_numbers_of_their_network(data_root, score_files, measure, work_root):
    rows = measured(data_root, score_files, work_root)
    wanted = measure("road_obstacle_21", scores=("energy",)).rows
    own = {"score": "", "subject": "", "subject_kind": "", "architecture": None}
    assert [replace(row, **own) for row in rows.results] == [
        replace(row, **own) for row in wanted.results
    ]
    assert {(row.score, row.subject_kind) for row in rows.results} == {("file:ours", "score_files")}


def test_missing_files_and_other_sizes_are_named(data_root, score_files, work_root):
    files = dict(score_files)
    del files["val/validation_2"]
    with pytest.raises(ValueError, match=r"1 are missing: val/validation_2"):
        measured(data_root, files, work_root)
    np.save(score_files["val/validation_1"], np.zeros((3, 4), np.float32))
    with pytest.raises(ValueError, match=r"validation_1\.npy: need the size of its image, 40x48"):
        measured(data_root, score_files, work_root)
    with pytest.raises(ValueError, match="has no unknown objects"):
        plan_score_files("acdc", data_root, "ours", files, MeasuringRules())


def test_the_subject_is_the_content_of_the_files(data_root, score_files):
    rules = MeasuringRules()
    first = plan_score_files("road_obstacle_21", data_root, "ours", score_files, rules)
    np.save(score_files["val/validation_0"], np.zeros((32, 64), np.float32))
    other = plan_score_files("road_obstacle_21", data_root, "ours", score_files, rules)
    assert first.subject.sha256 != other.subject.sha256
    assert first.recipe != other.recipe
