"""PNG files carry their pixels and their text, and nothing that differs between equal ones."""

import io

import numpy as np
import pytest
from PIL import Image

from storage.images import png_bytes, write_png
from storage.png import png_text

NOISE = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
TEXT = {"multishift.round": "round-1", "multishift.seed": "9223372036854775807", "place": "Zürich"}


@pytest.mark.parametrize(
    "pixels",
    [
        NOISE,
        NOISE[..., 0],
        np.dstack([NOISE, NOISE[..., :1]]),
        NOISE[..., 0].astype(np.uint16) * 200,
    ],
)
def test_pixels_and_text_come_back(pixels):
    content = png_bytes(pixels, TEXT)
    assert png_text(content) == TEXT
    with Image.open(io.BytesIO(content)) as picture:
        assert np.array_equal(np.array(picture), pixels)


def test_equal_input_gives_equal_bytes_in_whatever_order():
    assert png_bytes(NOISE, TEXT) == png_bytes(NOISE.copy(), dict(reversed(TEXT.items())))
    assert png_bytes(NOISE, TEXT) != png_bytes(NOISE, {**TEXT, "place": "Lisbon"})


def test_without_text_it_is_the_file_of_write_png(tmp_path):
    write_png(tmp_path / "a.png", NOISE)
    assert (tmp_path / "a.png").read_bytes() == png_bytes(NOISE, {})
    assert png_text(png_bytes(NOISE, {})) == {}


def test_text_beyond_latin_1_and_long_text_come_back():
    text = {"prompt": "東京 in the rain\n" * 500}
    assert png_text(png_bytes(NOISE, text)) == text


@pytest.mark.parametrize(
    ("key", "value"),
    [("", "a"), ("k" * 80, "a"), (" k", "a"), ("a\nb", "a"), ("東", "a"), ("key", "a\0b")],
)
def test_text_that_png_cannot_store_is_refused(key, value):
    with pytest.raises(ValueError, match="need text with keys of 1 to 79 printable characters"):
        png_bytes(NOISE, {key: value})


@pytest.mark.parametrize("content", [b"", b"no png", png_bytes(NOISE, {})[:60]])
def test_bytes_that_are_no_png_are_refused(content):
    with pytest.raises(ValueError, match=f"need a PNG file, got {len(content)} bytes"):
        png_text(content)


@pytest.mark.parametrize(
    "pixels", [NOISE[..., :2], np.zeros((4, 4, 3), np.uint16), NOISE[:0], NOISE[..., :1]]
)
def test_other_arrays_are_refused(pixels):
    with pytest.raises(ValueError, match="need a gray, RGB or RGBA array"):
        png_bytes(pixels, {})
