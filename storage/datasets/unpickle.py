"""Pickles of containers, numbers, text and numpy arrays, read without running anything in them.

A pickle may name any function of any installed module and call it. Here only the names below can be
named; a file that names another is refused before anything of it is called.
"""

import pickle
import re
from collections.abc import Callable
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from storage.datasets.dataset import BadFileError


class _PlainArray:
    """Stands for the name ``numpy.ndarray``, which a pickle may mention but not call."""

    __slots__ = ()


def _reconstruct(subtype: type, _shape: tuple[int, ...], _dtype: bytes) -> np.ndarray:
    """Empty array that numpy's pickles fill afterwards; only plain arrays may be asked for."""
    if subtype is not _PlainArray:
        raise pickle.UnpicklingError(f"an array of type {subtype!r}")
    return np.empty(0, np.int8)


def _dtype(code: str, align: bool = False, copy: bool = True) -> np.dtype:
    if not _DTYPE_CODE.fullmatch(code):
        raise pickle.UnpicklingError(f"the array type {code!r}")
    return np.dtype(code, align=align, copy=copy)


def _scalar(dtype: np.dtype, content: Any = None) -> np.generic:
    if dtype.hasobject:
        raise pickle.UnpicklingError("a numpy scalar that holds an object")
    scalar: np.generic = np.frombuffer(content, dtype, count=1)[0]
    return scalar


def _frombuffer(
    content: Any, dtype: np.dtype, shape: tuple[int, ...], order: str, axes: Any = None
) -> np.ndarray:
    """Array of a pickle of protocol 5, a copy of its bytes."""
    if dtype.hasobject or axes is not None or order not in ("C", "F"):
        raise pickle.UnpicklingError(f"an array of type {dtype} in the order {order!r}")
    return np.frombuffer(content, dtype).reshape(shape, order="F" if order == "F" else "C").copy()


def _encode(text: str, encoding: str) -> bytes:
    """What pickles of protocol 0 to 2 call to restore bytes."""
    if encoding not in ("latin1", "latin-1"):
        raise pickle.UnpicklingError(f"the encoding {encoding!r}")
    return text.encode("latin-1")


_DTYPE_CODE = re.compile(r"[biufSUO]\d{1,4}")
"""Plain numbers, text and objects; no fields, no dates."""

_BUILTIN_HOMES = ("builtins", "__builtin__")
_NUMPY_HOMES = ("numpy._core", "numpy.core")

ALLOWED: MappingProxyType[tuple[str, str], Callable[..., Any]] = MappingProxyType(
    {
        **{(home, "set"): set for home in _BUILTIN_HOMES},
        **{(home, "frozenset"): frozenset for home in _BUILTIN_HOMES},
        ("_codecs", "encode"): _encode,
        ("numpy", "ndarray"): _PlainArray,
        ("numpy", "dtype"): _dtype,
        **{(f"{home}.multiarray", "_reconstruct"): _reconstruct for home in _NUMPY_HOMES},
        **{(f"{home}.multiarray", "scalar"): _scalar for home in _NUMPY_HOMES},
        **{(f"{home}.numeric", "_frombuffer"): _frombuffer for home in _NUMPY_HOMES},
    }
)
"""Every name that a pickle may use: (module, name) -> what it gets."""


class _RestrictedUnpickler(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str, /) -> Any:
        try:
            return ALLOWED[module_name, global_name]
        except KeyError:
            raise pickle.UnpicklingError(f"the name {module_name}.{global_name}") from None

    def persistent_load(self, pid: Any) -> Any:
        raise pickle.UnpicklingError(f"a reference to something outside the file ({pid!r})")


def read_pickle(path: Path) -> Any:
    """Content of a pickle file that holds nothing but containers, numbers, text and arrays.

    Raises:
        BadFileError: if the file is absent, is no pickle, or asks for anything else.
    """
    try:
        with path.open("rb") as stream:
            return _RestrictedUnpickler(stream).load()
    except FileNotFoundError:
        raise BadFileError(path, "file does not exist", "fetch or copy the file again") from None
    except pickle.UnpicklingError as error:
        fact = f"need a pickle of lists, dicts, numbers, text and arrays, found {error}"
        raise BadFileError(path, fact, "do not trust this file; fetch the official one") from error
    except (
        EOFError, ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError,
        ImportError, MemoryError, UnicodeError, OSError,
    ) as error:  # fmt: skip
        fact = f"cannot be read as a pickle ({type(error).__name__}: {error})"
        raise BadFileError(path, fact, "fetch or copy the file again") from error
