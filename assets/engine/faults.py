"""Errors of an accelerator, told apart by the names and messages that torch gives them.

Looked up by name, so that workers without torch can ask as well. Two kinds matter: memory that is
used up, where the process stays sound, and errors after which CUDA answers nothing but the same
error until the process ends ("sticky" ones).
"""

from collections.abc import Iterator

_OUT_OF_MEMORY_TYPES = ("OutOfMemoryError",)
_OUT_OF_MEMORY = ("CUDA out of memory", "CUDA error: out of memory", "HIP out of memory")

# CUDA runtime API, cudaError_t: those of which it says that the process must be terminated and
# relaunched. The last three are how the libraries above it report such an error first.
_STICKY = (
    "device-side assert triggered",
    "illegal memory access was encountered",
    "illegal instruction was encountered",
    "misaligned address",
    "invalid program counter",
    "operation not supported on global/shared address space",
    "hardware stack error",
    "unspecified launch failure",
    "the launch timed out and was terminated",
    "uncorrectable ECC error",
    "CUBLAS_STATUS_EXECUTION_FAILED",
    "CUDNN_STATUS_EXECUTION_FAILED",
    "CUFFT_EXEC_FAILED",
)

MEMORY_CURE = (
    "needs more memory than the device has, also alone and tried a second time; set a smaller "
    "batch_size, take a device with more memory, or stop what else computes on it"
)
"""What a person can do. Reasons hold no sizes: a row must be the same in every run."""

DEVICE_CURE = (
    "the device was lost: nothing can be computed in this process any more. An index out of range "
    "(a class id that the network does not have) or a driver fault does that; "
    "CUDA_LAUNCH_BLOCKING=1 in a run of this item alone shows the line"
)


class DeviceLostError(RuntimeError):
    """The device answers nothing in this process any more; a new process is needed."""


def is_out_of_memory(error: BaseException) -> bool:
    """Whether the memory of the device was used up."""
    return any(
        _is_named(link, _OUT_OF_MEMORY_TYPES)
        or (isinstance(link, RuntimeError) and str(link).startswith(_OUT_OF_MEMORY))
        for link in _chain(error)
    )


def is_device_lost(error: BaseException) -> bool:
    """Whether no computation on the device can succeed in this process any more."""
    return any(
        isinstance(link, RuntimeError) and any(sign in str(link) for sign in _STICKY)
        for link in _chain(error)
    )


def _is_named(error: BaseException, names: tuple[str, ...]) -> bool:
    return any(cls.__name__ in names for cls in type(error).__mro__)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and those that led to it."""
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        yield link
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
