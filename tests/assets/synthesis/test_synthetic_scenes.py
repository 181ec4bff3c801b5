"""Drawn scenes as an asset: real diffusion, real SAM, a real Dagster run, a real manifest."""

import json
import os
import shutil
import signal
from dataclasses import replace
from hashlib import sha256

import dagster as dg
import numpy as np
import pytest
import torch
from PIL import Image

from assets.engine import offers
from assets.engine.resource import Engine
from assets.engine.warm import warm_models
from assets.lineage import parents_of
from assets.partitions import ScenePartition
from assets.resources import ManifestStore
from assets.synthesis import attempting, drawing, synthesis
from assets.synthesis.attempting import draw_scenes
from assets.synthesis.calibration import calibrate, plan_calibration
from assets.synthesis.config import SynthesisConfig
from assets.synthesis.order import plan_synthesis
from assets.synthesis.presets import read_preset
from assets.synthesis.rows import attempt_row
from models.generation import sampling, save_bundle
from models.generation.miniature import build_miniature_bundle
from storage.manifests import drafts
from storage.manifests.layout import UNPARTITIONED
from storage.manifests.vacuum import vacuum
from storage.records import Quarantined
from storage.scene_records import ExecutionProfile, ObjectAttempt, SceneAttempt
from tests.assets.synthesis.conftest import picture_bytes
from tests.models.generation.conftest import SENTENCES, TINY

PARTITION = "oslo|round-1"


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
    first = manifests.latest("synthetic_scenes", PARTITION)
    result = draw()
    assert manifests.latest("synthetic_scenes", PARTITION) == first
    materialization = result.asset_materializations_for_node("synthetic_scenes")[0]
    assert materialization.metadata["kept"].value == 2
    draw(guidance=2.0)
    assert manifests.latest("synthetic_scenes", PARTITION).version == first.version + 1


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


def a_label(data_root):
    return min((data_root / "cityscapes/gtFine/train/oslo").glob("*labelIds.png"))


def scenes_drawn(monkeypatch):
    """Scenes that are sent to workers from now on, as a list that grows."""
    seen, real = [], synthesis.draw_scenes

    def watched(item):
        seen.extend(item.scenes)
        return real(item)

    monkeypatch.setattr(synthesis, "draw_scenes", watched)
    return seen


def test_a_changed_label_costs_its_scenes_only(request_scenes, draw, rows, data_root):
    request_scenes()
    label = a_label(data_root)
    pixels = np.array(Image.open(label))
    pixels[0, 0] ^= 1
    Image.fromarray(pixels).save(label)
    assert "is another file than the scene was requested from" in told(draw())
    assert draw(max_bad_frac=0.5).success
    (bad,) = rows(Quarantined, "quarantine")
    assert bad.reason.startswith("cityscapes/gtFine/train/oslo/")
    assert len({row.frame_id for row in rows(SceneAttempt)}) == 1


@pytest.mark.parametrize("max_bad_frac", [0.0, 0.5], ids=["refused", "committed"])
def test_a_label_that_was_put_right_is_tried_again(
    request_scenes, draw, rows, data_root, monkeypatch, max_bad_frac
):
    request_scenes()
    label = a_label(data_root)
    good = label.read_bytes()
    label.write_bytes(good[:100])
    draw(max_bad_frac=max_bad_frac)
    label.write_bytes(good)
    seen = scenes_drawn(monkeypatch)
    assert draw(max_bad_frac=max_bad_frac).success
    assert len(seen) == 1
    assert len(rows(SceneAttempt)) == 2
    assert not rows(Quarantined, "quarantine")


def test_only_scenes_with_lost_pictures_are_drawn_again(
    request_scenes, draw, rows, drawing_resources, monkeypatch
):
    request_scenes()
    draw()
    store = store_of(drawing_resources)
    first = store.manifests.latest("synthetic_scenes", PARTITION)
    store.blobs.path(rows(SceneAttempt)[0].image_sha256).unlink()
    seen = scenes_drawn(monkeypatch)
    assert draw().success
    assert len(seen) == 1
    assert store.manifests.latest("synthetic_scenes", PARTITION).fingerprint == first.fingerprint


