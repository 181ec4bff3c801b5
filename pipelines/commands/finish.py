"""How every command ends: with its own exit code, or with one clear line."""

from collections.abc import Callable

import typer

INTERRUPTED = 130


def finish(command: Callable[[], int]) -> None:
    """Run a command and exit with its code; bad input ends with one clear line and code 1."""
    from assets.engine.outcome import EngineError
    from pipelines.commands.console import err, fail
    from storage.atomic import StoreRefusedError

    try:
        code = command()
    except KeyboardInterrupt:
        err.print("interrupted; run the same command again")
        code = INTERRUPTED
    except (ValueError, LookupError, OSError, MemoryError, EngineError, StoreRefusedError) as error:
        code = fail(error)
    raise typer.Exit(code)
