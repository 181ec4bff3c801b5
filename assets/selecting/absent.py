"""What a selection names and the store does not hold: a slip of the pen, or taken by a retraction.

A slip is refused. Where a source is retracted, what it took with it is told and passed over, so
that the selections of others stay good; nothing tells any more what a scene that is gone was made
from, so that any retraction excuses.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Literal

from assets.retracting.sources import Retracted
from assets.selecting.candidates import VALUES, Candidate, listed, name_of_veto
from assets.selecting.selection import Filters, Veto


def absent_values(found: Sequence[Candidate], filters: Filters, retracted: Retracted) -> list[str]:
    """Notes on values of filters that no candidate has.

    Raises:
        ValueError: if nothing is retracted: a value that no scene has is hardly a wish.
    """
    notes = []
    for name, values_of in VALUES.items():
        known = {value for candidate in found for value in values_of(candidate.scene)}
        unknown = [value for value in getattr(filters, name) if value not in known]
        if not unknown:
            continue
        named = ", ".join(map(repr, unknown))
        if not retracted:
            raise ValueError(
                f"filters.{name}: need values that some chosen scene has ({listed(known)}), got "
                f"{named}"
            )
        notes.append(f"filters.{name}: no scene has {named} (any more)")
    return notes


def absent_vetoes(
    found: Sequence[Candidate], vetoed: Sequence[Veto], retracted: Retracted
) -> list[str]:
    """Notes on vetoes of scenes that are not in their round; a veto of another round waits.

    Raises:
        ValueError: if nothing is retracted.
    """
    names = {candidate.name for candidate in found}
    sources = {(name.asset, name.round) for name in names}
    notes = []
    for number, veto in enumerate(vetoed):
        name = name_of_veto(veto)
        if (name.asset, name.round) not in sources or name in names:
            continue
        if not retracted:
            raise ValueError(
                f"vetoed.{number}: need a scene of {veto.source}, got frame {veto.frame!r}, "
                f"variant {veto.variant}, which is not there; correct or remove the veto"
            )
        notes.append(f"vetoed.{number}: {name} is not there (any more)")
    return notes


def present_sources(
    what: str,
    named: Sequence[str] | Literal["all"],
    there: Collection[str],
    *,
    is_gone: Callable[[str], bool] = lambda _: False,
    cure: str,
) -> list[str]:
    """Of rounds or sets the named ones in their order, or all in the order of their names.

    Those of which ``is_gone`` says that they are retracted may be missing.

    Raises:
        ValueError: if one is unknown.
    """
    if named == "all":
        return sorted(there)
    unknown = [name for name in named if name not in there and not is_gone(name)]
    if unknown:
        raise ValueError(
            f"need {what} that the store holds ({listed(there) or 'none is there'}), "
            f"got {', '.join(map(repr, unknown))}; correct the selection, or {cure}"
        )
    return [name for name in named if name in there]
