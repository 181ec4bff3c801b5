"""The two consoles: results go to standard output, everything else to standard error."""

from rich.console import Console

# Digits and paths in colors of their own would be half of a run id, or the end of a path.
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)


def fail(error: Exception) -> int:
    """Print one clear line for bad input, and give the exit code for it."""
    err.print(f"[bold red]error[/] {type(error).__name__}: ", end="")
    err.print(str(error), markup=False, highlight=False, soft_wrap=True)
    return 1
