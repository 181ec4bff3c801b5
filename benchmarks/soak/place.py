"""The folder of a soak: data, instance, settings, and a store on a disk of its own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]

LONGEST_S = 3600.0
"""Longest time of a command that prepares the soak or generates anew; it ends the soak then."""

PREPARATION = ("observe_data", "build_bank", "calibrate_detector")
"""Jobs that run once before the schedule begins."""

ROUND_CONFIG: dict[str, Any] = {
    "ops": {
        "synthetic_scenes": {"config": {"accepts_all": True}},
        "labelled_scenes": {"config": {"label_mask": "pasted"}},
    }
}
"""Of every round: whether a picture is good is not asked here, so that none fails by a check."""

_RUN_JOB = """
import json
import sys
from pipelines.commands.instance import choose_instance
from pipelines.commands.runs import run_job
job, partition, config = sys.argv[1:]
choose_instance()
sys.exit(not run_job(job, partition_key=partition or None, run_config=json.loads(config)))
"""


@dataclass(frozen=True)
class Place:
    """Folders below one, and the environment of every process."""

    folder: Path
    disk_mib: int
    n_frames: int

    @property
    def home(self) -> Path:
        """DAGSTER_HOME."""
        return self.folder / "home"

    @property
    def store(self) -> Path:
        """The store, which is what the faults fill up."""
        return self.folder / "disk" / "store"

    def environment(self, **more: str) -> dict[str, str]:
        """What every process of the soak is told."""
        return {
            **os.environ,
            "DAGSTER_HOME": str(self.home),
            "MULTISHIFT_DATA_ROOT": str(self.folder / "data"),
            "MULTISHIFT_STORE_ROOT": str(self.store),
            "MULTISHIFT_WORK_ROOT": str(self.folder / "work"),
            "MULTISHIFT_SELECTIONS_ROOT": str(self.folder / "selections"),
            "MULTISHIFT_THREADS": "1",
            "MULTISHIFT_ENGINE_MODE": "processes",
            "MULTISHIFT_ENGINE_WORKERS": "1",
            "MULTISHIFT_ROUND_CRON": "* * * * *",
            "MULTISHIFT_ROUND_CONFIG": str(self.home / "round.yaml"),
            "PYTHONPATH": str(ROOT),
            **more,
        }

    def prepare(self, instance: str) -> None:
        """Write the world, make the instance, fill the bank, calibrate the detector."""
        self.home.mkdir(parents=True)
        (self.home / "dagster.yaml").write_text(instance, encoding="utf-8")
        (self.home / "round.yaml").write_text(yaml.safe_dump(ROUND_CONFIG), encoding="utf-8")
        words = ["miniature", str(self.folder / "data"), "--frames", str(self.n_frames)]
        program = "from pipelines.cli import app; app()"
        self._run(["-c", program, *words, "--others", "0.1"], self.environment())
        for job in PREPARATION:
            self.run_job(job)

    def run_job(self, job: str, partition: str = "", **more: str) -> None:
        """Run a job to its end in a process of its own, without workers."""
        environment = self.environment(MULTISHIFT_ENGINE_MODE="inline", **more)
        config = ROUND_CONFIG if partition else {}
        self._run(["-c", _RUN_JOB, job, partition, json.dumps(config)], environment)

    def _run(self, words: list[str], environment: dict[str, str]) -> None:
        subprocess.run(
            [sys.executable, *words], cwd=ROOT, env=environment, check=True, timeout=LONGEST_S
        )

    @contextmanager
    def disk(self) -> Iterator[None]:
        """A file system in memory for the store, so that it can be full; needs root."""
        point = self.folder / "disk"
        point.mkdir(parents=True)
        size = f"size={self.disk_mib}m"
        subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(point)], check=True)
        try:
            self.store.mkdir()
            yield
        finally:
            subprocess.run(["umount", "--lazy", str(point)], check=True)
