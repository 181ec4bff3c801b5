"""Labels as an asset: pictures and label maps in, a real Dagster run, real blobs out."""

import shutil
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from assets.engine.resource import Engine
from assets.labelling import labels as labels_module
from assets.labelling.checks import answer_all, read_committed
from assets.labelling.config import LabelConfig
from assets.labelling.order import plan_labels
from assets.partitions import ScenePartition
from storage.images import file_sha256, write_png
from storage.label_space import CITYSCAPES_LABELS, ade_class
from storage.manifests.vacuum import missing_blobs
from storage.png import png_text
from storage.records import Quarantined
from storage.rle import decode_mask
from storage.scene_records import LabelledScene
from tests.assets.labelling.drawn_world import (
    FRAME,
    PARTITION,
    PICTURE,
    ROUND,
    Spec,
    attempt_of,
    label_file,
    pasted_in_frame,
    pasted_in_picture,
    picture_png,
    pixels_of,
    sam_masks,
    seed_of,
    street,
    write_street,
)

TRAIN_IDS = {label.label_id: label.train_id for label in CITYSCAPES_LABELS}
CITYSCAPES_TO_ADE = {23: 3, 7: 7, 11: 2, 31: 81}
TWO = Spec(number=1, ious=(0.9, 0.8), oods=(1.0, 2.0))


def labels_of(store):
    return store.manifests.read_records(
        "labelled_scenes", "labelled_scenes", LabelledScene, partition=PARTITION
    )


def quarantine_of(store):
    return store.manifests.read_records(
        "labelled_scenes", "quarantine", Quarantined, partition=PARTITION
    )


def version_of(store):
    return store.manifests.wanted("labelled_scenes", PARTITION)


def metadata_of(result):
    return result.asset_materializations_for_node("labelled_scenes")[0].metadata


def answers(result):
    return {answer.check_name: answer.passed for answer in result.get_asset_check_evaluations()}


def told(result):
    """What a failed step says."""
    (event,) = [event for event in result.all_events if event.is_step_failure]
    failure = event.step_failure_data
    return f"{failure.user_failure_data and failure.user_failure_data.description} {failure.error}"


def table(metadata, name):
    return {row.data["value"]: row.data["count"] for row in metadata[name].records}


def below(size, old, y, x):
    """Pixel of a map of size ``old`` that lies below the center of a pixel at another size."""
    return int((y + 0.5) * old[0] / size[0]), int((x + 0.5) * old[1] / size[1])


def label_by_hand(spec, size, pasted, found):
    """The rules, pixel by pixel; masks have the size of the label."""
    label_ids, expected = street(spec.number), np.zeros(size, np.uint8)
    for y, x in np.ndindex(size):
        train_id = TRAIN_IDS[int(label_ids[below(size, FRAME, y, x)])]
        if train_id in (16, 17):  # the layout shows a bus, or a bicycle
            train_id = 255
        if any(mask[y, x] for mask in pasted):
            train_id = 255
        if any(mask[y, x] for mask in found):
            train_id = 254
        expected[y, x] = train_id
    return expected


def layout_by_hand(spec, size, found):
    label_ids, expected = street(spec.number), np.zeros((*size, 3), np.uint8)
    for y, x in np.ndindex(size):
        label_id = int(label_ids[below(size, FRAME, y, x)])
        if label_id in CITYSCAPES_TO_ADE:
            expected[y, x] = ade_class(CITYSCAPES_TO_ADE[label_id]).color
        if any(mask[y, x] for mask in found):
            expected[y, x] = 254
    return expected


def enlarged(masks, size):
    made = [np.zeros(size, bool) for _ in masks]
    for mask, new in zip(masks, made, strict=True):
        for y, x in np.ndindex(size):
            new[y, x] = mask[below(size, mask.shape, y, x)]
    return made


def test_every_pixel_of_a_label_follows_the_rules(draw, judge, label, store):
    specs = (Spec(number=0), TWO)
    draw(*specs)
    judge()
    label()
    for spec, row in zip(specs, labels_of(store), strict=True):
        pasted, found = pasted_in_picture(spec), sam_masks(spec)
        made = store.blobs.get_image(row.label_sha256)
        assert np.array_equal(made, label_by_hand(spec, PICTURE, pasted, found))
        assert {0, 10, 254, 255} <= set(np.unique(made))
        layout = store.blobs.get_image(row.sam_layout_sha256)
        assert np.array_equal(layout, layout_by_hand(spec, PICTURE, found))
        assert (row.n_ood_px, row.n_void_px) == ((made == 254).sum(), (made == 255).sum())
        masks = [decode_mask(m, height_px=32, width_px=64) for m in row.object_mask_rles]
        assert np.array_equal(masks, found)


