"""From a sample to frame, object, drawing, verdict and checkpoints; also after vacuum."""

import json
import shutil
from dataclasses import replace

import pytest

from assets.tracing.names import name_of_sample
from assets.tracing.plain import to_plain
from assets.tracing.reading import Reader
from assets.tracing.roles import Role
from assets.tracing.samples import trace_sample
from storage.manifests.vacuum import vacuum
from storage.scene_records import LabelledScene
from tests.assets.labelling.drawn_world import PARTITION, Spec, seed_of
from tests.assets.segmenters.conftest import NAME
from tests.assets.tracing.traced_world import FRAMES, SAMPLE

STAGES = ("scene_requests", "synthetic_scenes", "filtered_scenes", "labelled_scenes")


def traced(home, store, name=SAMPLE, image=None):
    return trace_sample(name_of_sample(name), image, Reader(store), home / "data")


def remove(store, *assets):
    for asset in assets:
        shutil.rmtree(store.manifests.folder / asset)


def test_a_sample_is_walked_to_all_that_it_was_made_from(traced_home, store):
    found = traced(traced_home, store)
    assert found.notes == ()
    assert [one.state for one in found.files] == ["there, the same bytes"] * 2
    assert found.files[0].name.endswith(f"{FRAMES[0]}_leftImg8bit.png")
    assert [one.what for one in found.blobs] == [
        "picture", "label", "layout with the pasted objects", "layout with SAM's masks",
    ]  # fmt: skip
    assert all(one.path for one in found.blobs)
    assert found.row.prompt == "a prompt of 0"
    assert found.row.seed == seed_of(Spec(number=0, attempt=1))
    making = found.making
    assert [one.told for one in making.attempts] == [
        "rejected: sam_disagrees",
        "accepted, chosen",
    ]
    assert [len(one.objects) for one in making.attempts] == [1, 2]
    assert making.request.row.negative_prompt == "ugly"
    assert making.provenance["generator"] == "tiny@0123"
    assert [one.banked.row.source_image for one in making.objects] == ["image.jpg"] * 2
    assert [one.object_id for one in making.objects] == ["ade20k/train/0", "ade20k/train/1"]
    assert "license of the generator" in found.row.licenses
    assert [version.partition for version in found.training_sets] == [NAME]


def test_the_checkpoints_that_used_it_are_named_with_its_part(traced_home, store):
    held_out = traced(traced_home, store).uses[0].checkpoint.row.held_out_frame_ids
    for frame_id in FRAMES:
        name = SAMPLE.replace(FRAMES[0], frame_id)
        (use,) = traced(traced_home, store, name).uses
        assert use.role is (Role.SCORED if frame_id in held_out else Role.LEARNED)
        assert use.is_same_picture
    second = traced(traced_home, store, f"{SAMPLE.replace(FRAMES[0], FRAMES[1])[:-1]}1")
    assert second.uses[0].role is (Role.LEFT_OUT if FRAMES[1] in held_out else Role.LEARNED)


def test_lineage_outlives_all_but_the_training_set(traced_home, store):
    whole = traced(traced_home, store)
    remove(store, *STAGES, "ood_objects")
    found = traced(traced_home, store)
    for fact in ("prompt", "seed", "generator", "licenses", "attempt", "object_ids", "weather"):
        assert getattr(found.row, fact) == getattr(whole.row, fact)
    assert found.scene is None
    assert found.making.attempts == ()
    assert found.making.objects[0].banked.row is None
    assert found.notes[0] == "labelled_scenes: no kept version has this scene any more"
    assert f"synthetic_scenes {PARTITION}: is not in the store any more" in found.notes
    assert [use.role for use in found.uses] == [use.role for use in whole.uses]
    assert [one.what for one in found.blobs] == ["picture", "label"]


def test_after_a_real_vacuum_another_version_that_agrees_stands_in(traced_home, store):
    for asset in STAGES:
        former = store.manifests.wanted(asset, PARTITION)
        tables = {name: store.manifests.rows(former, name) for name in former.tables}
        if asset == "filtered_scenes":
            tables["scene_verdicts"] = tables["scene_verdicts"].slice(1)
        if asset == "scene_requests":
            tables["scene_requests"] = tables["scene_requests"].slice(1)
        store.manifests.commit(asset, tables, partition=PARTITION, parents=former.parents)
    vacuum(store.manifests, store.blobs, keep_versions=1, min_age_s=0)
    found = traced(traced_home, store)
    assert found.making.request.row is not None
    assert [one.told for one in found.making.attempts] == [
        "its verdict is not there any more",
        "accepted, chosen",
    ]
    assert len(found.notes) == 2
    assert all("is not in the store any more; version " in note for note in found.notes)


def test_a_name_that_had_two_pictures_keeps_them_apart(traced_home, store):
    scenes = store.manifests.read_records(
        "labelled_scenes", "labelled_scenes", LabelledScene, partition=PARTITION
    )
    first = traced(traced_home, store).row.image_sha256
    other = store.blobs.put(b"another picture", ".png")
    changed = [replace(scenes[0], image_sha256=other, seed=5, prompt="new"), *scenes[1:]]
    store.manifests.commit(
        "labelled_scenes", {"labelled_scenes": changed, "quarantine": []}, partition=PARTITION
    )
    found = traced(traced_home, store)
    assert (found.row.prompt, found.other_pictures) == ("new", (first,))
    assert found.training_sets == ()
    assert [use.is_same_picture for use in found.uses] == [False]
    assert found.making.attempts == ()  # nothing was drawn from this seed
    before = traced(traced_home, store, image=first)
    assert before.row.prompt == "a prompt of 0"
    assert before.other_pictures == (other,)
    assert before.uses[0].is_same_picture
    assert before.making.attempts


def test_checkpoints_of_a_lost_training_set_are_not_guessed_at(traced_home, store):
    remove(store, "training_set")
    found = traced(traced_home, store)
    assert found.uses == found.training_sets == ()
    assert len(found.unknown_uses) == 1
    assert found.files[0].state == "there, the same bytes"  # the request wrote them down


def test_a_photograph_that_changed_or_went_is_told(traced_home, store):
    path = next((traced_home / "data").rglob(f"{FRAMES[0]}_leftImg8bit.png"))
    path.write_bytes(b"other")
    assert traced(traced_home, store).files[0].state == "there, with other bytes than were used"
    path.unlink()
    assert traced(traced_home, store).files[0].state == "not below the data root"


def test_json_holds_all_but_masks(traced_home, store):
    plain = json.loads(json.dumps(to_plain(traced(traced_home, store))))
    assert plain["kind"] == "sample"
    assert plain["making"]["attempts"][0]["verdict"]["reason"] == "sam_disagrees"
    assert "sam_mask_rle" not in plain["making"]["attempts"][0]["objects"][0]
    assert plain["uses"][0]["checkpoint"]["version"]["asset"] == "segmenter_checkpoint"


def test_an_unknown_name_is_refused(traced_home, store):
    with pytest.raises(LookupError, match="need a sample that a kept version has"):
        traced(traced_home, store, "labelled_scenes/round-9/x/0")
