"""The only reader of environment variables; every one has a default that works on a fresh clone."""

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PROJECT_ROOT = Path(__file__).resolve().parent.parent
"""Folder of the checkout, where `dagster.yaml` and `workspace.yaml` lie."""

STATE_ROOT = PROJECT_ROOT / ".multishift"
"""Everything that runs leave behind: the miniature world, the store, Dagster's own state."""


class Settings(BaseSettings):
    """Where the data lie, where the store is, and how items are fanned out."""

    model_config = SettingsConfigDict(env_prefix="MULTISHIFT_")

    data_root: str = Field(
        default=str(STATE_ROOT / "data"),
        description="Folder of the data sets; the miniature by default.",
    )
    store_root: str = Field(
        default=str(STATE_ROOT / "store"),
        description="Folder or fsspec URL of manifests and blobs.",
    )
    models_root: str = Field(
        default=str(STATE_ROOT / "models"),
        description="Folder of fetched weights and archives.",
    )
    selections_root: str = Field(
        default=str(STATE_ROOT / "selections"),
        description="Folder of selection files (`docs/training_sets.md`).",
    )
    work_root: str = Field(
        default=str(STATE_ROOT / "work"),
        description="Local folder that steps and workers share: the state of running trainings.",
    )
    training_device: str = Field(
        default="auto",
        description="What torch trains segmenters on, such as cuda or cpu; auto: what there is.",
    )
    loader_workers: int = Field(
        default=2, ge=0, description="Processes that read pairs for each process that trains."
    )
    networks: Literal["world", "miniature", "paper"] = Field(
        default="world",
        description="Networks that draw and judge scenes (see `assets.synthesis.networks`).",
    )
    miniature_set: str = Field(
        default=str(PROJECT_ROOT / "models" / "miniature_set"),
        description="Folder of the miniature's networks.",
    )
    threads: int = Field(
        default=2, ge=1, description="Threads that a worker draws and judges with on the CPU."
    )
    single_writer: bool = Field(
        default=False,
        description="Accept a store without conditional create: one process alone writes.",
    )
    engine_mode: Literal["inline", "processes", "cluster"] = Field(
        default="inline",
        description="Where the items of an asset run (see `assets.engine.resource`).",
    )
    engine_workers: int = Field(default=2, ge=1, description="Workers of the mode `processes`.")
    engine_address: str = Field(default="", description="Scheduler of the mode `cluster`.")

    @field_validator(
        "data_root", "store_root", "models_root", "selections_root", "work_root", "miniature_set"
    )
    @classmethod
    def _is_absolute(cls, root: str) -> str:
        """Local roots become absolute, since commands run in the folder of the checkout."""
        if not root:
            raise ValueError("need a folder, got an empty text; unset it for the default")
        return root if "://" in root else str(Path(root).expanduser().absolute())


@cache
def read_settings() -> Settings:
    """Settings of this process, read once.

    Raises:
        ValueError: one line that names each wrong variable, what it needs and what it holds.
    """
    try:
        return Settings()
    except ValidationError as error:
        wrong = [
            f"MULTISHIFT_{'_'.join(map(str, problem['loc'])).upper()}: {problem['msg']}, "
            f"got {problem['input']!r}"
            for problem in error.errors()
        ]
        raise ValueError("; ".join(wrong)) from None