def test_numbers_that_are_not_finite_cost_their_scene_only(
    request_scenes, draw, rows, networks_with, monkeypatch
):
    real = drawing.Drawer.draw

    def spoiled(drawer, attempts):
        if any(attempt.request.frame_id.startswith("oslo_000001") for attempt in attempts):
            raise ValueError("need finite pictures")
        return real(drawer, attempts)

    request_scenes(max_attempts=1)
    using = {"networks": networks_with(batch_size=2)}
    monkeypatch.setattr(drawing.Drawer, "draw", spoiled)
    assert "1 of 2 scenes failed" in told(draw(using=using))
    assert draw(using=using, max_bad_frac=0.5).success
    (bad,) = rows(Quarantined, "quarantine")
    assert bad.status == "failed"
    assert "need finite pictures" in bad.reason
    monkeypatch.setattr(drawing.Drawer, "draw", real)
    seen = scenes_drawn(monkeypatch)
    assert draw(using=using).success
    assert [scene[0].frame_id for scene in seen] == ["oslo_000001_000019"]


@pytest.mark.parametrize("table", synthesis.TABLES[:3])
def test_a_damaged_part_is_made_again(request_scenes, draw, drawing_resources, table):
    request_scenes()
    draw()
    manifests = store_of(drawing_resources).manifests
    first = manifests.latest("synthetic_scenes", PARTITION)
    (part,) = first.tables[table].parts
    (manifests.partition_folder("synthetic_scenes", PARTITION) / part.path).unlink()
    assert draw().success
    second = manifests.latest("synthetic_scenes", PARTITION)
    assert (second.version, second.fingerprint) == (first.version + 1, first.fingerprint)


def test_requests_made_again_with_the_same_rows_stay_parents(
    request_scenes, draw, label, drawing_resources
):
    request_scenes()
    draw()
    store = store_of(drawing_resources)
    version = store.manifests.latest("scene_requests", PARTITION)
    store.manifests.commit(
        "scene_requests",
        {name: store.manifests.rows(version, name) for name in version.tables},
        partition=PARTITION,
        base=version.version,
        recipe="another",
    )
    vacuum(store.manifests, store.blobs, keep_versions=1, min_age_s=0)
    assert draw().success
    assert label().success


@pytest.mark.slow
def test_networks_that_were_replaced_are_loaded_again(
    request_scenes, draw, rows, networks_with, tiny_set, tmp_path
):
    mine = shutil.copytree(tiny_set, tmp_path / "set")
    using = {"networks": networks_with(miniature_set=str(mine))}
    request_scenes()
    draw(using=using)
    first = {row.pixels_sha256 for row in rows(SceneAttempt)}
    shutil.rmtree(mine / "generator")
    save_bundle(build_miniature_bundle(8, TINY, sentences=SENTENCES), mine / "generator")
    draw(using=using)
    assert first.isdisjoint(row.pixels_sha256 for row in rows(SceneAttempt))


def test_a_batch_that_does_not_fit_is_halved(
    request_scenes, draw, rows, networks_with, monkeypatch
):
    real, tried = sampling.draw, []

    def scarce(bundle, drawings, settings, *, batch_size):
        tried.append(batch_size)
        if batch_size > 2:
            raise torch.OutOfMemoryError
        return real(bundle, drawings, settings, batch_size=batch_size)

    request_scenes(n_variants=2, max_attempts=1)
    monkeypatch.setattr(sampling, "draw", scarce)
    monkeypatch.setattr(drawing, "_fitting", {})
    warm_models().keep_only()  # else the models of other tests are given back first
    assert draw(using={"networks": networks_with(batch_size=4)}).success
    assert tried == [4, 2, 2]
    first = rows(SceneAttempt)
    (profile,) = rows(ExecutionProfile, "execution_profiles")
    assert profile.batch_size == 2
    draw(using={"networks": networks_with(batch_size=2)}, keeps_rejected=True)
    assert rows(SceneAttempt) == first


