"""Other kinds of data by configuration: no object, no filter, objects in a second step."""

import json

import numpy as np
from PIL import Image

from assets.tracing.names import name_of_sample
from assets.tracing.page import sample_page
from assets.tracing.reading import Reader
from assets.tracing.samples import trace_sample
from models.generation import sampling
from storage.export import PictureSize
from storage.export.card import Origins
from storage.export.license_terms import used_sources
from storage.export.names import NO_OBJECT
from storage.export.plan import plan_export
from storage.export.selection import provenance_of, select_scenes
from storage.export.write import write_export
from storage.scene_records import LabelledScene, ObjectAttempt, SceneAttempt
from tests.assets.synthesis.conftest import picture_bytes

PARTITION = "oslo|round-1"
BARE = {"min_objects": 0, "max_objects": 0}


def store_of(resources):
    return resources["store"].open()


def provenance(resources):
    return store_of(resources).manifests.wanted("synthetic_scenes", PARTITION).provenance


def labels_of(resources):
    return store_of(resources).manifests.read_records(
        "labelled_scenes", "labelled_scenes", LabelledScene, partition=PARTITION
    )


def text_of(store, row):
    with Image.open(store.blobs.path(row.image_sha256)) as image:
        return image.text


def test_scenes_without_objects_are_drawn_judged_and_labelled(
    request_scenes, draw, label, rows, drawing_resources
):
    request_scenes(**BARE)
    assert draw().success
    assert [row.is_kept for row in rows(SceneAttempt)] == [True, True]
    assert rows(ObjectAttempt, "object_attempts") == []
    assert label().success
    found = labels_of(drawing_resources)
    assert [(row.n_ood_px, row.object_ids) for row in found] == [(0, ()), (0, ())]
    assert all("There is" not in row.prompt for row in found)


def test_a_scene_without_objects_has_a_lineage_and_an_export(
    request_scenes, draw, label, drawing_resources, data_root, tmp_path
):
    request_scenes(**BARE)
    draw()
    label()
    store, found = store_of(drawing_resources), labels_of(drawing_resources)
    name = name_of_sample(f"labelled_scenes/round-1/{found[0].frame_id}/0")
    page = sample_page(trace_sample(name, None, Reader(store), data_root), store.blobs, data_root)
    assert b"0 pixels" in page
    plan = plan_export(found, size=PictureSize.PICTURE, frame_sizes={})
    versions = select_scenes(store.manifests).versions
    told = provenance_of(store.manifests, versions)
    origins = Origins(versions=versions, provenance=told, sources=used_sources(found))
    write_export(tmp_path / "out", plan, origins, store.blobs, lambda *_: None)
    exported = sorted(path.name for path in (tmp_path / "out").rglob("*_leftImg8bit.png"))
    assert len(exported) == 2
    assert all(f"_{NO_OBJECT}_0.00" in path for path in exported)


def test_scenes_with_and_without_objects_share_a_partition(request_scenes, draw, label, rows):
    request_scenes(min_objects=0, max_objects=2, n_variants=4)
    assert draw().success
    assert label().success
    n_objects = [(row.frame_id, row.variant) for row in rows(ObjectAttempt, "object_attempts")]
    scenes = {(row.frame_id, row.variant) for row in rows(SceneAttempt)}
    assert 0 < len(set(n_objects)) < len(scenes) == 8


def test_without_a_filter_the_first_attempt_is_kept(request_scenes, draw, label, rows, networks):
    request_scenes()
    assert draw(min_iou=0.999, accepts_all=True).success
    assert [(row.attempt, row.is_kept) for row in rows(SceneAttempt)] == [(0, True)] * 2
    assert label().success


def test_a_second_step_is_drawn_and_told(
    request_scenes, draw, rows, drawing_resources, monkeypatch
):
    request_scenes()
    draw()
    at_once, before = rows(SceneAttempt), provenance(drawing_resources)
    assert not before.keys() & {"setting/order", "setting/margin_px", "threshold/accepts_all"}
    helds, denoise = [], sampling.denoise
    monkeypatch.setattr(
        sampling, "denoise", lambda *a, **k: (helds.append(k["held"]), denoise(*a, **k))[1]
    )
    assert draw(order="two_step", margin_px=100.0).success
    assert [held is not None for held in helds] == [False, True] * 2
    assert all(held.region.any() and not held.region.all() for held in helds[1::2])
    told = provenance(drawing_resources)
    assert json.loads(told["setting/order"]) == "two_step"
    assert json.loads(told["setting/margin_px"]) == 100.0
    in_two = rows(SceneAttempt)
    assert [row.layout_sha256 for row in at_once] == [row.layout_sha256 for row in in_two]
    store = store_of(drawing_resources)
    assert text_of(store, in_two[0])["order"] == "two_step"
    assert "order" not in text_of(store, at_once[0])


def test_without_objects_the_first_step_is_all(request_scenes, draw, rows, drawing_resources):
    request_scenes(**BARE)
    draw()
    store = store_of(drawing_resources)
    at_once = [picture_bytes(store, row) for row in rows(SceneAttempt)]
    draw(order="two_step")
    assert [picture_bytes(store, row) for row in rows(SceneAttempt)] == at_once


def test_pictures_of_two_steps_can_be_drawn_again(
    request_scenes, draw, label, rows, drawing_resources
):
    request_scenes(max_attempts=1)
    draw(order="two_step", min_iou=0.999, min_kept_frac=0.0)
    lost = rows(SceneAttempt)
    assert not any(row.image_sha256 for row in lost)
    assert label(accepts_all=True).success
    store = store_of(drawing_resources)
    labelled = labels_of(drawing_resources)
    pictures = [np.asarray(store.blobs.get_image(row.image_sha256)) for row in labelled]
    assert len(pictures) == len(lost) == 2
