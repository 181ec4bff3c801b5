"""What people choose of an experiment in Dagster; everything else stands in its plan."""

import dagster as dg
from pydantic import Field


class TrialsConfig(dg.Config):
    """Which part of a plan is trained."""

    plan: str = Field("", description="File of the plan; the shipped plan of that name if empty.")
    arms: list[str] = Field([], description="All arms of the plan if empty.")
    seeds: list[int] = Field([], description="All seeds of the plan if empty.")
    architectures: list[str] = Field([], description="All networks of the plan if empty.")
    max_minutes: float = Field(30.0, gt=0, description="Longest time that one training may take.")


class ResultsConfig(dg.Config):
    """Where a world lies, and whether it may be scored again after the plan was changed."""

    plan: str = Field("", description="File of the plan; the shipped plan of that name if empty.")
    worlds_root: str = Field(
        "",
        description="Folder below which worlds are rendered; one of the work folder if empty.",
    )
    is_remeasured: bool = Field(
        False,
        description="Score the world of the report although another plan was scored on it; the "
        "page counts how many.",
    )
    max_minutes: float = Field(30.0, gt=0, description="Longest time that one network may take.")
