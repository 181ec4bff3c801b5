"""Score maps and the images that they belong to."""

import numpy as np
import pytest

from storage.score_folders import match_scores


@pytest.fixture
def folder(tmp_path):
    for name in ("fog/1.npy", "fog/2.npz", "night/1.hdf5", ".tmp-1.npy", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "fog" / ".cache").mkdir()
    (tmp_path / "fog" / ".cache" / "3.npy").write_bytes(b"")
    return tmp_path


IDS = ["night/1", "fog/1", "fog/2"]


def test_maps_are_found_by_id(folder):
    found = match_scores(folder, IDS)
    assert list(found) == sorted(IDS)
    assert found["night/1"] == folder / "night" / "1.hdf5"


def test_missing_and_extra_maps_are_named(folder):
    with pytest.raises(ValueError, match="maps without an image") as caught:
        match_scores(folder, ["fog/1", "fog/3", *(f"rain/{n}" for n in range(7))])
    told = str(caught.value)
    assert "8 of 9 images without a map (fog/3, rain/0, rain/1, rain/2, rain/3, and 3 more)" in told
    assert "2 maps without an image (fog/2, night/1)" in told


def test_maps_of_hidden_images_may_lie_there(folder):
    assert list(match_scores(folder, ["fog/1"], known=["fog/2", "night/1"])) == ["fog/1"]


def test_two_maps_of_one_image_are_refused(folder):
    np.save(folder / "night" / "1.npy", np.zeros((2, 2)))
    with pytest.raises(ValueError, match=r"found 1\.hdf5 and 1\.npy"):
        match_scores(folder, IDS)


def test_a_folder_that_is_missing_is_told(tmp_path):
    with pytest.raises(FileNotFoundError, match="need a folder of score maps"):
        match_scores(tmp_path / "none", IDS)
