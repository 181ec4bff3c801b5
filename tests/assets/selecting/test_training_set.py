"""The asset `training_set`: rows, what is refused, what is left out, what the UI shows."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from assets.selecting.checks import QUESTIONS
from assets.selecting.samples import data_version_of, sample_id
from storage.datasets.fishyscapes import write_fishyscapes_frame
from storage.images import file_sha256, write_png
from storage.manifests.vacuum import missing_blobs, vacuum
from storage.records import Quarantined
from storage.scene_records import LabelledScene
from tests.assets.selecting.conftest import (
    FRAME,
    HELD_OUT,
    LISBON,
    OSLO,
    answers,
    data_version,
    photograph,
    told,
)
from tests.storage.export.scenes import commit, scene

ALL = 'rounds = "all"'


def keys(rows):
    return [(row.round, row.frame_id, row.variant) for row in rows]


def test_a_row_joins_a_scene_with_the_photograph_of_its_frame(rounds, choose, pairs, data_root):
    choose('rounds = ["round-1"]\n[filters]\ncities = ["oslo"]')
    (row,) = pairs()
    (made,) = rounds.manifests.read_records(
        "labelled_scenes", "labelled_scenes", LabelledScene, partition="oslo|round-1"
    )
    shared = set(vars(row)) & set(vars(made)) - {"source_image", "source_label"}
    assert len(shared) == 19
    assert {name: getattr(row, name) for name in shared} == {
        name: getattr(made, name) for name in shared
    }
    assert row.asset == "labelled_scenes"
    assert row.source_image == f"cityscapes/leftImg8bit/train/oslo/{OSLO}_leftImg8bit.png"
    assert row.source_image_sha256 == file_sha256(data_root / row.source_image)
    assert row.source_label_sha256 == file_sha256(data_root / row.source_label)
    assert row.source_label_coding == "cityscapes_label_ids"
    assert sample_id(row) == f"labelled_scenes/round-1/{OSLO}/0"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [(1, 0, 0), (1, 0, 1), (1, 1, 0), (1, 9, 0), (2, 0, 0), (2, 2, 0)]),
        ('cities = ["lisbon"]', [(1, 0, 0), (1, 0, 1), (1, 1, 0), (2, 0, 0), (2, 2, 0)]),
        ('weather = ["foggy", "plain"]', [(1, 0, 1), (2, 0, 0), (2, 2, 0)]),
        ('time = ["night"]', [(1, 0, 0), (1, 1, 0), (1, 9, 0)]),
        ('places = ["plain"]', [(2, 0, 0), (2, 2, 0)]),
        ('object_classes = ["chair"]', [(1, 9, 0)]),
        ("min_object_iou = 0.8", [(1, 0, 0), (1, 0, 1), (1, 9, 0), (2, 0, 0), (2, 2, 0)]),
        ("min_ood_px = 6", [(1, 0, 0), (1, 0, 1), (1, 1, 0), (1, 9, 0), (2, 0, 0)]),
        ("max_variants = 1", [(1, 0, 0), (1, 1, 0), (1, 9, 0), (2, 2, 0)]),
    ],
)
def test_filters_keep_what_they_say(rounds, choose, pairs, text, expected):
    choose(f"{ALL}\n[filters]\n{text}")
    frames = {**dict(enumerate(LISBON)), 9: OSLO}
    assert keys(pairs()) == [(f"round-{r}", frames[f], v) for r, f, v in expected]


def test_the_order_of_rounds_decides_which_variants_stay(rounds, choose, pairs):
    choose('rounds = ["round-2", "round-1"]\n[filters]\nmax_variants = 1')
    assert ("round-2", LISBON[0], 0) in keys(pairs())
    assert ("round-1", LISBON[0], 0) not in keys(pairs())


def test_vetoed_samples_are_left_out(rounds, choose, pairs):
    veto = f'[[vetoed]]\nround = "round-1"\nframe = "{LISBON[0]}"\nvariant = 1\nreason = "floats"'
    waits = '[[vetoed]]\nround = "round-7"\nframe = "x"\nvariant = 0'
    choose(f"{ALL}\n{veto}\n{waits}")
    assert len(pairs()) == 5
    assert ("round-1", LISBON[0], 1) not in keys(pairs())


def test_sets_are_told_apart_and_held_out_frames_never_taken(imported, rounds, choose, pairs):
    choose('rounds = ["round-1"]\nimported = ["round-1"]')
    assert Counter(row.asset for row in pairs()) == {"labelled_scenes": 4, "imported_scenes": 1}
    assert len({sample_id(row) for row in pairs()}) == 5
    assert HELD_OUT not in {row.frame_id for row in pairs()}
    (bad,) = imported.manifests.read_records(
        "training_set", "quarantine", Quarantined, partition="mine"
    )
    assert bad.item == "porto_000001_000019"
    assert "need photograph and label of the frame below the data root" in bad.reason


def test_too_many_frames_without_photograph_block_what_follows(imported, rounds, select, pairs):
    result = select('rounds = ["round-1"]\nimported = "all"')
    assert not result.success
    assert list(answers(result)) == ["few_quarantined"]
    assert (
        "1 of 4 frames, limit 0.05; the first: porto_000001" in answers(result)["few_quarantined"]
    )
    assert len(pairs()) == 5


def test_a_label_outside_its_coding_is_a_row_with_its_reason(rounds, choose, pairs, data_root):
    path = next(data_root.rglob(f"{OSLO}_gtFine_labelIds.png"))
    write_png(path, photograph(0)[..., 0])
    choose(ALL)
    (bad,) = rounds.manifests.read_records(
        "training_set", "quarantine", Quarantined, partition="mine"
    )
    assert bad.reason.startswith(f"cityscapes/gtFine/train/oslo/{OSLO}_gtFine_labelIds.png: label")
    assert len(pairs()) == 5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            'rounds = ["round-1", "round-9"]',
            r"need a round that the store holds \(round-1, round-2\), got 'round-9'; correct the",
        ),
        (
            'imported = ["dtwp"]',
            r"need an imported set that the store holds \(none is there\), got 'dtwp'",
        ),
        (
            f'{ALL}\n[filters]\nweather = ["rainny"]',
            r"filters.weather: need values .* \(foggy, plain, rainy\), got 'rainny'",
        ),
        (
            f'{ALL}\n[filters]\ntime = ["day"]\ncities = ["oslo"]',
            "need a scene that passes all filters, got none: 6 found, .*1 after cities, 0 after",
        ),
        (
            f'{ALL}\n[[vetoed]]\nround = "round-1"\nframe = "{OSLO}"\nvariant = 3',
            "vetoed.0: need a scene of round-1, got frame 'oslo_000001_000019', variant 3",
        ),
    ],
)
def test_a_selection_that_fits_nothing_is_one_clear_error(rounds, choose, store, text, said):
    with pytest.raises(ValueError, match=rf"^selection mine: {said}") as error:
        choose(text)
    assert "\n" not in str(error.value)
    assert store.manifests.partitions("training_set") == []


def test_an_empty_store_and_an_empty_manifest_are_told(store, choose, select):
    said = told(select(ALL))
    assert said.startswith("selection mine: need a scene to choose from, got a store without")
    for key in ("lisbon|round-1", "lisbon|round-2"):
        store.manifests.commit(
            "labelled_scenes", {"labelled_scenes": [], "quarantine": []}, partition=key
        )
    with pytest.raises(ValueError, match="got an empty manifest of all"):
        choose(ALL)
    commit(store, [scene(store, frame_id=LISBON[0])])
    with pytest.raises(ValueError, match="got an empty manifest of round-2"):
        choose('rounds = ["round-1", "round-2"]')
    assert choose(ALL).rows("training_pairs") == 1


def test_lost_pictures_are_counted_with_their_cure(rounds, choose, pairs, store):
    choose(ALL)
    rows = pairs()
    for name in (rows[0].image_sha256, rows[3].label_sha256):
        store.blobs.path(name).unlink()
    said = (
        "need picture and label of all 6 chosen scenes, got 2 of which one is missing, .*"
        r"materialize again: labelled_scenes lisbon\|round-1, labelled_scenes oslo\|round-1$"
    )
    with pytest.raises(ValueError, match=said):
        choose(ALL)
    assert store.manifests.latest_number("training_set", "mine") == 1


def test_vacuum_keeps_the_pictures_of_a_training_set(rounds, choose, store):
    choose(ALL)
    for key in store.manifests.partitions("labelled_scenes"):
        store.manifests.commit(
            "labelled_scenes", {"labelled_scenes": [], "quarantine": []}, partition=key
        )
    vacuum(store.manifests, store.blobs, keep_versions=1, min_age_s=0)
    assert missing_blobs(store.manifests, store.blobs, "training_set", "mine") == []


def test_without_photographs_nothing_is_committed(rounds, choose, data_root, store):
    for path in data_root.rglob("*_leftImg8bit.png"):
        path.unlink()
    said = "need photographs of 4 frames .* got none that can be used; the first: lisbon_000000"
    with pytest.raises(ValueError, match=said):
        choose(ALL)
    assert store.manifests.partitions("training_set") == []


def test_a_photograph_of_a_benchmark_blocks_under_any_name(rounds, select, data_root):
    no_ood = np.zeros(FRAME, np.uint8)
    write_fishyscapes_frame(
        data_root / "fs_LostAndFound", name="0001", image=photograph(1), ood=no_ood
    )
    result = select(ALL)
    assert not result.success
    assert list(answers(result)) == ["no_held_out_frame"]
    said = answers(result)["no_held_out_frame"]
    assert said.endswith("its photograph is that of fs_LostAndFound/original/0001.png")


def test_checks_look_at_what_was_committed(rounds, select, choose, pairs, store):
    choose(ALL)
    row = pairs()[0]
    harmed = store.blobs.put_image(photograph(0)[..., 0])
    some = rounds.manifests.read_records(
        "labelled_scenes", "labelled_scenes", LabelledScene, partition="lisbon|round-1"
    )
    commit(store, [replace(some[0], label_sha256=harmed), *some[1:]])
    result = select(ALL)
    assert set(answers(result)) == {"labels_in_coding"}
    assert answers(result)["labels_in_coding"].startswith(f"label of {sample_id(row)}: label value")
    assert len(QUESTIONS) == 5


def test_a_label_of_another_size_than_its_photograph_blocks(rounds, select, data_root):
    path = next(data_root.rglob(f"{OSLO}_gtFine_labelIds.png"))
    write_png(path, np.full((24, 48), 7, np.uint8))
    result = select(ALL)
    assert not result.success
    said = f"cityscapes/gtFine/train/oslo/{path.name}: need the size (48, 96), got (24, 48)"
    assert answers(result) == {"originals_readable": said}


def test_the_same_choice_again_makes_no_version(rounds, choose, store):
    assert choose(ALL) == choose(ALL)
    assert store.manifests.latest_number("training_set", "mine") == 1
    version = store.manifests.wanted("training_set", "mine")
    assert sorted(version.parents) == [
        "labelled_scenes/lisbon|round-1",
        "labelled_scenes/lisbon|round-2",
        "labelled_scenes/oslo|round-1",
    ]
    assert version.provenance["selection"] == '{"rounds":"all"}'


def test_a_photograph_that_changed_makes_other_rows(rounds, choose, pairs, data_root):
    before = data_version_of(choose(ALL))
    path = next(data_root.rglob(f"{OSLO}_leftImg8bit.png"))
    write_png(path, photograph(9))
    assert data_version_of(choose(ALL)) != before
    assert file_sha256(path) in {row.source_image_sha256 for row in pairs()}


def test_the_ui_shows_what_is_mixed(rounds, select, store):
    result = select(f"{ALL}\n[filters]\nmin_object_iou = 0.8")
    (event,) = result.asset_materializations_for_node("training_set")
    shown = event.metadata
    assert shown["dagster/partition_row_count"].value == 5
    assert shown["frames"].value == 3

    def table(name):
        return {row.data["value"]: row.data["count"] for row in shown[name].records}

    assert table("rounds") == {"round-1": 3, "round-2": 2}
    assert table("cities") == {"lisbon": 4, "oslo": 1}
    assert table("conditions") == {"rainy night": 2, "plain": 2, "foggy day": 1}
    assert table("object_classes") == {"bathtub": 4, "chair": 1}
    assert sum(table("licenses").values()) == 5
    steps = [tuple(row.data.values()) for row in shown["steps"].records]
    assert steps == [
        ("found", 6),
        ("held-out frames", 6),
        ("retractions", 6),
        ("vetoes", 6),
        ("reviews", 6),
        ("min_object_iou", 5),
    ]
    assert "data:image/webp" in shown["contact_sheet"].value
    assert (store.root / "reports" / "training_set" / "mine.png").exists()
    assert shown["data_version"].value == data_version(result)
