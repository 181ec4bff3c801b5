"""Checkpoint files, read as tensors by name. Nothing in a file is ever run.

What a file is, is decided by its first bytes: torch's zip, torch's former format, or safetensors.
"""

import pickle
import re
import threading
import warnings
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from models.checkpoint.pickled_numpy import (
    STAND_INS,
    ForbiddenValueError,
    PickledArray,
    spelled,
)

NESTED_UNDER = ("state_dict", "model", "state_dict")
"""Where a published file keeps its state dict, looked up in this order, each inside the former."""

MAX_FACT = 600
"""Letters of what was found that an error spells out."""

_FETCH_AGAIN = "fetch or copy the file again"
_SAVE_TENSORS = (
    "if you trust its source, open it there and save its tensors alone, as safetensors or with "
    "torch.save(network.state_dict(), ...)"
)
_NEEDED = "need a checkpoint that torch.save wrote (.pth, .pt) or a .safetensors file"
_LEGACY_MAGIC = b"\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
_LEGACY = re.compile(rb"\x80[\x02-\x05](\x95.{8})?" + re.escape(_LEGACY_MAGIC), re.DOTALL)
_KNOWN_OTHERS = {
    b"version https://git-lfs": "a git-lfs pointer, not the file that it stands for",
    b"<": "a web page",
    b"\x1f\x8b": "a gzip archive",
    b"\x89HDF": "an HDF5 file",
}
_REFUSED_NAME = re.compile(r"(?:GLOBAL|unsupported GLOBAL) (\S+) (?:was not|whose module)")
_ASKED_BYTES = re.compile(r"tried to allocate (\d+) bytes")
_STORED_HERE = "data.pkl"
_TORCHSCRIPT_MARK = "constants.pkl"
_one_at_a_time = threading.Lock()


