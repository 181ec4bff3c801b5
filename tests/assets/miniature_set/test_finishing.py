"""The finished set takes the place of a former one, whole or not at all."""

import io
import shutil

import numpy as np
import pytest
from PIL import Image

from assets.miniature_set.finishing import publish
from assets.miniature_set.measuring import _encoded
from models.generation.training.recipe import TINY


def test_a_new_set_replaces_a_former_one(trained, tmp_path):
    output = tmp_path / "set"
    shutil.copytree(trained.output, output)
    (output / "generator" / "old").write_text("")
    publish(trained.workshop(TINY), output)
    assert not (output / "generator" / "old").exists()
    assert (output / "README.md").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_a_copy_that_fails_leaves_the_former_set(trained, tmp_path, monkeypatch):
    output = tmp_path / "set"
    shutil.copytree(trained.output, output)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copytree", full)
    with pytest.raises(OSError, match="No space left"):
        publish(trained.workshop(TINY), output)
    assert (output / "README.md").is_file()
    assert [path.name for path in tmp_path.iterdir()] == ["set"]


def test_a_file_in_the_way_is_refused(trained, tmp_path):
    output = tmp_path / "set"
    output.write_text("")
    with pytest.raises(ValueError, match="need a folder for the set, found a file"):
        publish(trained.workshop(TINY), output)


def webp(picture, quality):
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, format="WEBP", quality=quality)
    return stream.getvalue()


def test_samples_are_as_good_as_the_room_that_is_left_allows():
    noise = np.random.default_rng(0).integers(0, 256, (800, 800, 3)).astype(np.uint8)
    assert _encoded(noise[:100, :100]) == webp(noise[:100, :100], 95)
    assert len(_encoded(noise)) < len(webp(noise, 95))
