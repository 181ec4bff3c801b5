"""The two consoles: results go to standard output, everything else to standard error."""

from rich.console import Console

out = Console()
err = Console(stderr=True)


def fail(error: Exception) -> int:
    """Print one clear line for bad input, and give the exit code for it."""
    err.print(f"[bold red]error[/] {type(error).__name__}: ", end="")
    err.print(str(error), markup=False, highlight=False, soft_wrap=True)
    return 1
