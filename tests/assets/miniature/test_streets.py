"""What is written of a scene is what the readers give back, in every driving data set."""

import numpy as np
import pytest

from assets.miniature.streets import write_street
from models.miniature import SceneSpec, render_scene
from models.miniature.plan import PlannedFrame
from storage.datasets.cityscapes import to_train_ids
from storage.datasets.registry import complete_frames, dataset_named, read_target
from storage.images import read_image
from storage.label_space import VOID_ID

SPEC = SceneSpec(seed=7, weather="rainy", time="day", place="oslo", object_kinds=("sofa", "tent"))
BENCHMARKS = (
    *("road_anomaly", "road_anomaly_21", "road_obstacle_21", "fishyscapes_static"),
    *("fishyscapes_lost_and_found", "muad", "acdc_poc"),
)


@pytest.fixture(scope="module")
def scene():
    return render_scene(SPEC)


def written(root, dataset, scene, **changes):
    facts = {"split": "val", "index": 3, "domain": "rain", **changes}
    planned = PlannedFrame(dataset=dataset, spec=SPEC, **facts)
    frame_id = write_street(root, planned, scene)
    (frame,) = complete_frames(root, dataset_named(dataset))
    assert frame.frame_id == frame_id
    return frame


@pytest.mark.parametrize("dataset", BENCHMARKS)
def test_benchmarks_score_exactly_the_objects(tmp_path, scene, dataset):
    frame = written(tmp_path, dataset, scene)
    expected = np.any([placed.mask for placed in scene.objects], axis=0)
    assert expected.any()
    target = read_target(tmp_path, frame)
    assert ((target.ood == 1) == expected).all()
    assert (target.ood == 0).any()


@pytest.mark.parametrize("dataset", ["cityscapes", "acdc", "muad", "acdc_poc"])
def test_classes_survive_where_the_data_set_has_them(tmp_path, scene, dataset):
    target = read_target(tmp_path, written(tmp_path, dataset, scene))
    expected = to_train_ids(scene.label_ids)
    assert (target.train_ids == expected).all()
    assert (expected != VOID_ID).mean() > 0.8


def test_an_odd_frame_of_acdc_poc_keeps_its_label_as_an_array(tmp_path, scene):
    assert written(tmp_path, "acdc_poc", scene).label.endswith(".npz")
    other = tmp_path / "other"
    assert written(other, "acdc_poc", scene, index=2).label.endswith(".png")


@pytest.mark.parametrize("dataset", ["road_anomaly_21", "road_obstacle_21"])
def test_test_images_of_the_tracks_have_no_label(tmp_path, scene, dataset):
    planned = PlannedFrame(dataset=dataset, split="test", index=0, domain="", spec=SPEC)
    write_street(tmp_path, planned, scene)
    data = dataset_named(dataset)
    (frame,) = data.frames(tmp_path, data.locate(tmp_path))
    assert frame.label is None
    assert not frame.is_scored


def test_pictures_are_lossless_where_the_layout_is(tmp_path, scene):
    frame = written(tmp_path, "cityscapes", scene)
    assert (read_image(tmp_path / frame.image) == scene.image).all()
