"""The only reader of environment variables; every one has a default that works on a fresh clone."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import available_timezones

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

if TYPE_CHECKING:
    from storage.store import Store

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
    engine_workers: int = Field(
        default=0,
        ge=0,
        description="Workers of the mode `processes`; 0: one for each GPU, or 2 without any.",
    )
    engine_address: str = Field(default="", description="Scheduler of the mode `cluster`.")
    engine_tls_ca: str = Field(
        default="", description="PEM file that vouches for a cluster at `tls://`."
    )
    engine_tls_cert: str = Field(default="", description="PEM file of our certificate there.")
    engine_tls_key: str = Field(default="", description="PEM file of its private key.")
    engine_drain_s: float = Field(
        default=30.0, ge=0, description="Seconds that items under way get when a step is stopped."
    )
    round_cron: str = Field(
        default="0 3 * * 1", description="When the schedule `weekly_round` opens a round."
    )
    observation_cron: str = Field(
        default="0 2 * * *", description="When the schedule `daily_observation` looks at the data."
    )
    timezone: str = Field(default="UTC", description="Time zone of both, such as Europe/Oslo.")
    round_config: str = Field(
        default="",
        description="File (YAML) with the run configuration of scheduled rounds, as the Launchpad "
        "takes it; empty for the defaults of the assets.",
    )
    train_config: str = Field(
        default="", description="The same for the trainings that a sensor starts."
    )
    failure_hook: str = Field(
        default="",
        description="`module:function` that is told of failed runs (see `pipelines.failure_hook`).",
    )
    ui_url: str = Field(
        default="http://127.0.0.1:3000", description="Address of the UI, for links to runs."
    )

    def open_store(self) -> "Store":
        """The configured store; errors as `storage.store.open_store` raises them."""
        from storage.store import open_store

        return open_store(self.store_root, single_writer=self.single_writer)

    @field_validator("round_cron", "observation_cron")
    @classmethod
    def _is_cron(cls, cron: str) -> str:
        from dagster._utils.schedules import is_valid_cron_string

        if not is_valid_cron_string(cron):
            raise ValueError("need a cron line of five fields, such as '0 3 * * 1'")
        return cron

    @field_validator("timezone")
    @classmethod
    def _is_timezone(cls, name: str) -> str:
        if name not in available_timezones():
            raise ValueError("need a time zone by its name, such as UTC or Europe/Oslo")
        return name

    @field_validator("failure_hook")
    @classmethod
    def _is_hook(cls, hook: str) -> str:
        """Only the form: the module is imported when a run has failed."""
        if hook and not re.fullmatch(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", hook):
            raise ValueError("need module:function, such as lab.alerts:post")
        return hook

    @field_validator(
        "data_root", "store_root", "models_root", "selections_root", "work_root", "miniature_set"
    )
    @classmethod
    def _is_absolute(cls, root: str) -> str:
        """Local roots become absolute, since commands run in the folder of the checkout."""
        if not root:
            raise ValueError("need a folder, got an empty text; unset it for the default")
        return root if "://" in root else str(Path(root).expanduser().absolute())

    @field_validator("data_root", "models_root", "selections_root", "work_root", "miniature_set")
    @classmethod
    def _is_local(cls, root: str) -> str:
        """Only the store may lie elsewhere: libraries read the other folders by their paths."""
        if "://" in root:
            raise ValueError(
                "need a folder of this machine; mount the bucket and name the mount point "
                "(docs/storage.md)"
            )
        return root


@cache
def read_settings() -> Settings:
    """Settings of this process, read once.

    Raises:
        ValueError: one line that names each wrong variable, what it needs and what it holds.
    """
    try:
        return Settings()
    except ValidationError as error:
        wrong = map(_told, error.errors())
        raise ValueError("; ".join(wrong)) from None


def _told(problem: Mapping[str, Any]) -> str:
    """Variable, what it needs, and what it holds."""
    name = "_".join(map(str, problem["loc"])).upper()
    need = problem["msg"].removeprefix("Value error, ")
    return f"MULTISHIFT_{name}: {need}, got {problem['input']!r}"
