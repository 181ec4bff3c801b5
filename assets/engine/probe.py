"""Ask every worker, before the first item, whether it can load the function at all.

A worker without the project's code would die on each item, and the run would wait for ever.
"""

import pickle
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from assets.engine.outcome import EngineError
from assets.engine.worker import refusal

if TYPE_CHECKING:
    from distributed import Client

Question: TypeAlias = Callable[[], Awaitable[dict[str, object]]]


def pickled_function(function: object) -> bytes:
    """Pickled function.

    Raises:
        ValueError: if it is no module-level function (or ``functools.partial`` of one).
    """
    try:
        return pickle.dumps(function)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise ValueError(
            f"need a module-level function or functools.partial of one, got {function!r}: {error}"
        ) from error


def module_of(function: object) -> str:
    """Module that a worker must be able to import to run the function."""
    inner = getattr(function, "func", function)  # functools.partial
    module = getattr(inner, "__module__", None) or type(inner).__module__
    return "builtins" if module == "__main__" else str(module)


def check_workers(client: "Client", function: bytes, module: str, *, timeout_s: float) -> None:
    """Return once scheduler and workers can load the pickled function, which lives in ``module``.

    The questions go past the items that a shared worker is busy with.

    Raises:
        EngineError: if one cannot, or does not answer in time.
    """
    # `exec` exists everywhere, so that the question itself can always be unpickled there.
    engine = refusal.__module__
    _ask(client, partial(_scheduler_problem, client, f"import {engine}"), engine, timeout_s)
    modules = f"import {engine}, {module}"
    _ask(client, partial(client.run, exec, modules, on_error="return"), module, timeout_s)
    _ask(client, partial(client.run, refusal, function, on_error="return"), module, timeout_s)


async def _scheduler_problem(client: "Client", code: str) -> dict[str, object]:
    try:
        return {"scheduler": await client.run_on_scheduler(exec, code)}
    except Exception as error:
        return {"scheduler": error}


def _ask(client: "Client", question: Question, module: str, timeout_s: float) -> None:
    async def answers() -> dict[str, object]:
        return await question()  # made on the client's own loop, where it can be given up

    try:
        answered = client.sync(answers, callback_timeout=timeout_s)
    except TimeoutError as error:
        raise EngineError(
            f"not every worker answers within {timeout_s:g} s; look at their logs, or raise the "
            "engine's start_timeout_s"
        ) from error
    unhappy = {place: answer for place, answer in answered.items() if answer}
    if unhappy:
        place, answer = next(iter(unhappy.items()))
        raise EngineError(
            f"cannot import {module!r} on {place} ({answer}), nor on {len(unhappy) - 1} others; "
            "install multishift where scheduler and workers run, or put it on their PYTHONPATH"
        )
