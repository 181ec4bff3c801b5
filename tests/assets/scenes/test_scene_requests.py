"""Scene requests as an asset: real files in, a real Dagster run, a real manifest out."""

import re
from pathlib import Path

import dagster as dg
import numpy as np
import pytest
from PIL import Image

from assets.engine.resource import Engine
from assets.partitions import open_round
from assets.resources import DataRoot, ManifestStore
from assets.scene_requests import scene_requests
from assets.scenes import requests as requests_module
from assets.scenes.checks import Limits, answer_all
from assets.scenes.config import SceneRequestsConfig
from assets.sources import sources
from models.scenes import paste_mask
from models.seeding import derive_seed
from storage.images import file_sha256, write_png
from storage.records import Quarantined
from storage.rle import decode_mask
from storage.scene_records import SceneRequest
from tests.assets.scenes.small_world import (
    CAR,
    ROWS,
    bank_row,
    commit_bank,
    street,
    write_frame,
)

PARTITION = "lisbon|round-1"


def rows_of(resources, partition=PARTITION, table="scene_requests", record=SceneRequest):
    manifests = resources["store"].open().manifests
    return manifests.read_records("scene_requests", table, record, partition=partition)


def metadata_of(result):
    return result.asset_materializations_for_node("scene_requests")[0].metadata


def told(result):
    """What a failed step says."""
    (event,) = [event for event in result.all_events if event.is_step_failure]
    data = event.step_failure_data
    return f"{data.user_failure_data.description if data.user_failure_data else ''} {data.error}"


def answers(result):
    return {answer.check_name: answer.passed for answer in result.get_asset_check_evaluations()}


def test_every_attempt_is_a_row_that_says_everything(run, resources, data_root):
    assert run(n_variants=2, max_attempts=3, plain_frac=0.0).success
    rows = rows_of(resources)
    assert len(rows) == 4 * 2 * 3
    masks = {row.object_id: row for row in ROWS}
    for row in rows:
        name = (row.round, row.frame_id, row.variant, row.attempt)
        assert row.seed == derive_seed(*name)
        (object_id,) = row.object_ids
        source = masks[object_id]
        assert source.verdict == "kept"
        assert row.object_class_names == (source.class_name,)
        assert row.object_licenses == (source.license,)
        assert f"There is a {source.class_name} acc" in row.prompt
        assert f"in {row.place} in a {row.weather} {row.time}." in row.prompt
        assert row.image_sha256 == file_sha256(data_root / row.image)
        assert row.label_sha256 == file_sha256(data_root / row.label)
        assert "multishift" in row.license
        assert (row.height_px, row.width_px, row.reason) == (128, 256, None)


def test_the_mask_is_that_of_object_and_box(run, resources):
    run(flip_frac=0.5, max_attempts=3)
    sources = {row.object_id: row for row in ROWS}
    flips = set()
    for row in rows_of(resources):
        source = sources[row.object_ids[0]]
        mask = decode_mask(source.mask_rle, height_px=60, width_px=80)
        cut = mask[source.box_y_px :, source.box_x_px :]
        cut = cut[: source.box_height_px, : source.box_width_px]
        (x,), (y,) = row.object_x_px, row.object_y_px
        box = (x, y, row.object_width_px[0], row.object_height_px[0])
        (is_flipped,) = row.object_is_flipped
        pasted = paste_mask(cut, box, (128, 256), is_flipped=is_flipped)
        assert (decode_mask(row.object_mask_rles[0], height_px=128, width_px=256) == pasted).all()
        flips.add(is_flipped)
    assert flips == {True, False}


def test_attempts_share_their_words_and_nothing_else(run, resources):
    run(n_variants=3, max_attempts=4, plain_frac=0.3)
    scenes = {}
    for row in rows_of(resources):
        scenes.setdefault((row.frame_id, row.variant), []).append(row)
    for attempts in scenes.values():
        assert len({(row.place, row.weather, row.time) for row in attempts}) == 1
        assert len({row.seed for row in attempts}) == 4
        assert len({row.object_mask_rles for row in attempts}) == 4
    assert len({rows[0].place for rows in scenes.values()}) > 2


def test_equal_inputs_give_equal_rows_and_commit_nothing_new(run, resources, tmp_path, monkeypatch):
    first = metadata_of(run())
    monkeypatch.setattr(requests_module, "request_scenes", refuse)
    second = metadata_of(run())
    assert second["manifest_version"] == first["manifest_version"]
    assert second["fingerprint"] == first["fingerprint"]
    monkeypatch.undo()
    other = {**resources, "store": ManifestStore(root=str(tmp_path / "other"))}
    commit_bank(other, ROWS[::-1])
    assert metadata_of(run(using=other))["fingerprint"] == first["fingerprint"]


