"""What a selection says: rounds and imported sets, filters, vetoed samples. Values, no files."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

PLAIN = "plain"
"""Stands in filters for scenes of the plain template, which names no weather, time or place."""


def _names(value: Any) -> Any:
    """A list of names; an error that says so where it is none."""
    if not isinstance(value, list) or not all(isinstance(v, str) and v for v in value):
        raise ValueError('need a list of names, such as ["a", "b"]')
    if not value or len(set(value)) < len(value):
        raise ValueError("need one name or more, each once; leave the key out to mean nothing")
    return tuple(value)


def _names_or_all(value: Any) -> Any:
    if value == "all":
        return value
    try:
        return _names(value)
    except ValueError as error:
        raise ValueError(f'{error}; or the word "all"') from None


Names = Annotated[tuple[str, ...], BeforeValidator(_names)]
NamesOrAll = Annotated[tuple[str, ...] | Literal["all"], BeforeValidator(_names_or_all)]

_STRICT = ConfigDict(strict=True, extra="forbid", frozen=True)


class Filters(BaseModel):
    """What a scene must be to be taken; a filter that is left out takes every scene."""

    model_config = _STRICT

    cities: Names = ()
    weather: Names = ()
    time: Names = ()
    places: Names = ()
    object_classes: Names = ()
    min_object_iou: float | None = Field(default=None, ge=0, le=1)
    min_ood_px: int | None = Field(default=None, ge=1)
    max_variants: int | None = Field(default=None, ge=1)


class Veto(BaseModel):
    """A sample that is never taken, of a round or of an imported set."""

    model_config = _STRICT

    round: str | None = None
    imported: str | None = None
    frame: str
    variant: int = Field(ge=0)
    reason: str = ""

    @model_validator(mode="after")
    def _names_one_source(self) -> "Veto":
        if (self.round is None) == (self.imported is None):
            raise ValueError("need either round or imported, and not both")
        return self

    @property
    def source(self) -> str:
        """Round or imported set of the sample."""
        return str(self.round if self.imported is None else self.imported)


class Selection(BaseModel):
    """Which scenes a network is trained on; `docs/training_sets.md` shows the format."""

    model_config = _STRICT

    rounds: NamesOrAll = ()
    imported: NamesOrAll = ()
    reviewed_only: bool = False
    filters: Filters = Filters()
    vetoed: tuple[Veto, ...] = Field((), strict=False)

    @model_validator(mode="after")
    def _takes_something(self) -> "Selection":
        if not self.rounds and not self.imported:
            raise ValueError('need rounds or imported, such as rounds = "all", got neither')
        return self
