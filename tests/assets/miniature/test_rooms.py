"""Objects of rendered rooms and streets come back from the object data sets, pixel by pixel."""

import numpy as np
import pytest

from assets.miniature.rooms import write_coco_split, write_object_image
from models.miniature import OBJECT_KINDS, IndoorSpec, SceneSpec, render_indoor, render_scene
from models.miniature.plan import PlannedFrame
from storage.datasets.objects import read_objects
from storage.datasets.registry import complete_frames, dataset_named
from storage.rle import decode_mask

IDS = {kind.name: kind.ade_id for kind in OBJECT_KINDS}
ROOM = IndoorSpec(seed=5, object_kinds=("chair", "sofa", "toilet"))
STREET = SceneSpec(
    seed=5, weather="clear", time="day", place="lisbon", object_kinds=("chair", "bench")
)


@pytest.fixture(params=[ROOM, STREET], ids=["room", "street"])
def rendered(request):
    spec = request.param
    render = render_indoor if isinstance(spec, IndoorSpec) else render_scene
    return spec, render(spec)


def masks_of(objects):
    return [
        (
            found.class_id,
            decode_mask(
                found.mask_rle, height_px=found.image_height_px, width_px=found.image_width_px
            ),
        )
        for found in objects
    ]


def wanted_ids(spec):
    return {IDS[kind] for kind in spec.object_kinds}


def read_back(root, dataset, spec):
    (frame,) = complete_frames(root, dataset_named(dataset))
    return masks_of(read_objects(root, frame, class_ids=wanted_ids(spec)))


def test_ade20k_gives_back_every_object(tmp_path, rendered):
    spec, scene = rendered
    frame = PlannedFrame(dataset="ade20k", split="train", index=0, domain="", spec=spec)
    write_object_image(tmp_path, frame, scene)
    found = read_back(tmp_path, "ade20k", spec)
    visible = [placed for placed in scene.objects if placed.mask.any()]
    assert len(found) == len(visible)
    for placed in visible:
        assert any(
            class_id == IDS[placed.kind] and np.array_equal(mask, placed.mask)
            for class_id, mask in found
        )


def test_the_150_class_form_covers_the_same_pixels(tmp_path, rendered):
    spec, scene = rendered
    frame = PlannedFrame(dataset="ade20k_challenge", split="train", index=0, domain="", spec=spec)
    write_object_image(tmp_path, frame, scene)
    for class_id in wanted_ids(spec):
        found = [mask for found_id, mask in read_back(tmp_path, "ade20k_challenge", spec)
                 if found_id == class_id]  # fmt: skip
        expected = [placed.mask for placed in scene.objects if IDS[placed.kind] == class_id]
        assert (np.any(found, axis=0) == np.any(expected, axis=0)).all()


def test_coco_gives_back_every_object(tmp_path, rendered):
    spec, scene = rendered
    write_coco_split(tmp_path, "train", [scene])
    found = read_back(tmp_path, "coco", spec)
    for placed in scene.objects:
        if placed.mask.any():
            assert any(np.array_equal(mask, placed.mask) for _, mask in found)