def test_a_row_says_everything(draw, judge, label, store):
    draw(TWO)
    judge()
    label()
    (row,) = labels_of(store)
    attempt = attempt_of(TWO, store)
    assert (row.round, row.frame_id, row.variant, row.attempt) == (
        ROUND,
        "lisbon_000001_000019",
        0,
        0,
    )
    assert (row.image_sha256, row.layout_sha256) == (attempt.image_sha256, attempt.layout_sha256)
    assert (row.height_px, row.width_px) == PICTURE
    assert row.object_ids == ("ade20k/train/0", "ade20k/train/1")
    assert (row.object_class_ids, row.object_class_names) == ((20, 42), ("chair", "box"))
    assert row.object_ious == (0.9, 0.8)
    assert (row.prompt, row.place, row.weather, row.time) == (
        "a prompt of 1",
        "Ghent",
        "foggy",
        "night",
    )
    assert (row.seed, row.generator, row.profile_id) == (seed_of(TWO), "tiny@0123", "profile")
    assert row.licenses == (
        "license of cityscapes",
        "license of ade20k",
        "license of the generator",
    )
    assert row.source_label.endswith("lisbon_000001_000019_gtFine_labelIds.png")
    assert row.source_image.startswith("cityscapes/")


def test_a_generator_without_a_license_is_said_to_have_none(draw, judge, label, store):
    draw(Spec())
    scenes = store.manifests.wanted("synthetic_scenes", PARTITION)
    tables = {name: store.manifests.rows(scenes, name) for name in scenes.tables}
    store.manifests.commit("synthetic_scenes", tables, partition=PARTITION, parents=scenes.parents)
    judge(min_ood_score=0.0)
    label()
    (row,) = labels_of(store)
    assert row.licenses[-1] == row.generator == "unknown"


def test_only_the_chosen_attempt_of_a_scene_is_labelled(draw, judge, label, store):
    draw(
        Spec(attempt=0, ious=(0.1,)),
        Spec(attempt=1),
        Spec(attempt=2),
        Spec(variant=1, ious=(0.1,)),
        Spec(variant=2, oods=(9.0,)),
    )
    judge()
    label()
    assert [(row.variant, row.attempt) for row in labels_of(store)] == [(0, 1), (2, 0)]


def test_at_the_size_of_the_frame_the_label_is_sharp(draw, judge, label, store):
    draw(TWO)
    judge()
    label(config={"size": "frame"})
    (row,) = labels_of(store)
    assert (row.height_px, row.width_px) == FRAME
    found = enlarged(sam_masks(TWO), FRAME)
    told_at = [*pasted_in_frame(TWO), *enlarged(pasted_in_picture(TWO), FRAME)]
    made = store.blobs.get_image(row.label_sha256)
    assert np.array_equal(made, label_by_hand(TWO, FRAME, told_at, found))
    masks = [decode_mask(m, height_px=48, width_px=96) for m in row.object_mask_rles]
    assert np.array_equal(masks, found)
    sam_layout = store.blobs.get_image(row.sam_layout_sha256)
    assert np.array_equal(sam_layout, layout_by_hand(TWO, FRAME, found))
    layout = store.blobs.get_image(row.layout_sha256)
    for mask, class_id in zip(pasted_in_frame(TWO), (20, 42), strict=True):
        assert (layout[mask] == ade_class(class_id).color).all()
    rest = ~np.any(pasted_in_frame(TWO), axis=0)
    assert np.array_equal(layout[rest], layout_by_hand(TWO, FRAME, [])[rest])


def test_at_the_size_of_the_frame_the_picture_is_enlarged_and_keeps_its_text(
    draw, judge, label, store
):
    draw(Spec())
    judge()
    label(config={"size": "frame"})
    (row,) = labels_of(store)
    content = store.blobs.get(row.image_sha256)
    assert png_text(content) == png_text(picture_png(Spec()))
    expected = cv2.resize(pixels_of(Spec()), FRAME[::-1], interpolation=cv2.INTER_LINEAR)
    assert np.array_equal(store.blobs.get_image(row.image_sha256), expected)


