"""Checkpoint files: what is read, and what a bad file is told."""

import errno
import io
import os
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from models.checkpoint.pickled_numpy import spelled
from models.checkpoint.reading import CheckpointError, read_tensors

N_CUTS = 60


@pytest.fixture
def state():
    generator = torch.Generator().manual_seed(0)
    return {
        "stem.weight": torch.randn(4, 3, generator=generator),
        "norm.num_batches_tracked": torch.tensor(7),
        "head.weight": torch.randn(19, 4, generator=generator),
    }


@pytest.fixture
def save(tmp_path):
    """Write anything as torch does; gives the path."""

    def write(content, name="weights.pth", **options):
        torch.save(content, tmp_path / name, **options)
        return tmp_path / name

    return write


LEGACY = {"_use_new_zipfile_serialization": False}
both_formats = pytest.mark.parametrize("options", [{}, LEGACY], ids=["zip", "legacy"])


def assert_same(found, state):
    assert list(found) == list(state)
    assert all(torch.equal(found[key], tensor) for key, tensor in state.items())


def refusal(path):
    """The message of the error that reading ends with; it is one line and names the file."""
    with pytest.raises(CheckpointError) as caught:
        read_tensors(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message
    return message.removeprefix(f"{path}: ")


@both_formats
@pytest.mark.parametrize("nested", ["plain", "state_dict", "model", "model state_dict"])
@pytest.mark.parametrize("prefix", ["", "module."])
def test_every_published_form_gives_the_same_tensors(save, state, options, nested, prefix):
    content = OrderedDict((prefix + key, tensor) for key, tensor in state.items())
    for name in reversed(nested.split()):
        if name != "plain":
            content = {"epoch": 3, "best": np.float64(0.5), name: content, "optimizer": {}}
    assert_same(read_tensors(save(content, **options)), state)


@both_formats
@pytest.mark.parametrize("name", ["weights.safetensors", "weights.bin", "weights"])
def test_content_decides_and_not_the_name(save, state, options, name):
    assert_same(read_tensors(save(state, name, **options)), state)


def test_safetensors_are_read_under_any_name(tmp_path, state):
    for name in ("weights.safetensors", "weights.pth"):
        save_file(state, tmp_path / name, metadata={"format": "pt"})
        found = read_tensors(tmp_path / name)
        assert_same({key: found[key] for key in state}, state)


def test_a_prefix_that_not_all_keys_have_is_a_part_of_their_names(save, state):
    mixed = {"module.stem": torch.ones(1), "head": torch.ones(1)}
    assert list(read_tensors(save(mixed))) == list(mixed)


@both_formats
@pytest.mark.parametrize("home", [b"numpy.core", b"numpy._core"])
def test_numpy_numbers_text_and_arrays_are_read_in_both_spellings(tmp_path, options, home):
    content = {
        "best": np.float32(0.25),
        "when": np.str_("today"),
        "nothing": np.str_(""),
        "names": np.array(["a", "bc"]),
        "state_dict": {
            "straight": np.arange(6, dtype=np.float32).reshape(2, 3),
            "fortran": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
            "swapped": np.arange(3, dtype=">i4"),
            "empty": np.zeros((0, 3)),
        },
    }
    stream = io.BytesIO()
    torch.save(content, stream, **options)
    path = tmp_path / "weights.pth"
    if options:
        path.write_bytes(stream.getvalue().replace(b"numpy._core", home))
    else:
        rewrite_zip(stream, path, lambda text: text.replace(b"numpy._core", home))
    found = read_tensors(path)
    assert list(found) == list(content["state_dict"])
    for key, array in content["state_dict"].items():
        np.testing.assert_array_equal(found[key].numpy(), array)


def rewrite_zip(source, path, change, compression=zipfile.ZIP_STORED):
    """Copy of a torch file with another pickle; what torch pads stays unpadded."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w", compression) as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content) if name.endswith("data.pkl") else content)


def test_parameters_and_half_precision_come_as_the_file_holds_them(save):
    content = {"a": torch.nn.Parameter(torch.ones(2)), "b": torch.ones(2, dtype=torch.bfloat16)}
    found = read_tensors(save(content))
    assert not found["a"].requires_grad
    assert found["b"].dtype == torch.bfloat16


@pytest.mark.parametrize("kind", ["zip", "legacy", "safetensors"])
def test_a_file_cut_off_anywhere_is_named(tmp_path, save, state, kind):
    if kind == "safetensors":
        path = tmp_path / "weights.safetensors"
        save_file(state, path)
    else:
        path = save(state, **(LEGACY if kind == "legacy" else {}))
    n_bytes = path.stat().st_size
    cuts = {*range(24), *np.linspace(0, n_bytes - 1, N_CUTS, dtype=int).tolist()}
    for cut in sorted(cuts, reverse=True):
        os.truncate(path, cut)
        message = refusal(path)
        assert "fetch or copy the file again" in message, (cut, message)
    assert "got an empty file" in message


class Payload:
    """Pickles as a call that writes a file."""

    def __init__(self, call, words):
        self.call, self.words = call, words

    def __reduce__(self):
        return self.call, self.words


def payloads(marker):
    command = f"touch {marker}"
    code = f"open({str(marker)!r}, 'w').close()"
    evil = Payload(os.system, (command,))
    return {
        "posix.system": evil,
        "eval": Payload(eval, (code,)),
        "exec": Payload(exec, (code,)),
        "numpy.load": Payload(np.load, (str(marker),)),
        "'O8'": np.array([evil, None], dtype=object),
        "'V4'": np.zeros(2, dtype=[("field", np.float32)]),
        "'M8'": np.datetime64("2024-01-01"),
        "numpy.matrix": np.ones((2, 2)).view(np.matrix),
    }


@both_formats
@pytest.mark.parametrize("asked_for", list(payloads("")))
@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_a_pickle_that_asks_for_more_is_refused_and_never_run(tmp_path, save, options, asked_for):
    marker = tmp_path / "harm"
    content = {"state_dict": {"a": torch.ones(1)}, "extra": payloads(marker)[asked_for]}
    before = set(torch.serialization.get_safe_globals())
    message = refusal(save(content, **options))
    assert not marker.exists()
    assert "found a pickle " in message
    assert "nothing of it was run" in message
    if asked_for != "'O8'":  # which of its two offenses comes first is pickle's choice
        assert asked_for in message
    assert set(torch.serialization.get_safe_globals()) == before


def test_what_others_have_allowed_does_not_count(tmp_path, save):
    home = np._core.multiarray
    allowed = [
        np.ndarray,
        np.dtype,
        np.dtypes.ObjectDType,
        (home._reconstruct, "numpy._core.multiarray._reconstruct"),
        (home.scalar, "numpy._core.multiarray.scalar"),
        torch.nn.Linear,
    ]
    with torch.serialization.safe_globals(allowed):
        before = set(torch.serialization.get_safe_globals())
        for extra in (np.array([None], dtype=object), torch.nn.Linear(1, 1)):
            assert "found a pickle " in refusal(save({"a": torch.ones(1), "extra": extra}))
        found = read_tensors(save({"a": np.arange(3.0)}))
        assert set(torch.serialization.get_safe_globals()) == before
    np.testing.assert_array_equal(found["a"].numpy(), np.arange(3.0))


GLOBALS = {
    "dtype": b"cnumpy\ndtype\n",
    "array": b"cnumpy\nndarray\n",
    "reconstruct": b"cnumpy.core.multiarray\n_reconstruct\n",
    "scalar": b"cnumpy.core.multiarray\nscalar\n",
}
NESTED = b")q\x63" + b"h\x63\x86q\x63" * 100  # each tuple holds the former twice
FLOAT = GLOBALS["dtype"] + b"X\x02\x00\x00\x00f4\x85R"


@pytest.mark.parametrize(
    "forged",
    [
        # a type whose state claims fields of objects, so that bytes would count as pointers
        FLOAT + b"(K\x03X\x01\x00\x00\x00|NX\x01\x00\x00\x00a\x85}K\x08K\x01K\x00tb",
        # an array that is no array, one of another type, and one that nothing fills
        GLOBALS["reconstruct"] + GLOBALS["dtype"] + b"K\x00\x85X\x01\x00\x00\x00b\x87R",
        GLOBALS["reconstruct"] + b"NK\x00\x85X\x01\x00\x00\x00b\x87R",
        GLOBALS["array"] + b")\x81",
        # a scalar of no type, and of a type made without its code
        GLOBALS["scalar"] + b"NX\x01\x00\x00\x00a\x86R",
        GLOBALS["scalar"] + GLOBALS["dtype"] + b")\x81" + b"X\x01\x00\x00\x00a\x86R",
        # a gigantic type, and bytes of gigantic length
        GLOBALS["dtype"] + b"X\x0a\x00\x00\x00S999999999\x85R",
        b"c__builtin__\nbytes\nJ\xff\xff\xff\x7f\x85R",
        # tuples that hold another twice, a hundred deep, where a type or its name is asked for
        GLOBALS["dtype"] + NESTED + b"\x85R",
        GLOBALS["dtype"] + b"X\x02\x00\x00\x00f4\x85R(K\x03X\x01\x00\x00\x00<" + NESTED + b"NNtb",
        GLOBALS["scalar"] + NESTED + b"X\x01\x00\x00\x00a\x86R",
        GLOBALS["reconstruct"] + NESTED + b"K\x00\x85X\x01\x00\x00\x00b\x87R",
        # the same inside what prints itself
        GLOBALS["dtype"] + b"ccollections\nOrderedDict\n)RX\x01\x00\x00\x00a" + NESTED + b"s\x85R",
    ],
)
@pytest.mark.timeout(20)
def test_forged_numpy_is_refused(tmp_path, save, forged):
    def with_forged(text):
        # a dict with one entry: the forged value
        return b"\x80\x02}X\x01\x00\x00\x00a" + forged + b"s."

    stream = io.BytesIO()
    torch.save({"a": 1}, stream)
    path = tmp_path / "forged.pth"
    rewrite_zip(stream, path, with_forged)
    assert "fetch or copy" in (message := refusal(path)) or "found a pickle " in message


def test_shadowed_methods_change_nothing(save):
    tensor = torch.ones(3)
    tensor.detach = tensor.is_floating_point = 5
    content = OrderedDict(state_dict=OrderedDict(a=torch.ones(2), b=tensor))
    for part in (content, content["state_dict"]):
        part.get = part.values = part.__iter__ = 6
    assert_same(read_tensors(save(content)), {"a": torch.ones(2), "b": torch.ones(3)})


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "odd",
    [
        lambda: torch.eye(3).to_sparse(),
        lambda: torch.empty(3, device="meta"),
        lambda: torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8),
    ],
    ids=["sparse", "meta", "quantized"],
)
def test_tensors_without_plain_values_are_refused(save, odd):
    assert "sparse, quantized or without values" in refusal(save({"a": odd()}))


def test_a_compressed_archive_is_refused_before_it_is_unpacked(tmp_path):
    stream = io.BytesIO()
    torch.save({"a": torch.zeros(1_000_000)}, stream)
    rewrite_zip(stream, tmp_path / "bomb.pth", bytes, zipfile.ZIP_DEFLATED)
    assert (tmp_path / "bomb.pth").stat().st_size < 100_000
    message = refusal(tmp_path / "bomb.pth")
    assert "declares 400" in message
    assert "do not trust this file" in message


def test_tensors_larger_than_their_archive_are_refused(tmp_path):
    stream = io.BytesIO()
    torch.save({"a": torch.zeros(100)}, stream)
    hundred, billion = b"Kd", b"J\x00\xca\x9a;"
    path = tmp_path / "large.pth"
    rewrite_zip(stream, path, lambda text: text.replace(hundred, billion))
    assert "damaged or cut off" in refusal(path)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", "git-lfs pointer"),
        (b"<!DOCTYPE html><html></html>", "web page"),
        (b"\x1f\x8b\x08\x00" + bytes(60), "gzip archive"),
        (b"\x89HDF\r\n\x1a\n", "HDF5"),
        (bytes(5000), "5000 bytes of something else"),
        (b"x", "1 bytes of something else"),
        (b"\xff" * 7 + b"\x7f{" + b"x" * 100, "safetensors"),
        (pickle.dumps({"model": {"a": np.ones(3)}}), "detectron2's .pkl"),
    ],
)
def test_other_files_are_named_for_what_they_are(tmp_path, content, found):
    path = tmp_path / "weights.pth"
    path.write_bytes(content)
    assert found in refusal(path)


def test_zip_archives_of_others_are_refused(tmp_path):
    np.savez(tmp_path / "arrays.npz", a=np.ones(3))
    assert "zip archive of other files" in refusal(tmp_path / "arrays.npz")
    with zipfile.ZipFile(tmp_path / "script.pt", "w") as archive:
        for name in ("data.pkl", "constants.pkl", "code/network.py"):
            archive.writestr(f"script/{name}", b"")
    assert "TorchScript" in refusal(tmp_path / "script.pt")


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    assert "does not exist" in refusal(tmp_path / "none.pth")
    assert "got a folder" in refusal(tmp_path)
    (tmp_path / "file").write_bytes(b"x")
    assert "cannot be opened" in refusal(tmp_path / "file" / "weights.pth")


@pytest.mark.timeout(20)
def test_what_is_no_plain_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.pth")
    for path in (tmp_path / "pipe.pth", Path(os.devnull)):
        assert "as a plain file, got a pipe, socket or device" in refusal(path)


def test_a_link_to_a_plain_file_is_read(tmp_path, save, state):
    (tmp_path / "link.pth").symlink_to(save(state))
    assert_same(read_tensors(tmp_path / "link.pth"), state)


@both_formats
def test_a_name_that_is_no_utf8_is_told(tmp_path, save, state, options):
    path = tmp_path / os.fsdecode(b"caf\xe9.pth")
    save(state, **options).rename(path)
    with pytest.raises(CheckpointError) as caught:
        read_tensors(path)
    message = str(caught.value)
    assert (
        message
        == f"{tmp_path}/caf?.pth: has a name that is no UTF-8, which torch cannot open; "
        + ("rename the file or its folder")
    )


NO_MEMORY = [
    MemoryError(),
    OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)),
    RuntimeError(
        "[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes"
    ),
    RuntimeError("unable to mmap 99 bytes from file <weights.pth>: Cannot allocate memory (12)"),
]


@both_formats
@pytest.mark.parametrize("error", NO_MEMORY, ids=["python", "system", "torch", "map"])
def test_too_little_memory_is_no_damage(save, state, monkeypatch, options, error):
    def fail(*words, **options):
        raise error

    path = save(state, **options)
    monkeypatch.setattr(torch, "load", fail)
    with pytest.raises(MemoryError, match=f"^{path}: need memory for the tensors of a file of"):
        read_tensors(path)


def test_memory_that_no_such_file_fills_is_damage(save, state, monkeypatch):
    def fail(*words, **options):
        raise RuntimeError("can't allocate memory: you tried to allocate 400000000000 bytes")

    path = save(state)
    monkeypatch.setattr(torch, "load", fail)
    assert "damaged or cut off" in refusal(path)


def test_an_array_under_many_names_is_copied_once(save):
    array = np.arange(1000.0)
    found = read_tensors(save({f"key{i}": array for i in range(300)}))
    assert len({tensor.data_ptr() for tensor in found.values()}) == 1
    np.testing.assert_array_equal(found["key299"].numpy(), array)


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ({}, "nothing"),
        ({"epoch": 3, "args": {"a": torch.ones(1)}}, "'epoch', 'args'"),
        ({1: torch.ones(1)}, "found 1"),
        ([torch.ones(1)], "found a list"),
        (torch.ones(1), "found a Tensor"),
        ({"state_dict": {"names": np.array(["a"])}}, "found 'names'"),
    ],
)
def test_a_file_without_named_tensors_says_what_it_holds(save, content, found):
    assert found in refusal(save(content))


def test_a_pickled_network_is_refused_with_what_to_do(save):
    message = refusal(save(torch.nn.Linear(2, 2)))
    assert "torch.nn.modules.linear.Linear" in message
    assert "torch.save(network.state_dict(), ...)" in message


def test_another_pickle_protocol_is_no_crash(save, state):
    path = save({"state_dict": state, "best": np.float64(1)}, pickle_protocol=4)
    assert "damaged, or not written as torch.save does by default" in refusal(path)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("f8", "'f8'"),
        (7, "7"),
        (None, "None"),
        ((1, (2,)), "<tuple>"),
        ({}, "<dict>"),
        (torch.zeros(2), "<Tensor>"),
    ],
)
def test_values_of_a_pickle_are_spelled_without_looking_into_them(value, expected):
    assert spelled(value) == expected


def test_long_text_is_spelled_short():
    assert len(spelled("x" * 1_000_000)) <= 82
