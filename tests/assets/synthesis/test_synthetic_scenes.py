"""Drawn scenes as an asset: real diffusion, real SAM, a real Dagster run, a real manifest."""

import json
import shutil
from dataclasses import replace
from hashlib import sha256

import dagster as dg
import numpy as np
import pytest
from PIL import Image

from assets.partitions import ScenePartition
from assets.synthesis import synthesis
from assets.synthesis.attempting import draw_scenes
from assets.synthesis.config import SynthesisConfig
from assets.synthesis.order import plan_synthesis
from assets.synthesis.presets import read_preset
from storage.records import Quarantined
from storage.scene_records import ExecutionProfile, ObjectAttempt, SceneAttempt
from tests.assets.synthesis.conftest import picture_bytes


def store_of(resources):
    return resources["store"].open()


def told(result):
    (event,) = [event for event in result.all_events if event.is_step_failure]
    data = event.step_failure_data
    return f"{data.user_failure_data.description if data.user_failure_data else ''} {data.error}"


def test_a_kept_attempt_is_a_row_with_its_picture(request_scenes, draw, rows, drawing_resources):
    request_scenes()
    assert draw().success
    attempts = rows(SceneAttempt)
    assert [(row.variant, row.attempt, row.is_kept) for row in attempts] == [(0, 0, True)] * 2
    (profile,) = rows(ExecutionProfile, "execution_profiles")
    assert (profile.device, profile.batch_size, profile.height_px, profile.width_px) == (
        ("cpu", 1, 32, 64)
    )
    store = store_of(drawing_resources)
    for row in attempts:
        assert row.profile_id == profile.profile_id
        assert sha256(picture_bytes(store, row)).hexdigest() == row.pixels_sha256
        assert store.blobs.get_image(row.layout_sha256).shape == (32, 64, 3)
        with Image.open(store.blobs.path(row.image_sha256)) as image:
            assert image.text["round"] == "round-1"
            assert image.text["seed"] == str(row.seed)
            assert image.text["generator"].startswith("generator@")
        with Image.open(store.blobs.path(row.thumbnail_sha256)) as image:
            assert (image.format, image.size) == ("WEBP", (64, 32))
    objects = rows(ObjectAttempt, "object_attempts")
    assert len(objects) == 2
    assert all(0 <= row.iou <= 1 and row.pasted_area_px > 0 for row in objects)


def test_a_scene_is_drawn_until_one_attempt_passes(request_scenes, draw, rows):
    request_scenes()
    assert not draw(min_iou=0.999, min_kept_frac=0.0).success  # a check says that none was kept
    attempts = rows(SceneAttempt)
    assert [row.attempt for row in attempts] == [0, 1, 2] * 2
    assert not any(row.is_kept or row.image_sha256 for row in attempts)
    assert len({row.pixels_sha256 for row in attempts}) == 6
    draw(min_iou=0.999, max_attempts=2, keeps_rejected=True)
    again = rows(SceneAttempt)
    assert [row.attempt for row in again] == [0, 1] * 2
    assert all(row.image_sha256 for row in again)
    first_two = {row.pixels_sha256 for row in attempts if row.attempt < 2}
    assert {row.pixels_sha256 for row in again} == first_two


def test_bytes_do_not_depend_on_shards(request_scenes, drawing_resources):
    request_scenes(n_variants=2)
    names = ("data", "store", "networks")
    order = plan_synthesis(
        ScenePartition(round="round-1", city="oslo"),
        SynthesisConfig(min_iou=0.5),
        *(drawing_resources[name] for name in names),
    )
    found = []
    for scenes_per_item in (1, 3, 4):
        items = replace(order, scenes_per_item=scenes_per_item).items(frozenset())
        drawn = [scene for item in reversed(items) for scene in draw_scenes(item)]
        found.append(sorted(drawn, key=lambda scene: scene.key))
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == 4


def test_nothing_is_drawn_again_for_equal_orders(request_scenes, draw, drawing_resources):
    request_scenes()
    draw()
    manifests = store_of(drawing_resources).manifests
    first = manifests.latest("synthetic_scenes", "oslo|round-1")
    result = draw()
    assert manifests.latest("synthetic_scenes", "oslo|round-1") == first
    materialization = result.asset_materializations_for_node("synthetic_scenes")[0]
    assert materialization.metadata["kept"].value == 2
    draw(guidance=2.0)
    assert manifests.latest("synthetic_scenes", "oslo|round-1").version == first.version + 1


