"""Errors of a GPU: told apart by name and message, and survived by real workers."""

from functools import partial

import cuda_items
import pytest
from cuda_items import ASSERT, AcceleratorError, OutOfMemoryError

from assets.engine.faults import DeviceLostError, is_device_lost, is_out_of_memory
from assets.engine.resource import Engine
from assets.engine.warm import warm_models
from assets.engine.worker import attempt
from tests.assets.engine.test_offers import at, workers_that_offer


def caused_by(error):
    try:
        raise ValueError("a pass failed") from error
    except ValueError as caught:
        return caught


@pytest.mark.parametrize(
    ("error", "is_full", "is_lost"),
    [
        (OutOfMemoryError("any words"), True, False),
        (RuntimeError("CUDA error: out of memory\nCUDA kernel errors"), True, False),
        (caused_by(OutOfMemoryError("any words")), True, False),
        (MemoryError("of the machine"), False, False),
        (AcceleratorError(ASSERT), False, True),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), False, True),
        (RuntimeError("CUDA error: unspecified launch failure"), False, True),
        (RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"), False, True),
        (caused_by(AcceleratorError(ASSERT)), False, True),
        (RuntimeError("CUDA error: no kernel image is available"), False, False),
        (RuntimeError("Expected all tensors to be on the same device"), False, False),
        (ValueError("device-side assert triggered"), False, False),
    ],
)
def test_kinds(error, is_full, is_lost):
    assert is_out_of_memory(error) is is_full
    assert is_device_lost(error) is is_lost


def test_torch_still_calls_its_errors_so():
    import torch

    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory."))
    assert issubclass(torch.AcceleratorError, RuntimeError)


def test_full_memory_is_tried_once_more_without_the_models_of_others(tmp_path):
    warm_models().get("others", object)
    value, error = attempt(partial(cuda_items.compute, marker=str(tmp_path / "m")), "full once")
    assert (value, error) == ("full once", None)
    assert "others" not in warm_models()


def test_memory_that_stays_full_is_a_reason_with_a_cure():
    _, error = attempt(partial(cuda_items.compute, marker=""), "full")
    assert error.kind == "failed"
    assert "set a smaller batch_size" in error.reason
    assert "(OutOfMemoryError at cuda_items:" in error.reason
    assert "MiB" not in error.reason


def test_a_lost_device_ends_an_inline_step(monkeypatch, tmp_path):
    monkeypatch.setenv("FAKE_DEVICE", "")
    outcomes = Engine().map(
        partial(cuda_items.compute, marker=str(tmp_path / "m")), ["a", "assert", "b"], key=str
    )
    assert next(outcomes).value == "a"
    with pytest.raises(DeviceLostError, match=r"^CUDA error: device-side assert triggered \(Acc"):
        next(outcomes)


def test_workers_that_lose_their_device_are_replaced(tmp_path):
    """One that loses it once costs nothing; one that always does is poisoned, with the reason."""
    function = partial(cuda_items.compute, marker=str(tmp_path / "m"))
    items = ["a", "assert once", "b", "assert", "full", "c", "d"]
    engine = Engine(mode="processes", n_workers=2, start_timeout_s=40)
    outcomes = {o.key: o for o in engine.map(function, items, key=str)}
    errors = {key: o.error for key, o in outcomes.items() if o.error}
    assert {key: error.kind for key, error in errors.items()} == {
        "assert": "poisoned", "full": "failed",
    }  # fmt: skip
    assert errors["assert"].reason.startswith("CUDA error: device-side assert triggered")
    assert "the device was lost" in errors["assert"].reason
    assert outcomes["assert once"].value == "assert once"


def test_without_nanny_the_item_fails_and_says_so(monkeypatch):
    monkeypatch.setenv("FAKE_DEVICE", "")
    with workers_that_offer({}) as cluster:
        function = partial(cuda_items.compute, marker="")
        (outcome,) = at(cluster).map(function, ["assert"], key=str)
    assert outcome.error.kind == "failed"
    assert outcome.error.reason.startswith("no nanny watches this worker")