@pytest.mark.parametrize("size", ["picture", "frame"])
def test_the_pasted_mask_can_be_the_label(draw, judge, run_labels, store, size):
    draw(TWO)
    judge()
    assert run_labels(size=size, label_mask="pasted").success
    (row,) = labels_of(store)
    pasted = {"picture": pasted_in_picture, "frame": pasted_in_frame}[size](TWO)
    wanted = {"picture": PICTURE, "frame": FRAME}[size]
    made = store.blobs.get_image(row.label_sha256)
    assert np.array_equal(made, label_by_hand(TWO, wanted, [], pasted))
    masks = [decode_mask(m, height_px=wanted[0], width_px=wanted[1]) for m in row.object_mask_rles]
    assert np.array_equal(masks, pasted)
    assert row.label_mask == version_of(store).provenance["label_mask"] == "pasted"
    run_labels()
    assert labels_of(store)[0].label_mask is None
    assert "label_mask" not in version_of(store).provenance, "else all is labelled again"


@pytest.mark.parametrize("size", ["picture", "frame"])
def test_a_scene_without_objects_has_the_classes_of_its_frame(draw, judge, run_labels, store, size):
    bare = Spec(ious=(), oods=())
    draw(bare)
    judge()
    assert run_labels(size=size).success
    (row,) = labels_of(store)
    made = store.blobs.get_image(row.label_sha256)
    wanted = {"picture": PICTURE, "frame": FRAME}[size]
    assert np.array_equal(made, label_by_hand(bare, wanted, [], []))
    assert (row.n_ood_px, row.object_ids, row.object_mask_rles, row.object_ious) == (0, (), (), ())


def test_what_sam_did_not_find_is_void_and_told(draw, judge, run_labels, store):
    draw(replace(TWO, oods=(1.0, None)), Spec(oods=(None,)))
    judge(accepts_all=True)
    result = run_labels()
    bare, both = labels_of(store)
    assert (bare.n_ood_px, both.n_ood_px > 0) == (0, True)
    pasted, found = pasted_in_picture(TWO), sam_masks(TWO)[:1]
    made = store.blobs.get_image(both.label_sha256)
    assert np.array_equal(made, label_by_hand(TWO, PICTURE, pasted, found))
    assert answers(result)["object_in_every_label"] is False


def test_another_size_is_another_version_and_back_again(draw, judge, label, store):
    draw(Spec())
    judge()
    first = label().fingerprint
    assert label(config={"size": "frame"}).fingerprint != first
    assert label().fingerprint == first
    assert not missing_blobs(store.manifests, store.blobs, "labelled_scenes", PARTITION)


def test_an_unchanged_rerun_returns_the_same_version(draw, judge, run_labels, store, monkeypatch):
    draw(Spec(number=0), TWO)
    judge()
    first = metadata_of(run_labels())
    monkeypatch.setattr(labels_module, "label_scene", refuse)
    again = metadata_of(run_labels(max_bad_frac=0.5))
    assert again["manifest_version"] == first["manifest_version"]
    names = ("filtered_scenes", "scene_requests", "synthetic_scenes")
    assert version_of(store).parents.keys() == {f"{name}/{PARTITION}" for name in names}


def refuse(item):
    raise AssertionError(f"{item} should not be labelled again")


def test_a_lost_blob_is_made_again(draw, judge, label, store):
    draw(Spec())
    judge()
    label()
    (row,) = labels_of(store)
    Path(store.blobs.path(row.label_sha256)).unlink()
    label()
    assert store.blobs.exists(row.label_sha256)
    assert labels_of(store) == [row]


def test_looser_thresholds_add_labels_and_change_none(draw, judge, label, store):
    draw(Spec(number=0), replace(TWO, ious=(0.6, 0.9)))
    judge()
    label()
    strict = labels_of(store)
    judge(min_iou=0.5)
    label()
    assert labels_of(store)[:1] == strict
    assert len(labels_of(store)) == 2


def test_a_changed_label_file_is_in_quarantine_and_named(draw, judge, run_labels, store, data_root):
    draw(Spec(number=0), TWO)
    judge()
    changed = street(0)
    changed[30:] = 8
    write_street(data_root, 0, changed)
    result = run_labels(max_bad_frac=0.5)
    assert result.success
    assert [row.frame_id for row in labels_of(store)] == ["lisbon_000001_000019"]
    (bad,) = quarantine_of(store)
    assert (bad.item, bad.status) == ("lisbon_000000_000019/0/0", "bad_input")
    assert bad.reason.startswith("cityscapes/")
    assert "lisbon_000000_000019_gtFine_labelIds.png" in bad.reason
    assert str(data_root) not in bad.reason
    assert metadata_of(result)["quarantined"].value == 1
    blocked = run_labels(max_bad_frac=0.4)
    assert answers(blocked)["few_quarantined"] is False
    assert version_of(store).version == 1, "the same files, the same version"


