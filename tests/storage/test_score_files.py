"""Score maps of other tools: read as they were written, or refused in one clear line."""

import struct
import tracemalloc
import zipfile
import zlib

import h5py
import numpy as np
import pytest

from storage.datasets.dataset import BadFileError
from storage.score_files import read_score
from storage.smiyc_scores import rounded_score, write_smiyc_score

SCORE = np.random.default_rng(0).normal(size=(5, 7)).astype(np.float32)


def write(path, array):
    """Write an array in the form that the ending names."""
    if path.suffix == ".npy":
        np.save(path, array)
    elif path.suffix == ".npz":
        np.savez_compressed(path, score=array)
    else:
        with h5py.File(path, "w") as file:
            file.create_dataset("value", data=array, compression="gzip" if array.ndim else None)
    return path


@pytest.fixture(params=[".npy", ".npz", ".hdf5"])
def path(tmp_path, request):
    return tmp_path / f"score{request.param}"


def refused(path, **options):
    """The one line that a file is refused with."""
    with pytest.raises(BadFileError) as caught:
        read_score(path, **options)
    told = str(caught.value)
    assert told.startswith(f"{path}: ")
    assert "\n" not in told
    return told


@pytest.mark.parametrize(
    "dtype", ["<f4", ">f4", "<f2", "<f8", "uint8", "int8", "uint16", ">i2"], ids=str
)
def test_every_number_is_read_as_it_was_written(path, dtype):
    array = (SCORE * 30).astype(dtype)
    found = read_score(write(path, array), size=(5, 7))
    assert found.dtype == np.float32
    assert np.array_equal(found, array.astype(np.float32))
    assert found.flags.c_contiguous
    assert found.flags.writeable


def test_columns_first_is_no_other_map(path):
    assert np.array_equal(read_score(write(path, np.asfortranarray(SCORE))), SCORE)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_scores_that_are_not_finite_are_refused(path, value):
    array = SCORE.copy()
    array[2, 3] = value
    assert "need finite scores, got 1 of 35" in refused(write(path, array))


def test_what_float32_cannot_hold_is_told(path):
    assert "infinite in float32" in refused(write(path, np.full((2, 2), 1e300)))


@pytest.mark.parametrize(
    ("array", "told"),
    [
        (np.zeros((1, 5, 7), np.float32), "need one score map (height, width), got the shape (1,"),
        (np.zeros(35, np.float32), "got the shape (35,)"),
        (np.float32(3), "got the shape ()"),
        (np.zeros((0, 7), np.float32), "got the shape (0, 7)"),
        (np.zeros((5, 7), np.int32), "got int32"),
        (np.zeros((5, 7), np.complex64), "got complex64"),
        (np.zeros((5, 7), np.bool_), "got "),
        (np.zeros((7, 5), np.float32), "need the size of its image, 5x7, got 7x5"),
    ],
)
def test_other_arrays_are_refused(path, array, told):
    assert told in refused(write(path, np.asarray(array)), size=(5, 7))


def test_what_is_missing_or_no_file_is_told(path):
    assert "does not exist" in refused(path)
    path.mkdir()
    assert "need a file, got something else" in refused(path)


def test_other_kinds_are_refused(tmp_path):
    (tmp_path / "score.pkl").write_bytes(b"")
    assert "need a score map of .npy, .npz, .hdf5" in refused(tmp_path / "score.pkl")


@pytest.mark.parametrize("content", [b"", b"nonsense" * 100, b"\x93NUMPY\x01\x00", b"PK\x03\x04"])
def test_nonsense_is_refused(path, content):
    path.write_bytes(content)
    assert "cannot be read" in refused(path)


def test_a_file_that_was_cut_off_is_refused(path):
    rng = np.random.default_rng(1)
    content = write(path, rng.normal(size=(60, 70))).read_bytes()
    for length in (20, 130, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:length])
        refused(path)


def test_trailing_bytes_are_refused(tmp_path):
    path = write(tmp_path / "score.npy", SCORE)
    path.write_bytes(path.read_bytes() + b"x")
    assert "it declares 140 bytes and holds more" in refused(path)


@pytest.mark.parametrize("suffix", [".npy", ".npz"])
def test_pickles_are_never_opened(tmp_path, suffix):
    array = np.array([[{"a": 1}, None]], dtype=object)
    assert "got object" in refused(write(tmp_path / f"score{suffix}", array))


def header_of(shape, descr="<f8", *, version=(1, 0), n_bytes=None):
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    form = "<H" if version == (1, 0) else "<I"
    length = struct.pack(form, len(text) if n_bytes is None else n_bytes)
    return b"\x93NUMPY" + bytes(version) + length + text


def packed(path, *contents):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, content in enumerate(contents):
            archive.writestr(f"{number}.npy", content)
    return path


def peak_of(path, **options):
    tracemalloc.start()
    told = refused(path, **options)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return told, peak


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".hdf5"])
def test_a_huge_declared_array_takes_no_memory(tmp_path, suffix):
    path = tmp_path / f"score{suffix}"
    if suffix == ".hdf5":
        with h5py.File(path, "w") as file:
            file.create_dataset("value", (10**6, 10**6), "f8", chunks=(10, 10), compression="gzip")
    elif suffix == ".npz":
        packed(path, header_of((10**6, 10**6)) + bytes(10**7))
    else:
        path.write_bytes(header_of((10**6, 10**6)))
    told, peak = peak_of(path)
    assert "need at most 512000000 bytes, the file declares 1000000x1000000 of float64" in told
    assert peak < 2e6
    assert "need the size of its image, 5x7" in refused(path, size=(5, 7))
    small = write(tmp_path / f"small{suffix}", SCORE)
    assert "need at most 139 bytes" in refused(small, max_bytes=139)