class CheckpointError(ValueError):
    """A checkpoint cannot be used; the message names it, what was found and what to do."""

    def __init__(self, path: Path | str, fact: str, cure: str) -> None:
        """Keep the three parts, so that the error can cross processes and be told of a whole."""
        super().__init__(path, fact, cure)
        self.fact, self.cure = fact, cure

    def __str__(self) -> str:
        """The three parts on one line; names that a file made up cannot break it."""
        return f"{_printable(str(self.args[0]))}: {_printable(self.fact[:MAX_FACT])}; {self.cure}"


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Name -> tensor of a checkpoint file, as the file holds them, without the prefix ``module.``.

    The tensors may lie in the file itself, mapped into memory: copy them before the file changes.
    What a pickle may name is a setting of the whole process: threads may call this at the same
    time, but none may be inside ``torch.load`` meanwhile, or either may refuse a good file.

    Raises:
        CheckpointError: if the file is missing, damaged, of another kind, asks for anything but
            tensors, numbers and text, or holds no tensors.
        MemoryError: if there is no memory for what a whole file holds.
    """
    read = _reader(path, _first_bytes(path))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's advice to those who wrote the file
            return _named_tensors(path, read(path))
    except CheckpointError:
        raise
    except pickle.UnpicklingError as error:
        raise _refused(path, error) from error
    except MemoryError as error:
        raise _no_memory(path) from error
    except Exception as error:  # a forged or damaged file makes torch raise whatever it likes
        if _lacks_memory(path, error):
            raise _no_memory(path) from error
        fact = f"is damaged or cut off ({path.stat().st_size} bytes, {type(error).__name__})"
        raise CheckpointError(path, fact, _FETCH_AGAIN) from error


def _lacks_memory(path: Path, error: Exception) -> bool:
    """Whether torch asked for memory in vain, and for no more than the file can fill."""
    asked = _ASKED_BYTES.search(str(error))
    if asked and int(asked[1]) > path.stat().st_size:
        return False
    return isinstance(error, RuntimeError | OSError) and "allocate memory" in str(error)


def _no_memory(path: Path) -> MemoryError:
    n_bytes = path.stat().st_size
    return MemoryError(
        f"{_printable(str(path))}: need memory for the tensors of a file of {n_bytes} bytes, got "
        "none; free memory, or run this on a machine that has more"
    )


def _first_bytes(path: Path) -> bytes:
    _refuse_odd_path(path)
    try:
        with path.open("rb") as stream:
            head = stream.read(64)
    except FileNotFoundError as error:
        raise CheckpointError(path, "file does not exist", "check the path") from error
    except IsADirectoryError as error:
        raise CheckpointError(
            path, f"{_NEEDED}, got a folder", "name the file inside it"
        ) from error
    except OSError as error:
        raise CheckpointError(path, f"cannot be opened ({error.strerror})", "check it") from error
    if not head:
        raise CheckpointError(path, f"{_NEEDED}, got an empty file", _FETCH_AGAIN)
    return head


def _refuse_odd_path(path: Path) -> None:
    """Refuse what reading would wait for, and names that torch cannot open."""
    if path.exists() and not path.is_dir() and not path.is_file():
        fact = f"{_NEEDED}, as a plain file, got a pipe, socket or device"
        raise CheckpointError(path, fact, "save what it gives as a file, and name that")
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        fact = "has a name that is no UTF-8, which torch cannot open"
        raise CheckpointError(path, fact, "rename the file or its folder") from error


def _reader(path: Path, head: bytes) -> Callable[[Path], Any]:
    """What reads a file that starts with ``head``."""
    if head.startswith(b"PK"):
        return _read_zip
    if _LEGACY.match(head) or (b"\x80\x02" + _LEGACY_MAGIC).startswith(head):
        return _read_legacy
    if head[8:9] == b"{":
        return _read_safetensors
    if head[0] == 0x80:
        fact = f"{_NEEDED}, got a pickle of something else, as detectron2's .pkl files are"
        raise CheckpointError(path, fact, f"it is not opened here: {_SAVE_TENSORS}")
    found = next((text for start, text in _KNOWN_OTHERS.items() if head.startswith(start)), None)
    found = found or f"{path.stat().st_size} bytes of something else"
    raise CheckpointError(path, f"{_NEEDED}, got {found}", _FETCH_AGAIN)


def _read_safetensors(path: Path) -> Any:
    try:
        return load_file(path)
    except SafetensorError as error:
        fact = f"is a damaged or cut off safetensors file ({error})"
        raise CheckpointError(path, fact, _FETCH_AGAIN) from error


def _read_legacy(path: Path) -> Any:
    with _only_stand_ins(), path.open("rb") as stream:
        return torch.load(stream, map_location="cpu", weights_only=True)


def _read_zip(path: Path) -> Any:
    _refuse_other_zips(path)
    if path.name.endswith(".safetensors"):  # torch.load would believe the name
        return _read_legacy(path)
    with _only_stand_ins():
        return torch.load(path, map_location="cpu", weights_only=True, mmap=True)


@contextmanager
def _only_stand_ins() -> Iterator[None]:
    """Let pickles name our stand-ins, and none of what other libraries have allowed by then."""
    with _one_at_a_time:
        former = torch.serialization.get_safe_globals()
        torch.serialization.clear_safe_globals()
        try:
            with torch.serialization.safe_globals(list(STAND_INS)):
                yield
        finally:
            torch.serialization.add_safe_globals(former)


def _refuse_other_zips(path: Path) -> None:
    """Let pass what torch.save writes: data.pkl in one folder, and nothing compressed."""
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
    names = {entry.filename.rpartition("/")[2] for entry in entries}
    if _STORED_HERE not in names:
        raise CheckpointError(path, f"{_NEEDED}, got a zip archive of other files", _FETCH_AGAIN)
    if _TORCHSCRIPT_MARK in names:
        fact = f"{_NEEDED}, got a TorchScript archive, which holds code"
        raise CheckpointError(path, fact, _SAVE_TENSORS)
    n_bytes, n_declared = path.stat().st_size, sum(entry.file_size for entry in entries)
    if n_declared > n_bytes:
        fact = f"declares {n_declared} bytes of content and is {n_bytes} bytes long"
        raise CheckpointError(path, fact, "torch.save compresses nothing: do not trust this file")


def _refused(path: Path, error: pickle.UnpicklingError) -> CheckpointError:
    """Error for a pickle that was stopped before it could do anything."""
    cause = error.__context__ or error  # torch wraps the cause in its own advice
    match = _REFUSED_NAME.search(str(cause))
    name = match[1] if match else ""
    if not _ends_within(path, name) and (name or isinstance(cause, ForbiddenValueError)):
        found = f"that asks for {name:.200}" if name else f"with {cause!s:.200}"
        fact = f"need tensors, numbers and text only, found a pickle {found}"
        return CheckpointError(path, fact, f"nothing of it was run; {_SAVE_TENSORS}")
    fact = f"is damaged, or not written as torch.save does by default ({cause!s:.100})"
    cure = f"nothing of it was run; {_FETCH_AGAIN}, or save it with torch's default protocol"
    return CheckpointError(path, fact, cure)


def _ends_within(path: Path, name: str) -> bool:
    """Whether the file is cut off inside a name, which is no wonder to be unknown then."""
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - len(name) - 1))
        tail = stream.read().replace(b"\n", b".")
    return bool(name) and name.rstrip(".").encode() in tail


def _named_tensors(path: Path, content: Any) -> dict[str, Tensor]:
    """The state dict of what a file holds; other things beside it are left."""
    for name in NESTED_UNDER:
        # The methods of dict itself: a pickle can overshadow those of an OrderedDict.
        inner = dict.get(content, name) if isinstance(content, dict) else None
        content = inner if isinstance(inner, dict) else content
    if not isinstance(content, dict):
        fact = f"need tensors by name, found a {type(content).__name__}"
        raise CheckpointError(path, fact, _SAVE_TENSORS)
    values = {key: _tensor(value) for key, value in dict.items(content) if isinstance(key, str)}
    tensors = {key: value for key, value in values.items() if value is not None}
    if not tensors:
        found = ", ".join(spelled(key) for key in list(dict.keys(content))[:5]) or "nothing"
        fact = f"need tensors by name, alone or under state_dict or model, found {found}"
        raise CheckpointError(path, fact, _SAVE_TENSORS)
    return _without_module(tensors)


def _tensor(value: object) -> Tensor | None:
    """Plain tensor of a value; None where it is none."""
    if isinstance(value, PickledArray):
        array = value.numpy()
        return torch.from_numpy(array) if array.dtype.kind in "fiub" else None
    if not isinstance(value, Tensor):
        return None
    plain = torch.Tensor.detach(value)  # a pickle can overshadow the methods of its tensors
    if plain.layout is not torch.strided or plain.is_meta or plain.is_quantized:
        raise ForbiddenValueError("a tensor that is sparse, quantized or without values")
    return plain


def _without_module(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The prefix that torch's DataParallel adds, taken off where every name has it."""
    n_cut = len("module.") if all(key.startswith("module.") for key in tensors) else 0
    return {key[n_cut:]: tensor for key, tensor in tensors.items()}
