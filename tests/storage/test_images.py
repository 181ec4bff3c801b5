import io
import struct
import zipfile
import zlib
from contextlib import suppress

import numpy as np
import pytest
from PIL import Image

from storage.datasets.dataset import BadFileError
from storage.images import (
    MAX_PIXELS,
    file_sha256,
    image_size,
    read_color_map,
    read_image,
    read_label,
    read_npz_array,
    write_npz_array,
    write_photo,
    write_png,
)

NOISE = np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)
IDS = np.arange(40 * 60, dtype=np.uint16).reshape(40, 60)


def test_png_round_trips_every_kind(tmp_path):
    alpha = np.dstack([NOISE, np.full((40, 60), 255, np.uint8)])
    write_png(tmp_path / "rgb.png", NOISE)
    write_png(tmp_path / "rgba.png", alpha)
    write_png(tmp_path / "ids8.png", NOISE[..., 0])
    write_png(tmp_path / "deep" / "ids16.png", IDS)

    assert np.array_equal(read_image(tmp_path / "rgb.png"), NOISE)
    assert np.array_equal(read_color_map(tmp_path / "rgba.png"), NOISE)
    assert np.array_equal(read_label(tmp_path / "ids8.png"), NOISE[..., 0])
    ids = read_label(tmp_path / "deep" / "ids16.png")
    assert ids.dtype == np.int32
    assert np.array_equal(ids, IDS)
    assert image_size(tmp_path / "rgb.png") == (40, 60)


@pytest.mark.parametrize("suffix", [".png", ".webp"])
def test_photos_are_lossless_but_for_jpeg(tmp_path, suffix):
    write_photo(tmp_path / f"a{suffix}", NOISE)
    assert np.array_equal(read_image(tmp_path / f"a{suffix}"), NOISE)


def test_jpeg_is_close(tmp_path):
    smooth = np.tile(np.arange(60, dtype=np.uint8)[None, :, None], (40, 1, 3))
    write_photo(tmp_path / "a.jpg", smooth)
    assert np.abs(read_image(tmp_path / "a.jpg").astype(int) - smooth).max() <= 3


def test_same_pixels_give_same_bytes_and_no_leftovers(tmp_path):
    write_png(tmp_path / "a.png", NOISE)
    write_png(tmp_path / "b.png", NOISE)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert file_sha256(tmp_path / "a.png") == file_sha256(tmp_path / "b.png")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.png"]


