"""Scenes are drawn once, come back as they were drawn, and a damaged file is named."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from assets.miniature_set.processes import in_processes, in_turn
from assets.miniature_set.scenes import load_measured, load_planes, load_tensors, specs_of, streams
from assets.miniature_set.stages import open_workshop, run_stage
from models.generation.training.examples import draw_example, render_example
from models.generation.training.recipe import TINY

TWO = replace(TINY, scenes=replace(TINY.scenes, n_training=3, n_measured=2))


def quiet(_):
    """Says nothing."""


def test_loaded_scenes_are_those_that_were_drawn(trained):
    shop = trained.workshop(TINY)
    tensors = load_tensors(shop)
    assert len(tensors.images) == TINY.scenes.n_training
    example = render_example(draw_example(3))
    for name in ("image", "layout", "label", "instances"):
        found = getattr(
            tensors, {"image": "images", "layout": "layouts", "label": "labels"}.get(name, name)
        )
        np.testing.assert_array_equal(found[3].numpy(), getattr(example, name))
    assert load_tensors(shop) is tensors
    assert specs_of(shop, "training")[3] == example.spec


def test_measured_scenes_are_of_their_own_stream(trained):
    shop = trained.workshop(TINY)
    scenes, layouts = load_measured(shop, "reserved")
    spec = draw_example(1, purpose="measuring", is_unseen=True, n_objects=1)
    example = render_example(spec)
    assert specs_of(shop, "reserved")[1] == spec
    np.testing.assert_array_equal(scenes.images[1], example.image)
    np.testing.assert_array_equal(layouts[1], example.layout)
    np.testing.assert_array_equal(scenes.instances[1], example.instances)
    assert len({(stream.purpose, stream.is_unseen) for stream in streams(shop).values()}) == 5


def test_a_stopped_rendering_draws_only_what_is_missing(tmp_path):
    drawn = []

    def stops_after_two(function, chunks):
        for number, value in enumerate(map(function, chunks)):
            yield value
            if number == 1:
                raise KeyboardInterrupt

    def counted(function, chunks):
        drawn.extend(chunk.path for chunk in chunks)
        return map(function, chunks)

    with pytest.raises(KeyboardInterrupt):
        run_stage(open_workshop(TWO, tmp_path, say=quiet, map_chunks=stops_after_two), "render")
    shop = open_workshop(TWO, tmp_path, say=quiet, map_chunks=counted)
    assert not shop.folders["render"].exists()
    run_stage(shop, "render")
    assert len(drawn) == 4  # of six files, two of them training scenes
    assert sum(map(len, load_planes(shop, "training"))) == 3


def test_a_damaged_file_is_named(tmp_path):
    shop = open_workshop(TWO, tmp_path, say=quiet, map_chunks=in_turn)
    run_stage(shop, "render")
    path = shop.output("render") / "training-0.npy"
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(ValueError, match=r"training-0\.npy: need 2 rendered scenes"):
        load_tensors(shop)
    np.save(path, np.zeros((2, 3), np.float32))
    with pytest.raises(ValueError, match=r"it holds float32 \(2, 3\)"):
        load_tensors(shop)


@pytest.mark.slow
def test_processes_draw_the_same_bytes(tmp_path):
    found = []
    for name, run in (("turn", in_turn), ("processes", in_processes(2))):
        shop = open_workshop(TWO, tmp_path / name, say=quiet, map_chunks=run)
        run_stage(shop, "render")
        files = sorted(Path(shop.output("render")).glob("*.npy"))
        found.append([(file.name, file.read_bytes()) for file in files])
    assert found[0] == found[1]