def test_a_stopped_run_draws_only_what_is_missing(
    request_scenes, draw, drawing_resources, monkeypatch, rows
):
    request_scenes()
    kept, original = [], synthesis._keep

    def stop_after_one(outcome, draft):
        if kept:
            raise RuntimeError("stopped")
        kept.append(outcome.key)
        return original(outcome, draft)

    monkeypatch.setattr(synthesis, "_keep", stop_after_one)
    assert "stopped" in told(draw(scenes_per_item=1))
    monkeypatch.setattr(synthesis, "_keep", original)
    seen, real = [], synthesis.draw_scenes
    monkeypatch.setattr(
        synthesis, "draw_scenes", lambda item: (seen.append(len(item.scenes)), real(item))[1]
    )
    assert draw(scenes_per_item=16).success
    assert seen == [1]
    assert len(rows(SceneAttempt)) == 2


def test_a_changed_label_costs_its_scenes_only(request_scenes, draw, rows, data_root):
    request_scenes()
    label = sorted((data_root / "cityscapes/gtFine/train/oslo").glob("*labelIds.png"))[0]
    pixels = np.array(Image.open(label))
    pixels[0, 0] ^= 1
    Image.fromarray(pixels).save(label)
    assert "is another file than the scene was requested from" in told(draw())
    assert draw(max_bad_frac=0.5).success
    (bad,) = rows(Quarantined, "quarantine")
    assert bad.reason.startswith("cityscapes/gtFine/train/oslo/")
    assert len({row.frame_id for row in rows(SceneAttempt)}) == 1


def test_a_quantile_needs_a_calibration_of_this_detector(request_scenes, draw, calibrate, rows):
    request_scenes()
    assert "materialize detector_calibration first" in told(draw(ood_quantile=0.5))
    result = calibrate(n_frames=3)
    assert result.success
    metadata = result.asset_materializations_for_node("detector_calibration")[0].metadata
    assert metadata["frames"].value == 3
    draw(ood_quantile=0.99, min_kept_frac=0.0)
    scores = [row.mean_ood_score for row in rows(ObjectAttempt, "object_attempts")]
    assert scores
    assert calibrate(n_frames=3).success


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"min_ood_score": 0.0, "ood_quantile": 0.5}, "remove one"),
        ({"sampler": "magic"}, "need a sampler of ddim"),
    ],
)
def test_a_wrong_configuration_is_one_clear_error(request_scenes, draw, config, message):
    request_scenes()
    assert message in told(draw(**config))


def test_what_is_missing_is_named(draw, networks_with, tmp_path, request_scenes):
    assert "materialize scene_requests first" in told(draw())
    request_scenes()
    lost = networks_with(miniature_set=str(tmp_path / "none"))
    assert "train_miniature_bundle" in told(draw(using={"networks": lost}))
    paper = networks_with(profile="paper")
    assert "multishift fetch generator" in told(draw(using={"networks": paper}))


def test_a_truncated_network_is_named(request_scenes, draw, networks_with, tiny_set, tmp_path):
    broken = shutil.copytree(tiny_set, tmp_path / "broken")
    weights = broken / "sam.safetensors"
    weights.write_bytes(weights.read_bytes()[:-100])
    request_scenes()
    using = networks_with(miniature_set=str(broken))
    message = told(draw(using={"networks": using}))
    assert "sam.safetensors" in message
    assert "nothing was committed" in message


def test_settings_that_are_none_are_refused(networks, tiny_set, tmp_path, data_root):
    for text in ("[]", "{", json.dumps({"sampler": "ddim"})):
        path = tmp_path / "settings.json"
        path.write_text(text)
        with pytest.raises(ValueError, match="need settings with"):
            read_preset(path)


def test_the_asset_tells_what_it_shows(request_scenes, draw):
    request_scenes()
    result = draw()
    metadata = result.asset_materializations_for_node("synthetic_scenes")[0].metadata
    for name in ("kept", "mean_iou", "attempts_per_scene", "execution_profiles", "provenance"):
        assert name in metadata
    passed = {c.check_name: c.passed for c in result.get_asset_check_evaluations()}
    assert passed == dict.fromkeys(
        ("scenes_kept", "pictures_there", "objects_scored", "few_quarantined"), True
    )
    assert isinstance(metadata["execution_profiles"], dg.TableMetadataValue)