def test_failed_write_keeps_the_older_file(tmp_path, monkeypatch):
    write_png(tmp_path / "a.png", NOISE)
    before = (tmp_path / "a.png").read_bytes()

    def fail(*_):
        raise OSError("pulled the plug")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="plug"):
        write_png(tmp_path / "a.png", NOISE // 2)
    assert (tmp_path / "a.png").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


@pytest.mark.parametrize(
    "pixels",
    [np.zeros((4, 4, 2), np.uint8), np.zeros((4, 4, 3), np.uint16), np.zeros((0, 4), np.uint8)],
)
def test_write_png_refuses_other_shapes(tmp_path, pixels):
    with pytest.raises(ValueError, match="gray, RGB or RGBA"):
        write_png(tmp_path / "a.png", pixels)
    assert not list(tmp_path.iterdir())


def test_write_refuses_other_suffixes(tmp_path):
    with pytest.raises(ValueError, match=r"\.png"):
        write_png(tmp_path / "a.gif", NOISE)
    with pytest.raises(ValueError, match=r"\.webp"):
        write_photo(tmp_path / "a.gif", NOISE)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
@pytest.mark.parametrize("share", [0.0, 0.02, 0.3, 0.9])
def test_truncated_files_are_named(tmp_path, suffix, share):
    path = tmp_path / f"a{suffix}"
    write_photo(path, NOISE)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(BadFileError, match="a" + suffix) as caught:
        read_image(path)
    assert caught.value.cure


def test_every_damage_of_a_png_is_a_bad_file_or_reads(tmp_path):
    path = tmp_path / "a.png"
    write_png(path, NOISE[..., 0])
    content = bytearray(path.read_bytes())
    for position in range(0, len(content), 7):
        damaged = bytearray(content)
        damaged[position] ^= 0xFF
        path.write_bytes(damaged)
        with suppress(BadFileError):
            assert read_label(path).ndim == 2


def test_missing_and_foreign_files(tmp_path):
    with pytest.raises(BadFileError, match="does not exist"):
        read_image(tmp_path / "none.png")
    with pytest.raises(BadFileError, match="cannot be read"):
        file_sha256(tmp_path / "none.png")
    (tmp_path / "page.png").write_text("<html>login first</html>")
    with pytest.raises(BadFileError, match="24 bytes of something else"):
        read_image(tmp_path / "page.png")


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check


@pytest.mark.parametrize("side", [8_100, 20_000, 60_000])
def test_bombs_are_refused_before_decoding(tmp_path, side):
    header = _chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
    content = (
        b"\x89PNG\r\n\x1a\n" + header + _chunk(b"IDAT", zlib.compress(b"")) + _chunk(b"IEND", b"")
    )
    (tmp_path / "a.png").write_bytes(content)
    assert side * side > MAX_PIXELS
    with pytest.raises(BadFileError):
        read_label(tmp_path / "a.png")


def test_label_refuses_what_is_no_id(tmp_path):
    Image.fromarray(NOISE).quantize(8).save(tmp_path / "palette.png")
    Image.fromarray(NOISE).save(tmp_path / "colors.png")
    Image.fromarray(NOISE[..., 0] > 9).save(tmp_path / "bits.png")
    for name, word in [("palette", "palette"), ("colors", "RGB"), ("bits", "mode 1")]:
        with pytest.raises(BadFileError, match=word):
            read_label(tmp_path / f"{name}.png")
    with pytest.raises(BadFileError, match="mode P"):
        read_image(tmp_path / "palette.png")
    with pytest.raises(BadFileError, match="color map"):
        read_color_map(tmp_path / "bits.png")


def test_gray_photos_become_rgb(tmp_path):
    write_png(tmp_path / "a.png", NOISE[..., 0])
    assert np.array_equal(read_image(tmp_path / "a.png")[..., 2], NOISE[..., 0])


def test_exif_rotation_is_not_applied(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(NOISE).save(tmp_path / "a.jpg", exif=exif)
    assert read_image(tmp_path / "a.jpg").shape == (40, 60, 3)


def test_npz_labels(tmp_path):
    write_npz_array(tmp_path / "a.npz", IDS, name="label")
    assert np.array_equal(read_label(tmp_path / "a.npz"), IDS)
    np.savez(tmp_path / "wide.npz", label=np.full((3, 3), 70_000))
    np.savez(tmp_path / "negative.npz", label=np.full((3, 3), -1))
    np.savez(tmp_path / "float.npz", label=np.zeros((3, 3)))
    np.savez(tmp_path / "two.npz", label=IDS, other=IDS)
    np.savez(tmp_path / "object.npz", label=np.array([[{}]], dtype=object), allow_pickle=True)
    np.savez(tmp_path / "channels.npz", label=np.zeros((3, 3, 1_000), np.uint8))
    for name in ["wide", "negative", "float", "two", "object"]:
        with pytest.raises(BadFileError, match=name):
            read_label(tmp_path / f"{name}.npz")
    with pytest.raises(BadFileError, match="1000"):
        read_npz_array(tmp_path / "channels.npz", n_axes=3)


def test_npz_bomb_is_measured_before_it_is_unpacked(tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|u1", "fortran_order": False, "shape": (1_000_000, 1_000_000)}
    )
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("label.npy", header.getvalue() + bytes(10_000_000))
    with pytest.raises(BadFileError, match="declares 1000000000000"):
        read_label(tmp_path / "bomb.npz")


def test_damaged_archives(tmp_path):
    write_npz_array(tmp_path / "a.npz", IDS, name="label")
    content = (tmp_path / "a.npz").read_bytes()
    for size in (0, 10, len(content) // 2):
        (tmp_path / "a.npz").write_bytes(content[:size])
        with pytest.raises(BadFileError, match="unpacked"):
            read_label(tmp_path / "a.npz")
    for position in range(0, len(content), 5):
        damaged = bytearray(content)
        damaged[position] ^= 0xFF
        (tmp_path / "a.npz").write_bytes(damaged)
        with suppress(BadFileError):
            read_label(tmp_path / "a.npz")
