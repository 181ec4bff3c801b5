"""What torch computes on; it is imported when it is first asked for."""


def device_of(wanted: str) -> str:
    """The device, or for ``auto`` an accelerator where this machine has one."""
    if wanted != "auto":
        return wanted
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def n_gpus() -> int:
    """GPUs that this process may use."""
    import torch

    return torch.cuda.device_count()


def prepare_device(device: str) -> None:
    """See that torch can use a device, and let it choose the fastest convolutions there.

    Raises:
        ValueError: if it cannot.
    """
    import torch

    try:
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError) as error:  # the latter from a torch without CUDA
        reason = str(error).partition("\n")[0]
        raise ValueError(
            f"need a device that torch can use, got {device!r} ({reason:.100})"
        ) from error
    if torch.device(device).type == "cuda":
        torch.backends.cudnn.benchmark = True
        torch.set_float32_matmul_precision("high")
