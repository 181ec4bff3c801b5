"""Selection files: found by name, read, and refused with one line where they are wrong."""

import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import BaseModel, Field, ValidationError
from pydantic_core import ErrorDetails

from assets.selecting.names import DEFAULT, refuse_bad_name
from assets.selecting.selection import Filters, Selection, Veto

SUFFIX = ".toml"
MANUAL = "docs/training_sets.md"

_KEYS: dict[str, type[BaseModel]] = {"filters": Filters, "vetoed": Veto}
_NEEDED = {
    "missing": "is missing",
    "model_type": "need a table, such as [filters]",
    "tuple_type": "need tables, such as [[vetoed]]",
}


class Selections(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Where people keep their selection files."""

    root: str = Field(description="Folder of selection files, `<name>.toml`; it need not exist.")

    def read(self, name: str) -> Selection:
        """The selection of that name.

        Raises:
            ValueError: if there is no such file, or it is no selection; one line that names file,
                field, what is expected and what to do.
        """
        return parse_selection(*self._text(name))

    def names(self) -> list[str]:
        """Names of all selections that can be read, sorted; the shipped one among them."""
        own = (path.stem for path in Path(self.root).glob(f"*{SUFFIX}"))
        return sorted({DEFAULT, *own})

    def _text(self, name: str) -> tuple[str, str]:
        """Content of the file of a selection, and the name to show for it."""
        refuse_bad_name(name)
        path = Path(self.root) / f"{name}{SUFFIX}"
        if path.is_file():
            return _read(path), str(path)
        if name == DEFAULT:
            shipped = files("assets.selecting").joinpath(f"{DEFAULT}{SUFFIX}")
            return shipped.read_text(encoding="utf-8"), f"assets/selecting/{DEFAULT}{SUFFIX}"
        raise ValueError(
            f"{path}: need a selection file, got none; selections that exist: "
            f"{', '.join(self.names())}; write one as {MANUAL} shows"
        )


def parse_selection(text: str, place: str) -> Selection:
    """The selection that a TOML text states; ``place`` names it in errors.

    Raises:
        ValueError: if it is no TOML, or a field is unknown, missing or wrong.
    """
    try:
        return Selection.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{place}: need TOML, got {error}; {MANUAL} shows the format") from None
    except ValidationError as error:
        wrong = "; ".join(map(_told, error.errors()))
        raise ValueError(f"{place}: {wrong}; correct the file, {MANUAL} shows the format") from None


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: need a text file in UTF-8, got {error}; save it again") from None


def _told(problem: ErrorDetails) -> str:
    """Field, expectation and what was found, in words."""
    place = ".".join(map(str, problem["loc"])) or "the file"
    if problem["type"] == "extra_forbidden":
        known = _KEYS.get(str(problem["loc"][0]), Selection) if problem["loc"][1:] else Selection
        return f"{place}: unknown, need one of {', '.join(known.model_fields)}"
    told = problem["msg"].removeprefix("Value error, ").replace("Input should be", "need")
    return f"{place}: {_NEEDED.get(problem['type'], told)}{_found(problem['input'])}"


def _found(value: Any) -> str:
    return "" if isinstance(value, dict) else f", got {value!r}"