def refuse(item):
    raise AssertionError(f"{item} should not be requested again")


def test_a_city_alone_has_the_rows_that_it_has_among_others(run, resources, tmp_path):
    run()
    run("oslo")
    alone = tmp_path / "alone"
    for number in (3, 1, 0, 2):
        write_frame(alone, "lisbon", number)
    marker = Path(resources["data"].path) / "miniature.json"
    (alone / marker.name).write_bytes(marker.read_bytes())
    other = {
        **resources,
        "data": DataRoot(path=str(alone)),
        "store": ManifestStore(root=str(tmp_path / "other")),
    }
    commit_bank(other, ROWS)
    assert run(using=other).success
    assert rows_of(other) == rows_of(resources)
    assert {row.city for row in rows_of(resources, "oslo|round-1")} == {"oslo"}


def test_more_variants_and_attempts_only_add_rows(run, resources):
    run(n_variants=1, max_attempts=2)
    few = rows_of(resources)
    run(n_variants=2, max_attempts=3)
    assert {row.seed: row for row in few}.items() <= {r.seed: r for r in rows_of(resources)}.items()


def test_another_round_gives_other_scenes_of_the_same_frames(run, resources, instance, data_root):
    run()
    open_round(instance, data_root, "round-2")
    assert run(round_key="round-2").success
    first, second = rows_of(resources), rows_of(resources, "lisbon|round-2")
    assert [row.frame_id for row in first] == [row.frame_id for row in second]
    assert not {row.seed for row in first} & {row.seed for row in second}
    assert [row.object_mask_rles for row in first] != [row.object_mask_rles for row in second]


def test_frames_without_road_are_rows_with_their_reason(run, resources, data_root):
    write_frame(data_root, "lisbon", 1, street(1, has_road=False))
    small = street(2, has_road=False)
    small[100:104, 100:104] = 7
    write_frame(data_root, "lisbon", 2, small)
    full = np.full((128, 256), CAR, np.uint8)
    full[::2, ::2] = 7
    write_frame(data_root, "lisbon", 3, full)
    result = run(placement="perspective", max_attempts=2, max_empty_frac=0.8)
    assert result.success
    reasons = {(row.frame_id[:13], row.attempt): row.reason for row in rows_of(resources)}
    assert reasons == {
        ("lisbon_000000", 0): None,
        ("lisbon_000000", 1): None,
        ("lisbon_000001", 0): "no_road",
        ("lisbon_000002", 0): "small_road",
        ("lisbon_000003", 0): "no_room",
        ("lisbon_000003", 1): "no_room",
    }
    empty = [row for row in rows_of(resources) if row.reason]
    assert all(row.prompt == "" and row.object_ids == () and row.place is None for row in empty)
    assert metadata_of(result)["frames_with_scenes"].value == 1
    blocked = run(placement="perspective", max_attempts=2, max_empty_frac=0.5)
    assert not blocked.success
    assert answers(blocked)["scenes_requested"] is False


def test_a_city_where_no_frame_has_a_road_blocks(run, resources, data_root):
    for number in range(2):
        write_frame(data_root, "oslo", number, street(1, has_road=False))
    assert not run("oslo", max_empty_frac=1.0).success
    assert [row.reason for row in rows_of(resources, "oslo|round-1")] == ["no_road"] * 2


def test_several_objects_do_not_overlap(run, resources):
    run(min_objects=2, max_objects=3, placement="perspective")
    numbers = set()
    for row in rows_of(resources):
        if row.reason:
            continue
        masks = [decode_mask(m, height_px=128, width_px=256) for m in row.object_mask_rles]
        assert np.sum(masks, axis=0).max() == 1
        numbers.add(len(masks))
        assert len(set(row.object_ids)) == len(masks)
    assert numbers == {2, 3}


def test_scenes_may_have_other_conditions_only(run, resources, data_root):
    write_frame(data_root, "lisbon", 1, street(1, has_road=False))
    result = run(min_objects=0, max_objects=0, plain_frac=0.0, max_attempts=2, max_empty_frac=0.0)
    assert result.success
    found = rows_of(resources)
    assert len(found) == 8
    for row in found:
        assert (row.reason, row.object_ids, row.object_mask_rles) == (None, (), ())
        assert row.place in row.prompt
        assert "There is" not in row.prompt
        assert row.negative_prompt
    assert len({row.seed for row in found}) == 8


