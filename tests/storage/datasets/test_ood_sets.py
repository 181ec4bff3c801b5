"""RoadAnomaly, SMIYC and Fishyscapes: labels that only tell unknown objects."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from storage.datasets.dataset import BadFileError
from storage.datasets.fishyscapes import LOST_AND_FOUND, STATIC, write_fishyscapes_frame
from storage.datasets.registry import complete_frames, read_target
from storage.datasets.road_anomaly import ROAD_ANOMALY, write_road_anomaly_frame
from storage.datasets.smiyc import ROAD_ANOMALY_21, ROAD_OBSTACLE_21, write_smiyc_frame
from storage.images import read_image, read_label, write_png

SAMPLES = Path(__file__).resolve().parents[4] / "shared" / "samples"
needs_samples = pytest.mark.skipif(not SAMPLES.is_dir(), reason="needs ../shared/samples")

IMAGE = np.random.default_rng(0).integers(0, 256, (12, 20, 3), dtype=np.uint8)
OOD = np.resize(np.array([0, 1, 255], np.uint8), (12, 20))
BINARY = (OOD == 1).astype(np.uint8)
TRACKS = {"road_anomaly_21": ROAD_ANOMALY_21, "road_obstacle_21": ROAD_OBSTACLE_21}
FOLDERS = {"road_anomaly_21": "dataset_AnomalyTrack", "road_obstacle_21": "dataset_ObstacleTrack"}


def form(path):
    with Image.open(path) as picture:
        return picture.format, picture.mode


@pytest.mark.parametrize("is_original", [True, False])
def test_road_anomaly_round_trip(tmp_path, is_original):
    folder = tmp_path / "road_anomaly"
    for name in ("10", "9", "0"):
        write_road_anomaly_frame(
            folder, name=name, image=IMAGE, ood=BINARY, is_original=is_original
        )
    frames = complete_frames(tmp_path, ROAD_ANOMALY)
    assert [frame.frame_id for frame in frames] == ["0", "9", "10"]
    stored = read_label(tmp_path / frames[0].label)
    assert set(np.unique(stored).tolist()) == ({0, 2} if is_original else {0, 1})
    target = read_target(tmp_path, frames[0])
    assert target.train_ids is None
    assert np.array_equal(target.ood, BINARY)
    assert not list(ROAD_ANOMALY.findings(tmp_path, folder))


def test_road_anomaly_layout_with_the_other_coding_is_caught(tmp_path):
    folder = tmp_path / "road_anomaly"
    write_road_anomaly_frame(folder, name="0", image=IMAGE, ood=BINARY, is_original=False)
    write_png(folder / "labels" / "0.png", BINARY * 2)
    (frame,) = complete_frames(tmp_path, ROAD_ANOMALY)
    with pytest.raises(BadFileError, match=r"labels/0.png: label value 2 .*road_anomaly_original"):
        read_target(tmp_path, frame)


def test_road_anomaly_gaps(tmp_path):
    folder = tmp_path / "road_anomaly"
    for name in "012":
        write_road_anomaly_frame(folder, name=name, image=IMAGE, ood=BINARY)
    (folder / "frames/0.jpg").unlink()
    (folder / "frames/1.labels/labels_semantic.png").unlink()
    found = {f.path: f.fact for f in ROAD_ANOMALY.findings(tmp_path, folder)}
    assert sorted(found) == [
        "road_anomaly/frames/0.jpg",
        "road_anomaly/frames/1.labels/labels_semantic.png",
    ]


@pytest.mark.parametrize("track", TRACKS)
def test_smiyc_round_trip_and_hidden_tests(tmp_path, track):
    dataset, folder = TRACKS[track], tmp_path / FOLDERS[track]
    write_smiyc_frame(folder, track=track, name="validation_1", image=IMAGE, ood=OOD)
    write_smiyc_frame(folder, track=track, name="validation_2", image=IMAGE, ood=OOD)
    write_smiyc_frame(folder, track=track, name="gravel_7", image=IMAGE, ood=None)
    write_png(folder / "labels_masks" / "validation_1_labels_semantic_color.png", IMAGE)
    hidden, one, _ = dataset.frames(tmp_path, folder)
    assert (hidden.split, hidden.group, hidden.label) == ("test", "gravel", None)
    assert not hidden.is_scored
    assert (one.split, one.group, one.is_scored) == ("val", "validation", True)
    assert [frame.frame_id for frame in complete_frames(tmp_path, dataset)] == [
        "validation_1",
        "validation_2",
    ]
    assert np.array_equal(read_target(tmp_path, one).ood, OOD)
    assert not list(dataset.findings(tmp_path, folder))
    with pytest.raises(BadFileError, match=r"gravel_7.*hidden"):
        read_target(tmp_path, hidden)

    (folder / "labels_masks" / "validation_2_labels_semantic.png").unlink()
    (finding,) = dataset.findings(tmp_path, folder)
    assert finding.path.endswith("labels_masks/validation_2_labels_semantic.png")


def test_smiyc_tracks_are_told_apart_under_other_names(tmp_path):
    for track in TRACKS:
        write_smiyc_frame(
            tmp_path / f"x_{track}", track=track, name="validation0", image=IMAGE, ood=OOD
        )
    assert ROAD_ANOMALY_21.locate(tmp_path) == tmp_path / "x_road_anomaly_21"
    assert ROAD_OBSTACLE_21.locate(tmp_path) == tmp_path / "x_road_obstacle_21"


def test_fishyscapes_round_trip_told_apart_by_name(tmp_path):
    for name in ("fs_LostAndFound", "fs_static", "road_anomaly", "unclear"):
        write_fishyscapes_frame(tmp_path / name, name="0001_x", image=IMAGE, ood=OOD)
    for dataset, name in ((LOST_AND_FOUND, "fs_LostAndFound"), (STATIC, "fs_static")):
        assert dataset.locate(tmp_path) == tmp_path / name
        assert dataset.locate(tmp_path / "unclear") is None
        (frame,) = complete_frames(tmp_path, dataset)
        assert np.array_equal(read_target(tmp_path, frame).ood, OOD)
        assert np.array_equal(read_image(tmp_path / frame.image), IMAGE)
    assert ROAD_ANOMALY.locate(tmp_path) == tmp_path / "road_anomaly"
    (tmp_path / "unclear" / "match.npy").write_bytes(b"")
    assert STATIC.locate(tmp_path / "unclear") == tmp_path / "unclear"

    (tmp_path / "fs_static/labels/0001_x.png").unlink()
    (finding,) = STATIC.findings(tmp_path, tmp_path / "fs_static")
    assert finding.path == "fs_static/labels/0001_x.png"


def test_nested_fishyscapes_folders(tmp_path):
    for name in ("LostAndFound", "Static"):
        write_fishyscapes_frame(tmp_path / "fishyscapes" / name, name="1", image=IMAGE, ood=OOD)
    assert LOST_AND_FOUND.locate(tmp_path) == tmp_path / "fishyscapes" / "LostAndFound"
    assert STATIC.locate(tmp_path) == tmp_path / "fishyscapes" / "Static"


def test_writers_refuse_foreign_values_and_write_nothing(tmp_path):
    bad = np.full((12, 20), 2, np.uint8)
    with pytest.raises(ValueError, match="value 2"):
        write_road_anomaly_frame(tmp_path, name="0", image=IMAGE, ood=bad)
    with pytest.raises(ValueError, match="value 255"):
        write_road_anomaly_frame(tmp_path, name="0", image=IMAGE, ood=OOD)
    with pytest.raises(ValueError, match="value 2"):
        write_fishyscapes_frame(tmp_path, name="0", image=IMAGE, ood=bad)
    with pytest.raises(ValueError, match="value 2"):
        write_smiyc_frame(tmp_path, track="road_anomaly_21", name="a", image=IMAGE, ood=bad)
    with pytest.raises(ValueError, match="validation_1"):
        write_smiyc_frame(
            tmp_path, track="road_anomaly_21", name="validation_1", image=IMAGE, ood=None
        )
    with pytest.raises(ValueError, match="track"):
        write_smiyc_frame(tmp_path, track="other", name="a", image=IMAGE, ood=None)
    assert not list(tmp_path.iterdir())


@needs_samples
def test_road_anomaly_sample_and_writer_agree(tmp_path):
    frames = complete_frames(SAMPLES, ROAD_ANOMALY)
    assert [frame.frame_id for frame in frames] == [str(number) for number in range(20)]
    frame = frames[7]
    write_road_anomaly_frame(
        tmp_path / "road_anomaly",
        name=frame.frame_id,
        image=read_image(SAMPLES / frame.image),
        ood=read_target(SAMPLES, frame).ood,
    )
    for path in (frame.image, frame.label):
        assert form(tmp_path / path) == form(SAMPLES / path)
    assert np.array_equal(read_label(tmp_path / frame.label), read_label(SAMPLES / frame.label))


@needs_samples
def test_obstacle_sample_and_writer_agree(tmp_path):
    frames = complete_frames(SAMPLES, ROAD_OBSTACLE_21)
    assert len(frames) == 10
    assert {frame.split for frame in frames} == {"val"}
    frame = frames[0]
    write_smiyc_frame(
        tmp_path / "dataset_ObstacleTrack",
        track="road_obstacle_21",
        name=frame.frame_id,
        image=read_image(SAMPLES / frame.image),
        ood=read_target(SAMPLES, frame).ood,
    )
    for path in (frame.image, frame.label):
        assert form(tmp_path / path) == form(SAMPLES / path)
    assert np.array_equal(read_label(tmp_path / frame.label), read_label(SAMPLES / frame.label))
    assert np.array_equal(read_image(tmp_path / frame.image), read_image(SAMPLES / frame.image))
