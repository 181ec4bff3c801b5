import numpy as np

from assets.gallery.choosing import evenly
from assets.gallery.pictures import Pictures
from assets.gallery.rows import read_partition
from assets.gallery.sheet import partition_sheet, scene_tiles
from assets.partitions import ScenePartition
from models.label_colors import OOD_COLOR
from tests.assets.gallery.conftest import LISBON, OSLO


def has_color(picture, color):
    return (picture == color).all(axis=2).any()


def lines(store, data_root, partition=LISBON):
    pictures = Pictures(store.blobs, data_root, 512)
    return [scene_tiles(item, pictures) for item in read_partition(store, partition).attempts]


def test_a_line_tells_the_attempt_from_photograph_to_label(store, data_root):
    rejected, accepted, *_ = lines(store, data_root)
    assert accepted.title == "lisbon_000000_000019\nscene 0, attempt 1"
    assert accepted.condition == "rainy night, Lisbon: chair, box"
    assert (rejected.verdict, rejected.reason) == ("rejected", "another shape found")
    assert rejected.scores == "IoU 0.85 · OOD -1.25 · layout 87%"
    assert (accepted.photograph == 90).all()
    assert has_color(accepted.label, OOD_COLOR)
    assert has_color(accepted.found, OOD_COLOR)
    assert has_color(accepted.found, (255, 255, 255))
    assert rejected.label == "no label: rejected"


def test_a_picture_that_was_not_kept_is_shown_small_with_its_outlines(store, data_root):
    rejected, *_ = lines(store, data_root)
    assert rejected.picture.shape == (32, 64, 3)
    assert has_color(rejected.found, OOD_COLOR)


def test_what_is_missing_is_told(store):
    (unjudged,) = lines(store, None, OSLO)
    assert unjudged.verdict is None
    assert unjudged.label == "not judged yet"
    assert unjudged.photograph == "photographs are not at hand"


def test_a_photograph_or_a_blob_that_is_lost_or_damaged_is_told(store, data_root):
    path = next((data_root / "cityscapes" / "leftImg8bit").rglob("lisbon_000000*.png"))
    path.write_bytes(b"nothing")
    drawn = read_partition(store, LISBON).attempts
    store.blobs.path(drawn[1].attempt.image_sha256).write_bytes(b"nothing")
    store.blobs.path(drawn[1].label.label_sha256).unlink()
    _, row, *_ = lines(store, data_root)
    assert row.photograph.startswith("photograph: need a PNG, JPEG or WebP image, got 7 bytes")
    assert row.picture == row.found == "picture is damaged in the store"
    assert row.label == "picture is missing in the store"


def test_the_sheet_holds_both_verdicts_and_is_the_same_each_time(store, data_root):
    sheet = partition_sheet(store, data_root, LISBON)
    bar = {tuple(map(int, color)) for color in np.unique(sheet[:, 2], axis=0)}
    assert {(26, 127, 90), (200, 68, 38)} <= bar
    assert has_color(sheet, OOD_COLOR)
    assert (sheet == partition_sheet(store, data_root, LISBON)).all()


def test_a_short_sheet_holds_whole_scenes_in_their_order(store):
    height = partition_sheet(store, None, LISBON, n_lines=2).shape[0]
    assert height < partition_sheet(store, None, LISBON).shape[0]


def test_a_partition_without_scenes_has_a_sheet(store):
    partition = ScenePartition(round="round-9", city="oslo")
    assert partition_sheet(store, None, partition).shape[0] > 60


def test_a_sample_does_not_depend_on_order_and_grows_with_more(store):
    scenes = read_partition(store, LISBON).scenes
    assert evenly(scenes) == evenly(tuple(reversed(scenes)))
    few = [scene.name for scene in evenly(scenes[:3])]
    assert [scene.name for scene in evenly(scenes) if scene.name in few] == few