def test_a_range_from_none_keeps_frames_without_road(run, resources, data_root):
    write_frame(data_root, "lisbon", 1, street(1, has_road=False))
    assert run(min_objects=0, max_objects=2, max_attempts=9).success
    found = rows_of(resources)
    assert not any(row.reason for row in found)
    numbers = {len(row.object_ids) for row in found if row.frame_id != "lisbon_000001_000019"}
    assert numbers == {0, 1, 2}
    assert not any(row.object_ids for row in found if row.frame_id == "lisbon_000001_000019")


def test_a_scene_without_objects_needs_none_in_the_bank(run, resources):
    assert run(class_list="disjoint_train", min_objects=0, max_objects=0).success


def test_training_words_shift_nothing(run, resources):
    run(plain_frac=0.0, places="training", weathers="training", times="training", n_variants=5)
    found = rows_of(resources)
    assert {row.place for row in found} <= {"lisbon", "hamburg", "zurich", "miami", "boston"}
    assert {row.weather for row in found} == {"clear", "cloudy"}
    assert {row.time for row in found} == {"day"}


def test_bad_files_are_in_quarantine_and_stop_nothing(run, resources, data_root):
    labels = sorted((data_root / "cityscapes").rglob("train/lisbon/*_labelIds.png"))
    palette = Image.fromarray(street(0))
    palette.putpalette([0] * 768)
    palette.save(labels[0])
    write_png(labels[1], street(1)[:64])
    result = run(max_bad_frac=0.5)
    assert result.success
    bad = rows_of(resources, table="quarantine", record=Quarantined)
    assert [row.item[-20:] for row in bad] == ["lisbon_000000_000019", "lisbon_000001_000019"]
    assert "palette image" in bad[0].reason
    assert "need a label of 128x256 pixels, as its image has, got 64x256" in bad[1].reason
    assert str(data_root) not in bad[0].reason + bad[1].reason
    assert metadata_of(result)["quarantined"].value == 2
    blocked = run(max_bad_frac=0.1)
    assert not blocked.success
    assert answers(blocked)["few_quarantined"] is False


def test_a_frame_without_label_is_in_quarantine(run, resources, data_root):
    for path in (data_root / "cityscapes").rglob("train/lisbon/lisbon_000002*gtFine*"):
        path.unlink()
    assert run(max_bad_frac=0.5).success
    (bad,) = rows_of(resources, table="quarantine", record=Quarantined)
    assert "lisbon_000002" in bad.item


def test_a_failing_store_commits_nothing(run, resources, monkeypatch):
    run()
    monkeypatch.setattr(requests_module, "request_scenes", fail)
    result = run(flip_frac=1.0)
    assert not result.success
    assert "so nothing was committed" in told(result)
    assert resources["store"].open().manifests.latest_number("scene_requests", PARTITION) == 1


def fail(item):
    raise RuntimeError("no space left")


def test_a_damaged_version_is_made_again(run, resources):
    first = metadata_of(run())["fingerprint"]
    folder = Path(resources["store"].root) / "manifests" / "scene_requests"
    for part in folder.rglob("part-*.parquet"):
        part.write_bytes(part.read_bytes()[:50])
    again = metadata_of(run())
    assert again["fingerprint"] == first
    assert again["manifest_version"].value == 2


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (None, "need a bank of OOD objects, got none; materialize ood_objects first"),
        ([], r"need 1 or more kept objects of the class list published_train, got 0 \(0 rows"),
        ([bank_row(1, 20, verdict="rejected")], "got 0"),
    ],
)
def test_without_a_usable_bank_there_is_one_clear_error(run, resources, tmp_path, rows, said):
    other = {**resources, "store": ManifestStore(root=str(tmp_path / "other"))}
    if rows is not None:
        commit_bank(other, rows)
    result = run(using=other)
    assert not result.success
    assert re.search(said, told(result))


def test_a_bank_without_objects_of_the_class_list_is_told(run):
    result = run(class_list="disjoint_train", min_objects=2, max_objects=2, object_choice="uniform")
    assert result.success, "chairs are in that list"
    result = run(class_list="published_val", min_objects=2, max_objects=2)
    assert "need 2 or more kept objects of the class list published_val, got 1" in told(result)


def test_an_unknown_city_is_told(run, instance):
    instance.add_dynamic_partitions("city", ["atlantis"])
    result = run("atlantis")
    assert "complete frames of the city 'atlantis'" in told(result)
    assert "there are frames of lisbon, oslo" in told(result)


