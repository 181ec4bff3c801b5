"""Plans of experiments: found, read, and refused with one line where they are wrong."""

from importlib.resources import files
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from models.experiment.plan import Plan

SHIPPED = ("miniature",)
"""Plans that come with the project, by name."""

SUFFIX = ".yaml"
MANUAL = "docs/experiment.md"
MAX_BYTES = 1 << 20
"""A plan is a few pages; whatever is longer is none."""


def read_plan(wanted: str) -> Plan:
    """The plan of a file, or a shipped one by its name.

    Raises:
        ValueError: if there is no such file, or it is no plan; one line that names file, field,
            what is expected and what to do.
    """
    if wanted in SHIPPED:
        shipped = files("assets.experiment").joinpath(f"{wanted}{SUFFIX}")
        return parse_plan(shipped.read_text(encoding="utf-8"), f"assets/experiment/{wanted}.yaml")
    path = Path(wanted).expanduser()
    if not path.is_file():
        raise ValueError(
            f"{wanted}: need the file of a plan, or the name of a shipped one, "
            f"{', '.join(SHIPPED)}; got no such file; write one as {MANUAL} shows"
        )
    return parse_plan(_text(path), str(path))


def read_named_plan(name: str, wanted: str = "") -> Plan:
    """The plan of a partition, from the file that is given, or the shipped one of that name.

    Raises:
        ValueError: as `read_plan`; also if the file holds a plan of another name.
    """
    plan = read_plan(wanted or name)
    if plan.name != name:
        raise ValueError(
            f"{wanted or name}: need the plan {name!r}, got {plan.name!r}; correct its name, or "
            "materialize the partition of that name"
        )
    return plan


def parse_plan(text: str, place: str) -> Plan:
    """The plan that a YAML text states; ``place`` names it in errors.

    Raises:
        ValueError: if it is no YAML, too long, or a field is unknown, missing or wrong.
    """
    if len(text) > MAX_BYTES:
        raise ValueError(f"{place}: need a plan of {MAX_BYTES} characters at most, got {len(text)}")
    try:
        return Plan.model_validate(yaml.safe_load(text))
    except (yaml.YAMLError, RecursionError) as error:
        told = " ".join(str(error).split())
        raise ValueError(f"{place}: need YAML, got {told}; {MANUAL} shows the format") from None
    except ValidationError as error:
        wrong = "; ".join(map(_told, error.errors()))
        raise ValueError(f"{place}: {wrong}; correct the file, {MANUAL} shows the format") from None


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError(f"{path}: need a plan of {MAX_BYTES} bytes at most; is it a plan?")
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: need a text file in UTF-8, got {error}; save it again") from None


def _told(problem: ErrorDetails) -> str:
    """Field, expectation and what was found, in words."""
    place = ".".join(map(str, problem["loc"])) or "the file"
    if problem["type"] == "extra_forbidden":
        return f"{place}: unknown, remove it"
    if problem["type"] == "missing":
        return f"{place}: is missing"
    told = problem["msg"].removeprefix("Value error, ").replace("Input should be", "need")
    return f"{place}: {told}{_found(problem['input'])}"


def _found(value: Any) -> str:
    return "" if isinstance(value, dict) else f", got {value!r}"
