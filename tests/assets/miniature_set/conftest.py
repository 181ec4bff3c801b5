"""The whole training at its smallest, run once through Dagster."""

from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest

from assets.miniature_set.stages import open_workshop
from pipelines.definitions import defs


@dataclass
class Trained:
    """A finished run of the job: its result, and the folders that it worked in."""

    result: dg.ExecuteInProcessResult
    work: Path
    output: Path
    lines: list[str]

    def workshop(self, recipe, **others):
        """A workshop in the folder of the run."""
        return open_workshop(recipe, self.work, say=self.lines.append, **others)


def run_job(work: Path, output: Path, **config):
    """One run of the job with the smallest recipe."""
    own = {"recipe": "tiny", "work_folder": str(work), "output_folder": str(output)}
    job = defs.resolve_job_def("train_miniature_bundle")
    return job.execute_in_process(
        run_config={**own, "device": "cpu", **config}, raise_on_error=False
    )


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A finished run; leave its folders as they are."""
    folder = tmp_path_factory.mktemp("training")
    work, output = folder / "work", folder / "set"
    return Trained(run_job(work, output), work, output, [])