def test_a_label_file_that_is_put_right_is_labelled(draw, judge, label, store, data_root):
    draw(Spec(number=0), TWO)
    judge()
    path = label_file(data_root, 0)
    before = file_sha256(path)
    kept = path.read_bytes()
    path.unlink()
    label()
    assert len(quarantine_of(store)) == 1
    path.write_bytes(kept)
    assert file_sha256(path) == before
    label()
    assert (len(labels_of(store)), quarantine_of(store)) == (2, [])


def test_a_palette_label_is_in_quarantine(draw, judge, label, store, data_root):
    draw(Spec(number=0), TWO)
    judge()
    write_png(label_file(data_root, 0), np.zeros((*FRAME, 3), np.uint8))
    label()
    assert [row.status for row in quarantine_of(store)] == ["bad_input"]


def test_pictures_that_were_not_kept_stop_the_labels(draw, judge, label, store):
    draw(Spec(number=0), replace(TWO, has_image=False))
    judge()
    with pytest.raises(ValueError, match="need the pictures of all accepted attempts") as said:
        label()
    assert "got none of 1" in str(said.value)
    assert "frame lisbon_000001_000019, variant 0, attempt 0" in str(said.value)
    assert store.manifests.latest("labelled_scenes", PARTITION) is None


def test_pictures_that_were_not_kept_are_drawn_again_and_checked(draw, judge, label, store):
    lost = [replace(TWO, has_image=False), Spec(number=2, has_image=False), Spec(number=3)]
    draw(*lost)
    judge()
    asked = []

    def redraw(attempts):
        asked.extend(attempts)
        drawn = (store.blobs.put(picture_png(spec), ".png") for spec in lost[:2])
        return {(row.frame_id, 0, 0): name for row, name in zip(attempts, drawn, strict=True)}

    label(redraw=redraw)
    assert [row.frame_id[7:13] for row in asked] == ["000001", "000002"]
    rows = labels_of(store)
    assert [row.frame_id[7:13] for row in rows] == ["000001", "000002", "000003"]
    assert all(store.blobs.get(r.image_sha256) for r in rows)
    label(redraw=refuse)


def test_another_picture_than_the_one_that_was_scored_is_refused(draw, judge, label, store):
    draw(Spec(number=0), replace(TWO, has_image=False))
    judge()

    def redraw(attempts):
        return {("lisbon_000001_000019", 0, 0): store.blobs.put(picture_png(Spec()), ".png")}

    with pytest.raises(RuntimeError, match=r"1 of 2 pictures failed.*picture that was scored"):
        label(redraw=redraw)
    with pytest.raises(RuntimeError, match="could not be drawn again"):
        label(redraw=lambda attempts: {})
    assert store.manifests.latest("labelled_scenes", PARTITION) is None


def test_a_run_that_was_stopped_goes_on_where_it_was(draw, judge, label, store, monkeypatch):
    specs = [Spec(number=number) for number in range(4)]
    draw(*specs)
    judge()
    done, real = [], labels_module.label_scene

    def stops(item):
        if len(done) == 2:
            raise KeyboardInterrupt
        done.append(item.attempt.frame_id)
        return real(item)

    monkeypatch.setattr(labels_module, "label_scene", stops)
    with pytest.raises(KeyboardInterrupt):
        label()
    assert store.manifests.latest("labelled_scenes", PARTITION) is None

    def goes_on(item):
        assert item.attempt.frame_id not in done
        return real(item)

    monkeypatch.setattr(labels_module, "label_scene", goes_on)
    label()
    assert len(labels_of(store)) == 4


def test_a_failing_store_commits_nothing(draw, judge, label, store, monkeypatch):
    draw(Spec(number=0), TWO)
    judge()
    monkeypatch.setattr(labels_module, "label_scene", refuse)
    with pytest.raises(RuntimeError, match="2 of 2 pictures failed, so nothing was committed"):
        label()
    assert store.manifests.latest("labelled_scenes", PARTITION) is None


@pytest.mark.slow
def test_processes_give_the_same_labels(draw, judge, label, tmp_path):
    draw(Spec(number=0), TWO, Spec(number=2))
    judge()
    first = label().fingerprint
    shutil.rmtree(tmp_path / "store" / "manifests" / "labelled_scenes")
    assert label(engine=Engine(mode="processes", n_workers=2)).fingerprint == first


def test_without_verdicts_there_is_one_clear_error(draw, run_labels):
    draw(Spec())
    assert "materialize filtered_scenes first" in told(run_labels())


