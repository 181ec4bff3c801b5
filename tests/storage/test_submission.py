"""Submissions to SegmentMeIfYouCan: the suite's layout, gone on with, never mixed."""

import json

import h5py
import numpy as np
import pytest

from storage import submission
from storage.datasets.dataset import BadFileError
from storage.submission import SubmissionFolder, track_of

SCORE = np.random.default_rng(0).normal(size=(4, 6)).astype(np.float32)
FACTS = {"benchmark": "road_anomaly_21", "score": "learned", "images": 2}


@pytest.fixture
def folder(tmp_path):
    return SubmissionFolder(folder=tmp_path / "out", benchmark="road_anomaly_21", method="Ours")


def test_maps_lie_where_the_suite_looks(folder):
    folder.begin(FACTS)
    folder.write("cow_1", SCORE)
    path = folder.folder / "anomaly_p" / "Ours" / "AnomalyTrack-all" / "cow_1.hdf5"
    with h5py.File(path) as file:
        assert np.array_equal(file["value"][()], SCORE.astype(np.float16))
    assert track_of("road_obstacle_21").suite_name == "ObstacleTrack-all"


def test_only_whole_maps_of_the_right_size_are_there(folder):
    assert not folder.holds("cow_1", (4, 6))
    folder.write("cow_1", SCORE)
    assert folder.holds("cow_1", (4, 6))
    assert not folder.holds("cow_1", (6, 4))
    path = folder.score_path("cow_1")
    path.write_bytes(path.read_bytes()[:-40])
    assert not folder.holds("cow_1", (4, 6))


def test_a_folder_is_gone_on_with_only_by_the_same(folder):
    folder.begin(FACTS)
    folder.begin(FACTS)
    with pytest.raises(ValueError, match="score is 'learned', wanted 'energy'"):
        folder.begin({**FACTS, "score": "energy"})
    assert json.loads((folder.folder / "submission.json").read_text()) == FACTS
    (folder.folder / "submission.json").write_text("[1]")
    with pytest.raises(ValueError, match="need the facts of a submission as JSON"):
        folder.begin(FACTS)


def test_a_folder_with_other_files_is_refused(folder):
    folder.folder.mkdir()
    (folder.folder / "mine.txt").write_text("")
    with pytest.raises(ValueError, match="need a new or empty folder"):
        folder.begin(FACTS)
    assert [path.name for path in folder.folder.iterdir()] == ["mine.txt"]


def test_gaps_and_strays_are_named(folder):
    folder.write("cow_1", SCORE)
    folder.write("old_1", SCORE)
    with pytest.raises(ValueError, match=r"without a map \(cow_2\).*without an image \(old_1\)"):
        folder.refuse_gaps(["cow_1", "cow_2"])
    folder.refuse_gaps(["cow_1", "old_1"])


def test_what_comes_back_otherwise_is_removed(folder, monkeypatch):
    monkeypatch.setattr(submission, "read_score", lambda path, size: SCORE + 1)
    with pytest.raises(BadFileError, match="other scores came back"):
        folder.write("cow_1", SCORE)
    assert not folder.score_path("cow_1").exists()


def test_what_the_form_cannot_hold_names_the_file(folder):
    with pytest.raises(ValueError, match=r"cow_1\.hdf5 was not written: need finite scores"):
        folder.write("cow_1", SCORE * 1e6)
    assert not folder.scores.exists()


@pytest.mark.parametrize("method", ["", "a/b", "..", "a b", "x" * 65])
def test_a_method_is_a_name_of_a_folder(tmp_path, method):
    with pytest.raises(ValueError, match="need a method's name"):
        SubmissionFolder(folder=tmp_path, benchmark="road_anomaly_21", method=method)


def test_other_benchmarks_have_no_track():
    with pytest.raises(ValueError, match="need a benchmark of road_anomaly_21, road_obstacle_21"):
        track_of("muad")
