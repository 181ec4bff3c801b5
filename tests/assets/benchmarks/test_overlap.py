"""Which objects of a benchmark a training has shown."""

from pathlib import Path

from assets.benchmarks.frames import BenchmarkFrames
from assets.benchmarks.names import BENCHMARKS, has_unknown_objects
from assets.benchmarks.overlap import objects_of, overlapping
from storage.benchmark_objects import KnownObject
from storage.datasets.registry import dataset_named
from storage.label_space import ADE_CLASSES, read_table
from storage.records import Frame
from storage.world import FRAME_TABLE, write_marker


def frames(benchmark, *frame_ids):
    measured = tuple(
        Frame(
            dataset=benchmark,
            split="test",
            frame_id=frame_id,
            group="",
            domain="",
            image="image",
            label="label",
            instances=None,
            coding="muad",
            is_scored=True,
        )
        for frame_id in frame_ids
    )
    return BenchmarkFrames(
        dataset=dataset_named(benchmark), folder=Path(), measured=measured, skipped=()
    )


def test_objects_overlap_under_their_own_name_or_that_of_ade20k():
    objects = (
        KnownObject(name="dog", ade_names=("animal",)),
        KnownObject(name="crate", ade_names=("box", "basket")),
        KnownObject(name="tire", ade_names=()),
    )
    assert overlapping(objects, ["animal", "chair"]) == ("dog",)
    assert overlapping(objects, ["Basket", "tire"]) == ("crate", "tire")
    assert overlapping(objects, []) == ()


def test_names_of_two_words_are_written_either_way():
    objects = (KnownObject(name="swivel chair", ade_names=("swivel chair",)),)
    assert overlapping(objects, ["swivel_chair"]) == ("swivel chair",)


def test_the_table_names_benchmarks_classes_and_sources(tmp_path):
    known = {ade.name for ade in ADE_CLASSES}
    for row in read_table("benchmark_object_classes"):
        assert row["benchmark"] in BENCHMARKS
        assert bool(row["object_class"]) == bool(row["source"])
        assert row["object_class"] or row["note"], "what is not known is told"
        assert (row["is_complete_list"] == "yes") == (not row["note"])
        assert row["is_complete_list"] in ("yes", "no")
        assert set(filter(None, row["ade20k_150"].split("|"))) <= known
    names = [one.name for one in objects_of(frames("fishyscapes_lost_and_found"), tmp_path)]
    assert "dog" in names
    assert names == sorted(names)
    assert objects_of(frames("fishyscapes_static"), tmp_path) == ()
    listed = {row["benchmark"] for row in read_table("benchmark_object_classes")}
    assert listed == {name for name in BENCHMARKS if has_unknown_objects(dataset_named(name))}


def test_the_files_of_acdc_poc_name_what_was_painted(tmp_path):
    mark = "fog/GOPR0475_frame_000041_rgb_anon_"
    names = (f"{mark}garbage_bag_17", f"{mark}a_chair_3", f"{mark}chair_12", f"{mark}91")
    painted = objects_of(frames("acdc_poc", *names, "fog/GOPR0475_frame_000041"), tmp_path)
    assert [one.name for one in painted] == ["a chair", "chair", "garbage bag"]
    assert overlapping(painted, ["chair"]) == ("a chair", "chair")


def test_the_miniature_tells_its_own_objects(tmp_path):
    write_marker(tmp_path, {"world_version": "1", "scene_height_px": 128, "is_complete": True})
    table = "dataset,split,frame_id,object_kinds\nmuad,test,0,boat + chair\nmuad,test,1,\n"
    table += "muad,test,2,boat\nmuad,test,hidden,rock\nacdc_poc,test,0,tent\n"
    (tmp_path / FRAME_TABLE).write_text(table)
    assert objects_of(frames("muad", "0", "1", "2"), tmp_path) == (
        KnownObject(name="boat", ade_names=("boat",)),
        KnownObject(name="chair", ade_names=("chair",)),
    )
