"""One network on all benchmarks of a world, as an item of the engine. Stays light."""

from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from assets.devices import device_of, prepare_device
from assets.experiment.item import SHOWN_DIGITS
from assets.experiment.names import RESULTS_CODE
from assets.experiment.worlds import RenderedWorld, held_benchmarks
from assets.recipes import recipe_of
from assets.worker_store import store_of_item
from storage.experiment_records import ExperimentResult, ExperimentTrial


@dataclass(frozen=True, kw_only=True)
class MeasureItem:
    """The weights of a trial, and the benchmarks that they are measured on.

    Attributes:
        trial: whose weights they are.
        score: name of the score.
        world: of the benchmarks.
        store_root: folder or URL of the store.
        single_writer: as the store was opened.
        device: that torch computes on.
    """

    trial: ExperimentTrial
    score: str
    world: RenderedWorld
    store_root: str = field(repr=False)
    single_writer: bool = False
    device: str = "cpu"

    @property
    def measurement(self) -> str:
        """Digest of all that decides on the numbers, and of whose they are."""
        trial = self.trial
        return recipe_of(
            {
                "code_version": RESULTS_CODE,
                "trial": [trial.architecture, trial.arm, trial.seed],
                "checkpoint_sha256": trial.checkpoint_sha256,
                "score": self.score,
                "world": [self.world.name, self.world.facts],
            }
        )


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Rows of one network, one for each benchmark, domain and slice."""

    rows: tuple[ExperimentResult, ...]


def measure_key(item: MeasureItem) -> str:
    """Key of an item: the trial, and the beginning of the digest."""
    trial = item.trial
    digest = item.measurement[:SHOWN_DIGITS]
    return f"{trial.architecture}/{trial.arm}/{trial.seed}-{digest}"


def measure_trial(item: MeasureItem) -> Measured:
    """All rows of a network on a world; a pure function of its item.

    Raises:
        BadFileError: if a file of the world cannot be used.
        ValueError: if the weights cannot be used, or a score is not finite.
    """
    from assets.experiment.scoring import scores_by_group
    from models.segmentation import load_segmenter

    trial, device = item.trial, device_of(item.device)
    prepare_device(device)
    blobs = store_of_item(item.store_root, item.single_writer).blobs
    with TemporaryDirectory() as folder:
        path = Path(folder) / "trial.safetensors"
        path.write_bytes(blobs.get(trial.checkpoint_sha256))
        network = load_segmenter(trial.architecture, path).to(device)
    rows = tuple(
        _row(item, benchmark=benchmark.name, domain=domain, slice=part, **columns)
        for benchmark in held_benchmarks(item.world)
        for (domain, part), columns in scores_by_group(
            network, trial.architecture, benchmark, item.score
        ).items()
    )
    return Measured(rows=rows)


def _row(item: MeasureItem, **columns: object) -> ExperimentResult:
    trial, world = item.trial, item.world
    facts: dict[str, object] = {
        "plan": trial.plan,
        "world": world.name,
        "architecture": trial.architecture,
        "arm": trial.arm,
        "seed": trial.seed,
        "measurement": item.measurement,
        "checkpoint_sha256": trial.checkpoint_sha256,
        "score": item.score,
        "world_seed": world.seed,
        "world_version": world.version,
        "code_version": RESULTS_CODE,
        **columns,
    }
    return ExperimentResult(**facts)  # type: ignore[arg-type]  # columns are checked on commit
