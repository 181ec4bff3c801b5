"""Stand-ins for the numpy names of a pickle: numbers, text and plain arrays can be read, no more.

Published checkpoints hold best scores as numpy scalars, and some hold weights as numpy arrays.
numpy's own functions trust what a pickle passes to them: a forged state of a type makes raw bytes
count as pointers to objects. So a pickle that names them gets these instead.
"""

import pickle
import re
import reprlib
from collections.abc import Callable
from typing import Any

import numpy as np

_CODE = re.compile(r"[iu][1248]|f[248]|b1|c8|c16|[SU]\d{1,6}")
"""Numbers and text as numpy's pickles spell them; no objects, no fields, no dates."""

_NO_FIELDS = (None, None, None)

_SHORT = reprlib.Repr()
_SHORT.maxstring = 80


class ForbiddenValueError(pickle.UnpicklingError):
    """A pickle holds what no checkpoint needs; the message says what."""


def spelled(value: object) -> str:
    """A short name of anything that a pickle made; nested values are not looked into.

    Spelling them out would take forever where a value holds another twice, and so on.
    """
    is_plain = value is None or isinstance(value, str | int | float)
    return _SHORT.repr(value) if is_plain else f"<{type(value).__name__}>"


class PickledDtype:
    """Stands for ``numpy.dtype``."""

    _code, _order = "", "="

    def __init__(self, code: object, *_options: object) -> None:
        """Keep the code, such as f8; the options (alignment, copying) change nothing here.

        Raises:
            ForbiddenValueError: if it is none of numbers or text.
        """
        if not isinstance(code, str) or not _CODE.fullmatch(code):
            raise ForbiddenValueError(f"a numpy array or scalar of type {spelled(code)}")
        self._code = code

    def __setstate__(self, state: Any) -> None:
        """Take the byte order from numpy's state of a type, and nothing else.

        Raises:
            ForbiddenValueError: if it has fields or a shape of its own.
        """
        _version, order, *parts = state[:5]
        if order not in ("<", ">", "|", "=") or tuple(parts) != _NO_FIELDS:
            raise ForbiddenValueError("a numpy type with fields, a shape or an unknown byte order")
        self._order = order

    def numpy(self) -> np.dtype:
        """The type itself."""
        return np.dtype(self._order + self._code)


class PickledArray:
    """Stands for ``numpy.ndarray``."""

    _array: np.ndarray | None = None
    _copy: np.ndarray | None = None

    def __setstate__(self, state: Any) -> None:
        """Take over numpy's state of an array: version, shape, type, order, bytes."""
        *_version, shape, dtype, is_fortran, content = state
        kind = _kind(dtype)
        flat = np.frombuffer(content, kind) if content else np.empty(0, kind)
        self._array = flat.reshape(shape, order="F" if is_fortran else "C")

    def numpy(self) -> np.ndarray:
        """The array in this machine's byte order: one copy, however often it is asked for.

        Raises:
            ForbiddenValueError: if the pickle named an array and gave it no content.
        """
        if self._array is None:
            raise ForbiddenValueError("a numpy array without content")
        if self._copy is None:
            self._copy = self._array.astype(self._array.dtype.newbyteorder("="))
        return self._copy


def _reconstruct(kind: object, *_shape_and_code: object) -> PickledArray:
    """Empty array, which its state fills afterwards."""
    if kind is not PickledArray:
        raise ForbiddenValueError(f"a numpy array of type {spelled(kind)}")
    return PickledArray()


def _scalar(dtype: object, content: Any) -> np.generic:
    kind = _kind(dtype)
    content = content.encode("latin-1") if isinstance(content, str) else content  # Python 2
    scalar: np.generic = np.frombuffer(content, kind, count=1)[0] if content else kind.type()
    return scalar


def _kind(dtype: object) -> np.dtype:
    if not isinstance(dtype, PickledDtype):
        raise ForbiddenValueError(f"a numpy array or scalar of type {spelled(dtype)}")
    return dtype.numpy()


def _bytes() -> bytes:
    """Empty bytes, which pickles of protocol 2 ask for by name."""
    return b""


STAND_INS: tuple[tuple[Callable[..., Any], str], ...] = (
    (PickledDtype, "numpy.dtype"),
    (PickledArray, "numpy.ndarray"),
    (_bytes, "builtins.bytes"),
    *(
        (stand_in, f"{home}.multiarray.{name}")
        for home in ("numpy.core", "numpy._core")
        for stand_in, name in ((_reconstruct, "_reconstruct"), (_scalar, "scalar"))
    ),
)
"""All that a pickle may name beside torch's own list, and what it gets; for `safe_globals`."""
