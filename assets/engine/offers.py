"""What workers offer, such as GPUs, and whether it is what an item asks for.

A task of Dask that asks for more than any worker offers waits for ever and says nothing, so offers
are looked at first.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeAlias

from assets.engine.gpus import n_gpus
from assets.engine.outcome import EngineError

if TYPE_CHECKING:
    from distributed import Client

Resources: TypeAlias = Mapping[str, float]
"""How much of what, by the names that ``dask worker --resources`` gives, such as ``GPU``."""

GPU = "GPU"

_MAX_NAMED = 3


def share_of_machine(asked: Resources, n_workers: int) -> dict[str, float]:
    """What each of equal workers of this machine offers of what is asked for: whole GPUs."""
    return {name: float(n_gpus() // n_workers) if name == GPU else 0.0 for name in asked}


def offers_of(client: "Client") -> dict[str, Resources]:
    """What each worker of a cluster offers, by its address."""
    workers = client.scheduler_info()["workers"]
    return {address: dict(worker["resources"]) for address, worker in workers.items()}


def is_met(asked: Resources, offered: Resources) -> bool:
    """Whether an offer holds everything that is asked for."""
    return all(offered.get(name, 0.0) >= amount for name, amount in asked.items())


def n_times_met(asked: Resources, offered: Resources) -> int:
    """How many items that ask for something an offer serves at once."""
    return min(int(offered.get(name, 0.0) // amount) for name, amount in asked.items())


def refuse_unmet(asked: Resources, offers: Mapping[str, Resources], cure: str) -> None:
    """Let pass what one of the places offers.

    Args:
        asked: by an item.
        offers: of each place, by its name.
        cure: what a person can do.

    Raises:
        EngineError: if none offers all.
    """
    if any(is_met(asked, offered) for offered in offers.values()):
        return
    best = sorted(offers, key=lambda place: -sum(offers[place].get(name, 0.0) for name in asked))
    found = ", ".join(f"{_spelled(offers[place])} at {place}" for place in best[:_MAX_NAMED])
    raise EngineError(
        f"need a worker that offers {_spelled(asked)}, got {len(offers)}, the best of them with "
        f"{found}; {cure}"
    )


def as_options(asked: Resources) -> str:
    """What ``dask worker --resources`` is given for an offer that is just enough."""
    return ",".join(f"{name}={amount:g}" for name, amount in asked.items())


def _spelled(amounts: Resources) -> str:
    return ", ".join(f"{amount:g} {name}" for name, amount in amounts.items()) or "nothing"