def test_verdicts_on_scenes_that_are_gone_are_an_error(draw, judge, label, tmp_path):
    draw(Spec())
    judge()
    draw(Spec(ious=(0.8,)))
    folder = tmp_path / "store" / "manifests" / "synthetic_scenes"
    next(folder.rglob("00000001.json")).unlink()
    with pytest.raises(ValueError, match=r"need the version of synthetic_scenes that it was made"):
        label()


def test_labels_are_those_of_the_requests_that_were_drawn(draw, judge, label, store):
    """New requests change nothing until they are drawn."""
    draw(Spec())
    judge()
    requests = store.manifests.wanted("scene_requests", PARTITION)
    store.manifests.commit(
        "scene_requests", {"scene_requests": [], "quarantine": []}, partition=PARTITION
    )
    named = label().parents[f"scene_requests/{PARTITION}"]
    assert named == f"{requests.version}:{requests.fingerprint}"


def test_attempts_that_nobody_asked_for_are_an_error(draw, judge, label, store):
    draw(Spec())
    scenes = store.manifests.wanted("synthetic_scenes", PARTITION)
    other = replace(attempt_of(Spec(), store), seed=1)
    objects = store.manifests.rows(scenes, "object_attempts")
    store.manifests.commit(
        "synthetic_scenes",
        {"scene_attempts": [other], "object_attempts": objects},
        partition=PARTITION,
        parents=scenes.parents,
    )
    judge(min_ood_score=0.0)
    with pytest.raises(ValueError, match="got another seed or other objects at frame lisbon_0000"):
        label()


def test_checks_look_at_the_pictures(draw, judge, run_labels, store, resources):
    draw(*[Spec(number=number) for number in range(5)])
    judge()
    assert all(answers(run_labels()).values())
    rows = labels_of(store)
    small, foreign = np.zeros((3, 4), np.uint8), np.full(PICTURE, 33, np.uint8)
    wrong = [
        replace(rows[0], label_sha256=store.blobs.put_image(small)),
        replace(rows[1], label_sha256=store.blobs.put_image(foreign)),
        replace(rows[2], image_sha256="0" * 64),
        replace(rows[3], attempt=7),
    ]
    version = store.manifests.commit(
        "labelled_scenes", {"labelled_scenes": wrong, "quarantine": []}, partition=PARTITION
    )
    order = plan_labels(
        ScenePartition(round=ROUND, city="lisbon"),
        LabelConfig(),
        resources["data"],
        resources["store"],
    )
    found = {a.check_name: a for a in answer_all(read_committed(version, store, order))}
    problems = {name: a.metadata["problems"].value for name, a in found.items() if not a.passed}
    assert problems.keys() == {
        "label_and_picture_aligned",
        "values_in_coding",
        "object_in_every_label",
        "all_chosen_labelled",
    }
    assert "got a picture of 32x64 and a label of 3x4" in problems["label_and_picture_aligned"]
    assert "is missing" in problems["label_and_picture_aligned"]
    assert problems["values_in_coding"] == "lisbon_000001_000019/0/0: [33]"
    assert "lisbon_000000_000019/0/0: no pixel of 254" in problems["object_in_every_label"]
    assert "lisbon_000004_000019/0/0 is chosen and not" in problems["all_chosen_labelled"]
    assert "lisbon_000003_000019/0/7 is labelled and not" in problems["all_chosen_labelled"]


def test_people_see_counts_shares_and_histograms(draw, judge, run_labels, store):
    draw(Spec(number=0), TWO)
    judge()
    metadata = metadata_of(run_labels())
    assert metadata["dagster/partition_row_count"].value == 2
    assert metadata["labelled_scenes"].value == 2
    assert table(metadata, "object_classes") == {"chair": 2, "box": 1}
    assert table(metadata, "conditions") == {"plain": 1, "foggy night": 1}
    labels = np.stack([store.blobs.get_image(row.label_sha256) for row in labels_of(store)])
    assert metadata["ood_frac"].value == pytest.approx((labels == 254).mean())
    assert metadata["void_frac"].value == pytest.approx((labels == 255).mean())
    assert metadata["provenance"].value["generator"] == "tiny@0123"
    assert "every chosen picture is labelled" in metadata["quarantine"].value


def test_nothing_accepted_is_nothing_labelled(draw, judge, run_labels, store):
    draw(Spec(ious=(0.1,)))
    judge()
    result = run_labels()
    assert result.success
    assert labels_of(store) == []
    assert metadata_of(result)["ood_frac"].value == 0.0
