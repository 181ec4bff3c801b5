"""One item in one process: every kind of end becomes a value or a one-line reason."""

import math
import pickle
import subprocess
import sys
from functools import partial

import engine_items
import pytest

from assets.engine.outcome import ItemError, Outcome, quarantined, unique_keys
from assets.engine.probe import module_of, pickled_function
from assets.engine.worker import MAX_REASON_CHARS, attempt, one_line, refusal


@pytest.mark.parametrize(
    ("item", "kind", "start"),
    [
        ("bad file", "bad_input", "a/b.png: found 3 bytes, expected a PNG; fetch it again"),
        ("raises", "failed", "RuntimeError: two lines (at engine_items:"),
        ("memory", "failed", "MemoryError: of the device (at engine_items:"),
        ("exits", "failed", "SystemExit: 3 (at engine_items:"),
    ],
)
def test_trouble_becomes_a_reason(item, kind, start):
    value, error = attempt(engine_items.describe, item)
    assert value is None
    assert error.kind == kind
    assert error.reason.startswith(start)
    assert "\n" not in error.reason


def test_place_is_the_last_python_frame():
    _, error = attempt(math.sqrt, -1)
    assert error.reason.startswith("ValueError: ")
    assert "(at assets.engine.worker:" in error.reason
    assert " in _try)" in error.reason


def test_interrupts_pass_through():
    def interrupted(_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        attempt(interrupted, 1)


def test_long_text_is_cut():
    assert one_line("a \n\t b") == "a b"
    assert one_line("x" * MAX_REASON_CHARS) == "x" * MAX_REASON_CHARS
    assert len(one_line("x" * (MAX_REASON_CHARS + 1))) == MAX_REASON_CHARS


def test_refusal_names_what_is_missing():
    assert refusal(pickle.dumps(math.sqrt)) == ""
    assert "no_such_module" in refusal(b"cno_such_module\nf\n.")


def test_local_functions_are_refused():
    with pytest.raises(ValueError, match="need a module-level function"):
        pickled_function(lambda item: item)


def test_module_of_what_can_be_called():
    assert module_of(engine_items.square) == "engine_items"
    assert module_of(partial(engine_items.die_once, marker="m")) == "engine_items"
    assert module_of(math.sqrt) == "math"
    assert module_of(str.upper) == "builtins"


def test_repeated_keys_are_named():
    assert unique_keys([1, 2], str) == ["1", "2"]
    with pytest.raises(ValueError, match=r"got 2 keys more than once: \['0', '1'\]"):
        unique_keys(range(5), lambda item: str(item % 2) if item < 4 else "4")


def test_quarantined_row():
    bad = Outcome(key="a", item=1, value=None, error=ItemError("bad_input", "why"))
    row = quarantined(bad)
    assert (row.item, row.status, row.reason) == ("a", "bad_input", "why")
    with pytest.raises(ValueError, match="need an outcome with an error"):
        quarantined(Outcome(key="a", item=1, value=2, error=None))


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("assets.engine.worker", ["dagster", "dask", "distributed", "torch", "numpy"]),
        ("assets.engine.resource", ["dask", "distributed", "torch"]),
    ],
)
def test_imports_are_light(module, absent):
    code = f"import sys, {module}; print([m for m in {absent} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