def test_custom_lists_and_their_errors(run, resources, data_root):
    (data_root / "places.txt").write_text("Utrecht\nGhent\n", encoding="utf-8")
    assert run(places="places.txt", plain_frac=0.0).success
    assert {row.place for row in rows_of(resources)} <= {"Utrecht", "Ghent"}
    assert run(places="published", plain_frac=0.0).success
    assert not {row.place for row in rows_of(resources)} & {"lisbon", "oslo"}
    (data_root / "places.txt").write_text("Utrecht\n\nGhent\n", encoding="utf-8")
    result = run(places="places.txt")
    assert "places.txt, line 2: need an entry, got an empty line" in told(result)


def test_changing_a_list_changes_the_rows(run, resources, data_root):
    (data_root / "places.txt").write_text("Utrecht\n", encoding="utf-8")
    run(places="places.txt", plain_frac=0.0)
    (data_root / "places.txt").write_text("Ghent\n", encoding="utf-8")
    run(places="places.txt", plain_frac=0.0)
    assert {row.place for row in rows_of(resources)} == {"Ghent"}


def test_reserved_places_and_kinds_block(run, resources, data_root):
    (data_root / "places.txt").write_text("Kyoto\n", encoding="utf-8")
    result = run(places="places.txt", plain_frac=0.0)
    assert not result.success
    assert answers(result)["nothing_reserved"] is False
    assert run().success
    commit_bank(resources, [bank_row(1, 20, name="bookcase")])
    assert answers(run())["nothing_reserved"] is False


def test_what_leaves_the_bank_is_requested_no_more(run, resources):
    run()
    commit_bank(resources, ROWS[2:])
    assert run().success
    assert {row.object_ids for row in rows_of(resources)} == {("ade20k/train/3",)}
    version = resources["store"].open().manifests.wanted("scene_requests", PARTITION)
    assert version.parents["ood_objects/all"].startswith("2:")


def test_requests_for_objects_that_left_the_bank_fail_their_check(run, resources):
    run()
    commit_bank(resources, ROWS[2:])
    store = resources["store"].open()
    version = store.manifests.wanted("scene_requests", PARTITION)
    found = {
        answer.check_name: answer
        for answer in answer_all(version, store, Limits(max_bad_frac=0.0, max_empty_frac=0.0))
    }
    assert not found["objects_in_bank"].passed
    assert found["objects_in_bank"].metadata["lost"].value == 2
    assert all(found[name].passed for name in found if name != "objects_in_bank")


def test_people_see_counts_histograms_and_a_sheet(run, resources):
    metadata = metadata_of(run(plain_frac=0.5))
    assert metadata["dagster/partition_row_count"].value == 20
    assert metadata["scenes"].value == 4
    conditions = {row.data["value"]: row.data["count"] for row in metadata["conditions"].records}
    assert sum(conditions.values()) == 4
    classes = {row.data["value"]: row.data["count"] for row in metadata["object_classes"].records}
    assert set(classes) <= {"chair", "box"}
    assert sum(classes.values()) == 20
    sheet = Path(metadata["contact_sheet_file"].value)
    assert sheet.parts[-3:] == ("scene_requests", "round-1", "lisbon.png")
    with Image.open(sheet) as picture:
        assert min(picture.size) > 500
    assert len(metadata["contact_sheet"].value) < 200_000


@pytest.mark.parametrize(
    "wrong",
    [
        {"n_variants": 0},
        {"max_attempts": 0},
        {"plain_frac": 1.5},
        {"night_frac": -0.1},
        {"min_visible_frac": 2.0},
        {"min_road_frac": -1.0},
        {"camera_height_m": 0.0},
        {"places": ""},
        {"placement": "anywhere"},
        {"object_choice": "mine"},
        {"min_objects": 3, "max_objects": 2},
    ],
)
def test_thresholds_out_of_range_are_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        SceneRequestsConfig(**wrong)


def test_processes_give_the_same_rows(run, resources, tmp_path):
    first = metadata_of(run())["fingerprint"]
    other = {
        **resources,
        "store": ManifestStore(root=str(tmp_path / "other")),
        "engine": Engine(mode="processes", n_workers=2),
    }
    commit_bank(other, ROWS)
    assert metadata_of(run(using=other))["fingerprint"] == first


def test_the_asset_needs_partitions_that_are_registered(resources):
    with dg.DagsterInstance.ephemeral() as empty, pytest.raises(dg.DagsterUnknownPartitionError):
        dg.materialize(
            [scene_requests, sources],
            selection="scene_requests",
            instance=empty,
            partition_key=PARTITION,
            resources=resources,
        )
