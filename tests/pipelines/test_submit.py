"""`multishift submit`: every image of a track in the suite's form, and nothing twice."""

import json

import h5py
import numpy as np
import pytest
import torch

from models.evaluation.answering import answer_photograph
from models.evaluation.refinement import NONE, SAM
from models.filtering import load_sam
from models.segmentation import load_segmenter
from pipelines.evaluation_cli import RefinementName, TrackName
from storage.images import read_image
from storage.submission import TRACKS
from tests.pipelines.smiyc_world import (
    ARCHITECTURE,
    HIDDEN,
    LABELED,
    size_of,
)

INNER = "anomaly_p/multishift/AnomalyTrack-all"
ALL = sorted((*LABELED, *HIDDEN))


@pytest.fixture
def submit(track, tmp_path, invoke):
    """Submit to a folder of ``tmp_path``; code and output."""

    def run(*words, out="out", benchmark="road_anomaly_21"):
        told = ["submit", "--checkpoint", track / "net.safetensors", "--data", track / "data"]
        return invoke(*told, "--benchmark", benchmark, "--out", tmp_path / out, *words)

    return run


def test_every_image_has_its_map(submit, track, tmp_path):
    code, output = submit()
    assert code == 0, output
    assert f"5 score maps, 2 of hidden images, 0.0 MB: {tmp_path / 'out' / INNER}" in output
    assert "5 written now, 0 were there" in output
    assert "test set has 100 images, here are 2: this is no whole submission" in output
    network = load_segmenter(ARCHITECTURE, track / "net.safetensors")
    for name in ALL:
        photograph = read_image(track / f"data/dataset_AnomalyTrack/images/{name}.jpg")
        score = answer_photograph(network, photograph, ["learned"], has_masks=False).scores
        with h5py.File(tmp_path / "out" / INNER / f"{name}.hdf5") as file:
            found = file["value"][()]
        assert found.shape == size_of(name)
        assert np.array_equal(found, score["learned"].astype(np.float16))
    facts = json.loads((tmp_path / "out" / "submission.json").read_text())
    assert facts["images"] == 5
    assert facts["architecture"] == ARCHITECTURE


def test_what_is_there_is_not_computed_again(submit, tmp_path, monkeypatch):
    assert submit()[0] == 0
    inner = tmp_path / "out" / INNER
    before = {path.name: path.read_bytes() for path in inner.iterdir()}
    (inner / "cow_1.hdf5").unlink()
    (inner / "cow_2.hdf5").write_bytes(before["cow_2.hdf5"][:100])
    code, output = submit()
    assert code == 0
    assert "2 written now, 3 were there" in output
    assert {path.name: path.read_bytes() for path in inner.iterdir()} == before
    monkeypatch.setattr(torch.nn.Module, "to", None)  # no network is touched
    assert "0 written now, 5 were there" in submit()[1]


def test_other_scores_go_to_other_folders(submit, tmp_path):
    assert submit("--score", "energy", "--method", "energy")[0] == 0
    assert (tmp_path / "out/anomaly_p/energy/AnomalyTrack-all/cow_1.hdf5").is_file()
    code, output = submit()
    assert code == 1
    assert "method is 'energy', wanted 'multishift'; score is 'energy', wanted 'learned'" in output


def test_scores_may_be_refined(submit, tmp_path):
    from safetensors.torch import save_file

    sam = tmp_path / "sam.safetensors"
    save_file(load_sam("sam_miniature", seed=1).sam.state_dict(), sam)
    code, output = submit("--refine", "sam", "--sam", sam)
    assert code == 0, output
    facts = json.loads((tmp_path / "out" / "submission.json").read_text())
    assert facts["refinement"] == "sam"
    assert len(facts["refiner_sha256"]) == 64


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--score", "rba"], "need a score of learned, max_softmax"),
        (["--refine", "sam"], "need the weights of Segment Anything"),
        (["--sam", "sam.pth"], "need --refine sam where weights of SAM are given"),
        (["--method", "a/b"], "need a method's name"),
    ],
)
def test_what_cannot_be_is_one_line(submit, words, told):
    code, output = submit(*words)
    assert code == 1
    assert told in output
    assert output.count("\n") == 1


def test_other_benchmarks_and_missing_data_are_told(submit, tmp_path):
    code, output = submit(benchmark="muad")
    assert code == 2
    assert "'road_anomaly_21'" in output
    code, output = submit(benchmark="road_obstacle_21")
    assert code == 1
    assert "need RoadObstacle21, found no folder" in output
    assert not (tmp_path / "out").exists()


def test_the_command_knows_all_names():
    assert list(TrackName) == list(TRACKS)
    assert list(RefinementName) == [NONE, SAM]


def test_a_missing_image_is_named_before_anything_is_written(submit, track, tmp_path):
    label = track / "data/dataset_AnomalyTrack/labels_masks/validation_9_labels_semantic.png"
    label.write_bytes(b"")
    try:
        code, output = submit()
    finally:
        label.unlink()
    assert code == 1
    assert "need every image of RoadAnomaly21, 1 are missing" in output
    assert not (tmp_path / "out").exists()
