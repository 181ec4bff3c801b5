import os
import time
from hashlib import sha256

import numpy as np
import pytest
from PIL import Image

from storage.blobs import REFRESH_S, BlobStore, DamagedBlobError, MissingBlobError

RANDOM = np.random.default_rng(0)
IMAGES = {
    "gray": RANDOM.integers(0, 256, (5, 7), dtype=np.uint8),
    "rgb": RANDOM.integers(0, 256, (5, 7, 3), dtype=np.uint8),
    "rgba": RANDOM.integers(0, 256, (5, 7, 4), dtype=np.uint8),
    "transposed": RANDOM.integers(0, 256, (7, 5), dtype=np.uint8).T,
    "mask": RANDOM.integers(0, 2, (5, 7)).astype(bool),
    "instances": RANDOM.integers(0, 65536, (5, 7), dtype=np.int32),
}


@pytest.fixture
def blobs(tmp_path):
    return BlobStore(str(tmp_path))


def test_bytes_are_found_under_their_hash(blobs):
    name = blobs.put(b"content", ".json")
    assert name == sha256(b"content").hexdigest()
    assert blobs.get(name) == b"content"
    assert blobs.path(name).name == f"{name}.json"
    assert blobs.path(name).parent.name == name[:2]
    assert blobs.exists(name)


@pytest.mark.parametrize("kind", IMAGES)
def test_images_come_back_as_they_went_in(blobs, kind):
    name = blobs.put_image(IMAGES[kind])
    pixels = blobs.get_image(name)
    assert pixels.dtype == IMAGES[kind].dtype
    np.testing.assert_array_equal(pixels, IMAGES[kind])
    assert blobs.put_image(IMAGES[kind].copy()) == name
    with Image.open(blobs.path(name)) as image:
        assert image.format == "PNG"


def test_equal_content_is_stored_once_and_not_written_again(blobs):
    name = blobs.put(b"content")
    before = blobs.path(name).stat()
    assert blobs.put(b"content", ".png") == name
    assert blobs.path(name).stat().st_ino == before.st_ino
    assert [blob.sha256 for blob in blobs] == [name]


def test_an_old_blob_becomes_new_when_it_is_put(blobs):
    name = blobs.put(b"content")
    old = time.time() - 2 * REFRESH_S
    os.utime(blobs.path(name), (old, old))
    assert next(iter(blobs)).modified_s == pytest.approx(old)
    blobs.put(b"content")
    assert next(iter(blobs)).modified_s > old + REFRESH_S


@pytest.mark.parametrize("damage", [b"", b"conten", b"contenT"])
def test_a_damaged_blob_is_named_and_healed(blobs, damage):
    name = blobs.put(b"content")
    blobs.path(name).write_bytes(damage)
    with pytest.raises(DamagedBlobError, match=rf"{name}.bin: need content.*materialize"):
        blobs.get(name)
    blobs.put(b"content")
    assert blobs.get(name) == b"content"


def test_a_missing_blob_is_named(blobs):
    name = sha256(b"").hexdigest()
    assert not blobs.exists(name)
    assert not list(blobs)
    with pytest.raises(MissingBlobError, match=rf"blob {name} is missing; materialize"):
        blobs.get(name)


@pytest.mark.parametrize("name", ["", "..", "../../etc/passwd", "A" * 64, "0" * 63])
def test_a_name_that_is_no_hash_is_refused(blobs, name):
    with pytest.raises(ValueError, match="need a SHA-256 of 64 lower-case"):
        blobs.get(name)


def test_unknown_kinds_are_refused(blobs):
    with pytest.raises(ValueError, match=r"need a suffix of .png.*got '.exe'"):
        blobs.put(b"", ".exe")
    with pytest.raises(ValueError, match="need instance ids from 0 to 65535, got 0 to 65536"):
        blobs.put_image(np.array([[0, 65536]], np.int32))
    with pytest.raises(TypeError):  # the annotation refuses it in tests, a ValueError elsewhere
        blobs.put_image(np.zeros((2, 2), np.float32))


def test_unfinished_files_are_passed_over(blobs):
    name = blobs.put(b"content")
    (blobs.path(name).parent / ".tmp-1").write_bytes(b"cont")
    assert [blob.sha256 for blob in blobs] == [name]