def test_a_killed_run_ends_as_if_it_was_not(
    request_scenes, drawing_resources, monkeypatch, tmp_path
):
    request_scenes(n_variants=2, max_attempts=1)
    data, networks = drawing_resources["data"], drawing_resources["networks"]

    def run(store, on_row=lambda: None):
        def row_after(*args, **kwargs):
            on_row()
            return attempt_row(*args, **kwargs)

        monkeypatch.setattr(attempting, "attempt_row", row_after)
        where = ScenePartition(round="round-1", city="oslo")
        config = SynthesisConfig(min_iou=0.3, scenes_per_item=1)
        order = plan_synthesis(where, config, data, store, networks)
        return synthesis.synthesize(order, store.open(), Engine(mode="inline"), run_id="")

    other = ManifestStore(root=str(shutil.copytree(tmp_path / "store", tmp_path / "other")))
    undisturbed, rows_made = run(other), []
    monkeypatch.setattr(drafts, "FLUSH_ITEMS", 1)
    process = os.fork()
    if not process:
        torch.set_num_threads(1)  # those of the parent are not there
        calls = iter(range(100))
        run(
            drawing_resources["store"],
            lambda: next(calls) == 2 and os.kill(os.getpid(), signal.SIGKILL),
        )
        os._exit(1)
    assert os.waitpid(process, 0)[1] == signal.SIGKILL
    resumed = run(drawing_resources["store"], lambda: rows_made.append(1))
    assert resumed.fingerprint == undisturbed.fingerprint
    assert len(rows_made) == 2


@pytest.mark.slow
def test_worker_processes_draw_the_same_bytes(request_scenes, draw, drawing_resources, tmp_path):
    request_scenes(max_attempts=2)
    other = ManifestStore(root=str(shutil.copytree(tmp_path / "store", tmp_path / "other")))
    wanted = {"min_iou": 0.3, "min_kept_frac": 0.0}
    draw(**wanted)
    using = {"engine": Engine(mode="processes", n_workers=2), "store": other}
    draw(using=using, scenes_per_item=1, **wanted)
    inline, processes = (
        store.open().manifests.latest("synthetic_scenes", PARTITION).fingerprint
        for store in (drawing_resources["store"], other)
    )
    assert inline == processes


def test_a_quantile_needs_a_calibration_of_this_detector(
    request_scenes, draw, calibrate, rows, drawing_resources
):
    request_scenes()
    assert "materialize detector_calibration first" in told(draw(ood_quantile=0.5))
    result = calibrate(n_frames=3)
    assert result.success
    metadata = result.asset_materializations_for_node("detector_calibration")[0].metadata
    assert metadata["frames"].value == 3
    draw(ood_quantile=0.99, min_kept_frac=0.0)
    manifests = store_of(drawing_resources).manifests
    calibration = manifests.latest("detector_calibration")
    drawn = manifests.latest("synthetic_scenes", PARTITION)
    assert parents_of(calibration).items() <= drawn.parents.items()
    scores = [row.mean_ood_score for row in rows(ObjectAttempt, "object_attempts")]
    assert scores
    (part,) = calibration.tables["known_scores"].parts
    (manifests.partition_folder("detector_calibration", UNPARTITIONED) / part.path).unlink()
    assert calibrate(n_frames=3).success
    assert manifests.latest("detector_calibration").fingerprint == calibration.fingerprint


@pytest.mark.parametrize(
    ("device", "n_gpus", "taken"), [("auto", 1, {"GPU": 1.0}), ("auto", 0, {}), ("cpu", 1, {})]
)
def test_an_item_takes_a_gpu_where_one_is_offered(
    request_scenes, draw, drawing_resources, networks_with, monkeypatch, device, n_gpus, taken
):
    request_scenes()
    run, asked = Engine.map, []

    def noted(self, *arguments, resources, **more):
        asked.append(resources)
        return run(self, *arguments, resources=resources, **more)

    monkeypatch.setattr(offers, "n_gpus", lambda: n_gpus)
    monkeypatch.setattr(Engine, "map", noted)
    networks = networks_with(device=device)
    assert draw(using={"networks": networks}).success
    store, data = store_of(drawing_resources), drawing_resources["data"]
    order = plan_calibration(
        data.folder, networks.sources_for(data.world), networks.compute,
        short_side_px=32, n_frames=1,
    )  # fmt: skip
    calibrate(order, store, drawing_resources["engine"], run_id="test")
    assert asked == [taken, taken]


def test_two_ood_thresholds_are_one_clear_error(request_scenes, draw):
    request_scenes()
    assert "remove one" in told(draw(min_ood_score=0.0, ood_quantile=0.5))


@pytest.mark.parametrize(
    "wrong", [{"sampler": "magic"}, {"min_ood_score": float("nan")}, {"guidance": 0.5}]
)
def test_what_cannot_be_drawn_with_is_refused_at_once(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        SynthesisConfig(**wrong)


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
