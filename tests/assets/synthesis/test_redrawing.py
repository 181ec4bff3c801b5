"""Pictures that were not kept come back from their seeds, or not at all."""

from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path

import pytest

from assets.synthesis.redrawing import redraw_attempts
from storage.records import Quarantined
from storage.scene_records import LabelledScene, SceneAttempt
from tests.assets.synthesis.conftest import picture_bytes

PARTITION = "oslo|round-1"


@pytest.fixture
def redraw(drawing_resources):
    def call(attempts, **using):
        resources = {**drawing_resources, **using}
        version = resources["store"].open().manifests.latest("synthetic_scenes", PARTITION)
        names = ("data", "store", "networks", "engine")
        return redraw_attempts(version, attempts, **{name: resources[name] for name in names})

    return call


def test_a_rejected_picture_is_drawn_again_as_it_was(
    request_scenes, draw, rows, redraw, drawing_resources
):
    request_scenes(max_attempts=2)
    draw(min_iou=0.999, guidance=2.0)
    attempts = rows(SceneAttempt)
    assert not any(row.image_sha256 for row in attempts)
    found = redraw(attempts[1:3])
    assert set(found) == {(row.frame_id, row.variant, row.attempt) for row in attempts[1:3]}
    draw(min_iou=0.999, guidance=2.0, keeps_rejected=True)
    kept = {(r.frame_id, r.variant, r.attempt): r for r in rows(SceneAttempt)}
    store = drawing_resources["store"].open()
    for key, name in found.items():
        assert name == kept[key].image_sha256
        assert picture_bytes(store, kept[key])


def test_another_picture_or_generator_is_refused(
    request_scenes, draw, rows, redraw, networks_with, tiny_set, tmp_path
):
    request_scenes(max_attempts=1)
    draw(min_iou=0.999)
    (first, _) = rows(SceneAttempt)
    with pytest.raises(RuntimeError, match="need the picture 000000000000 of profile"):
        redraw([replace(first, pixels_sha256="0" * 64)])
    with pytest.raises(ValueError, match="need the generator generator@"):
        redraw([first], networks=networks_with(generator=str(tiny_set / "sam.safetensors")))


def test_looser_thresholds_label_what_was_not_kept(
    request_scenes, draw, rows, label, drawing_resources
):
    request_scenes(max_attempts=2)
    draw(min_iou=0.999)
    result = label(min_iou=0.0)
    assert result.success
    store = drawing_resources["store"].open()
    labelled = store.manifests.read_records(
        "labelled_scenes", "labelled_scenes", LabelledScene, partition=PARTITION
    )
    digests = {(row.frame_id, row.attempt): row.pixels_sha256 for row in rows(SceneAttempt)}
    assert [row.attempt for row in labelled] == [0, 0]
    for row in labelled:
        pixels = sha256(picture_bytes(store, row)).hexdigest()
        assert pixels == digests[row.frame_id, row.attempt]
    metadata = result.asset_materializations_for_node("labelled_scenes")[0].metadata
    assert Path(metadata["page"].value).read_bytes().startswith(b"<!DOCTYPE html>")


def test_a_changed_label_costs_its_picture_only(
    request_scenes, draw, label, data_root, drawing_resources
):
    request_scenes(max_attempts=1)
    draw(min_iou=0.999)
    min((data_root / "cityscapes/gtFine/train/oslo").glob("*labelIds.png")).write_bytes(b"other")
    label(min_iou=0.0)  # a check says that many are in quarantine
    manifests = drawing_resources["store"].open().manifests
    read = partial(manifests.read_records, "labelled_scenes", partition=PARTITION)
    assert len(read("labelled_scenes", LabelledScene)) == 1
    (bad,) = read("quarantine", Quarantined)
    assert (bad.status, "is another file than" in bad.reason) == ("bad_input", True)