def test_a_packed_header_cannot_claim_the_memory(tmp_path):
    start = header_of((5, 7), version=(2, 0), n_bytes=50_000_000)
    told, peak = peak_of(packed(tmp_path / "score.npz", start + b" " * 50_000_000))
    assert "cannot be read" in told
    assert peak < 4e6


def test_a_bomb_behind_an_honest_header_is_not_unpacked(tmp_path):
    content = header_of((5, 7)) + bytes(50_000_000)
    told, peak = peak_of(packed(tmp_path / "score.npz", content))
    assert "it declares 280 bytes and holds more" in told
    assert peak < 4e6


def test_other_archives_are_refused(tmp_path):
    path = tmp_path / "score.npz"
    np.savez(path, a=SCORE, b=SCORE)
    assert "need one array in the archive, got 2 (a.npy, b.npy)" in refused(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("score.npy", b"")
    assert "is packed in a way that NumPy does not use" in refused(path)


def test_a_nested_header_is_no_crash(tmp_path):
    text = b"{'descr': " + b"(" * 4000 + b")" * 4000 + b", 'fortran_order': False, 'shape': (1, 1)}"
    path = tmp_path / "score.npy"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text)
    refused(path)


def write_hdf5(path, make):
    with h5py.File(path, "w") as file:
        make(file)
    return path


def test_hdf5_without_the_array_names_what_is_there(tmp_path):
    path = tmp_path / "score.hdf5"
    told = refused(write_hdf5(path, lambda file: file.create_dataset("anomaly_p", data=SCORE)))
    assert "need a dataset 'value' in the file, got anomaly_p" in told
    assert "got a group" in refused(write_hdf5(path, lambda file: file.create_group("value")))
    empty = write_hdf5(path, lambda f: f.create_dataset("value", data=h5py.Empty("f4")))
    assert "need an array" in refused(empty)


def test_hdf5_reads_no_other_file(tmp_path):
    other, path = tmp_path / "other", tmp_path / "score.hdf5"
    other.write_bytes(SCORE.tobytes())
    write(tmp_path / "linked.hdf5", SCORE)

    def lies_outside(file):
        file.create_dataset("value", (5, 7), "f4", external=[(str(other), 0, 140)])

    def is_linked(file):
        file["value"] = h5py.ExternalLink(str(tmp_path / "linked.hdf5"), "value")

    def is_virtual(file):
        layout = h5py.VirtualLayout((5, 7), "f4")
        layout[:] = h5py.VirtualSource(str(tmp_path / "linked.hdf5"), "value", (5, 7))
        file.create_virtual_dataset("value", layout)

    assert "lies in other files" in refused(write_hdf5(path, lies_outside))
    assert "lies in other files" in refused(write_hdf5(path, is_virtual))
    assert "need a dataset 'value'" in refused(write_hdf5(path, is_linked))


def test_hdf5_unpacks_no_bomb(tmp_path):
    def bomb(file, **options):
        made = file.create_dataset("value", (64, 64), "f4", chunks=(64, 64), **options)
        made.id.write_direct_chunk((0, 0), zlib.compress(bytes(50_000_000), 9))

    path = write_hdf5(tmp_path / "score.hdf5", lambda file: bomb(file, compression="gzip"))
    assert "unpacks to more than its 16388 bytes" in refused(path)
    whole = {"compression": "gzip", "shuffle": True, "fletcher32": True}
    path = write_hdf5(path, lambda f: f.create_dataset("value", data=SCORE, **whole))
    assert np.array_equal(read_score(path), SCORE)

    def is_wide(file):
        options = {"maxshape": (None, None), "chunks": (4000, 4000), "compression": "gzip"}
        file.create_dataset("value", (5, 7), "f4", **options)

    assert "larger than the array" in refused(write_hdf5(path, is_wide))
    path = write_hdf5(path, lambda f: f.create_dataset("value", data=SCORE, compression="lzf"))
    assert "is packed by the filters [32000]" in refused(path)


def test_smiyc_files_are_as_the_suite_writes_them(tmp_path):
    path = tmp_path / "a" / "score.hdf5"
    n_bytes = write_smiyc_score(path, SCORE)
    assert n_bytes == path.stat().st_size
    with h5py.File(path) as file:
        assert list(file) == ["value"]
        value = file["value"]
        assert (value.dtype, value.compression, value.compression_opts) == ("<f2", "gzip", 9)
        assert np.array_equal(value[()], SCORE.astype(np.float16))
    assert np.array_equal(read_score(path, size=(5, 7)), rounded_score(SCORE).astype(np.float32))
    content = path.read_bytes()
    write_smiyc_score(path, SCORE)
    assert path.read_bytes() == content


def test_what_the_form_cannot_hold_is_not_written(tmp_path):
    path = tmp_path / "score.hdf5"
    for value in (np.nan, 70_000.0):
        with pytest.raises(ValueError, match="need finite scores from -65504 to 65504, got"):
            write_smiyc_score(path, np.full((2, 2), value, np.float32))
    with pytest.raises(ValueError, match=r"ends in \.hdf5"):
        write_smiyc_score(tmp_path / "score.npy", SCORE)
    assert not list(tmp_path.iterdir())


def test_noise_that_cannot_be_packed_is_read(tmp_path):
    noise = np.frombuffer(np.random.default_rng(0).bytes(2 * 300 * 300), np.uint16) % 30_000
    score = noise.reshape(300, 300).astype(np.uint16)
    assert np.array_equal(read_score(write(tmp_path / "score.hdf5", score)), score)
