"""What to measure on which images by which rules: everything that decides on the rows."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from assets.benchmarks.checkpoints import FoundCheckpoint
from assets.benchmarks.frames import BenchmarkFrames, frame_key, list_frames
from assets.benchmarks.image import Measurement
from assets.benchmarks.names import CODE_VERSION, FILE_PREFIX, has_unknown_objects
from assets.benchmarks.overlap import objects_of
from assets.benchmarks.subject import Lineage, Subject
from assets.lineage import parents_of
from assets.recipes import recipe_of
from models.metrics import ANOMALY_TRACK, OBSTACLE_TRACK, ComponentSizes
from storage.benchmark_objects import KnownObject
from storage.benchmark_records import BINNED, SMIYC_BINNED
from storage.datasets.fingerprint import fingerprint_files
from storage.images import file_sha256
from storage.manifests.pointers import ManifestVersion
from storage.world import World, read_world

EXTRAS = (SMIYC_BINNED, BINNED)
"""Estimators that are computed if asked for; exact ones always are."""

_SIZES = {
    "road_anomaly_21": ANOMALY_TRACK,
    "road_obstacle_21": OBSTACLE_TRACK,
    "acdc_poc": ANOMALY_TRACK,  # states none; objects were painted into boxes of 300 px and more
}

GIBIBYTE = 1 << 30


@dataclass(frozen=True, kw_only=True)
class MeasuringRules:
    """What people choose.

    Attributes:
        scores: names of scores; all that the network has if empty.
        extras: further estimators, of `EXTRAS`.
        refinement: what mends the maps before they count, or ``none``.
        refiner: file of the network that mends them; "" where none is needed.
        n_shown: best and worst images of each score to look at.
        max_work_bytes: most that all score maps may take between the passes.
    """

    scores: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    refinement: str = "none"
    refiner: str = ""
    n_shown: int = 3
    max_work_bytes: int = 100 * GIBIBYTE


@dataclass(frozen=True, kw_only=True)
class BenchmarkOrder:
    """A measurement: what, on which images, by which rules.

    Attributes:
        benchmark: its name.
        frames: its images.
        data_root: folder of the data sets.
        source_version: fingerprint of the files of the benchmark.
        subject: what is measured.
        lineage: where that comes from.
        scores: names of the scores; none where the benchmark has known classes alone.
        score_files: file of each image by its key, where files are the subject.
        rules: what people chose.
        sizes: rules for components; None where the benchmark has none.
        objects: unknown objects of the benchmark, as far as they are listed.
        version: that holds the checkpoint; None where it is a file.
    """

    benchmark: str
    frames: BenchmarkFrames
    data_root: Path
    source_version: str
    subject: Subject
    lineage: Lineage
    scores: tuple[str, ...]
    score_files: Mapping[str, Path] = field(default_factory=dict)
    rules: MeasuringRules
    sizes: ComponentSizes | None
    objects: tuple[KnownObject, ...]
    version: ManifestVersion | None = None

    @property
    def parents(self) -> dict[str, str]:
        """The version that the checkpoint was taken from, if any."""
        return parents_of(self.version) if self.version else {}

    @property
    def recipe(self) -> str:
        """Digest of all that decides on the rows; where it is computed is no part of it."""
        return recipe_of(
            {
                "code_version": CODE_VERSION,
                "benchmark": self.benchmark,
                "source_version": self.source_version,
                "subject": self.subject.sha256,
                "architecture": self.subject.architecture,
                "lineage": asdict(self.lineage),
                "scores": self.scores,
                "extras": sorted(self.rules.extras),
                "refinement": self.rules.refinement,
                "refiner": file_sha256(Path(self.rules.refiner)) if self.rules.refiner else "",
                "n_shown": self.rules.n_shown,
                "sizes": asdict(self.sizes) if self.sizes else None,
                "objects": [asdict(one) for one in self.objects],
            }
        )

    def measurement(self, work: Path, device: str) -> Measurement:
        """What workers need to know of it."""
        return Measurement(
            subject=self.subject,
            scores=self.scores,
            refinement=self.rules.refinement,
            refiner=self.rules.refiner,
            data_root=str(self.data_root),
            work=str(work),
            device=device,
        )


def plan_checkpoint(
    benchmark: str, data_root: Path, found: FoundCheckpoint, rules: MeasuringRules
) -> BenchmarkOrder:
    """The measurement of a checkpoint; no picture is opened.

    Raises:
        FileNotFoundError: if the benchmark is not below the data root.
        ValueError: if there is no such benchmark, none of its images has a label, or a score or
            estimator is not defined.
    """
    frames = list_frames(benchmark, data_root)
    has_unknown = has_unknown_objects(frames.dataset)
    scores = _defined_scores(str(found.subject.architecture), rules.scores) if has_unknown else ()
    return _order(frames, data_root, found, scores, rules)


def plan_score_files(
    benchmark: str, data_root: Path, name: str, files: Mapping[str, Path], rules: MeasuringRules
) -> BenchmarkOrder:
    """The measurement of score files; all of them are read once, for their digest.

    Args:
        benchmark: its name.
        data_root: folder of the data sets.
        name: of the score; rows name it ``file:<name>``.
        files: score file of every image that has a label, by `frame_key`.
        rules: what people choose; scores are not among it.

    Raises:
        FileNotFoundError: if the benchmark is not below the data root.
        ValueError: if there is no such benchmark, it has no unknown objects, or files are missing.
    """
    frames = list_frames(benchmark, data_root)
    if not has_unknown_objects(frames.dataset):
        raise ValueError(f"{benchmark}: has no unknown objects, so score files say nothing of it")
    keys = [frame_key(frame) for frame in frames.measured]
    missing = [key for key in keys if key not in files]
    if missing:
        raise ValueError(
            f"{benchmark}: need a score file for each of {len(keys)} labeled images, "
            f"{len(missing)} are missing: {', '.join(missing[:5])}"
        )
    used = {key: files[key] for key in keys}
    digest = hashlib.sha256()
    for key, path in sorted(used.items()):
        digest.update(f"{key}\0{file_sha256(path)}\n".encode())
    subject = Subject(kind="score_files", sha256=digest.hexdigest())
    found = FoundCheckpoint(subject=subject, lineage=Lineage())
    return _order(frames, data_root, found, (f"{FILE_PREFIX}{name}",), rules, used)


def _order(
    frames: BenchmarkFrames,
    data_root: Path,
    found: FoundCheckpoint,
    scores: tuple[str, ...],
    rules: MeasuringRules,
    score_files: Mapping[str, Path] | None = None,
) -> BenchmarkOrder:
    if unknown := [name for name in rules.extras if name not in EXTRAS]:
        raise ValueError(f"need estimators of {', '.join(EXTRAS)}, got {unknown[0]!r}")
    benchmark = frames.dataset.name
    return BenchmarkOrder(
        benchmark=benchmark,
        frames=frames,
        data_root=data_root,
        source_version=fingerprint_files(frames.folder),
        subject=found.subject,
        lineage=found.lineage,
        version=found.version,
        scores=scores,
        score_files=score_files or {},
        rules=rules,
        sizes=component_sizes(benchmark, read_world(data_root)),
        objects=objects_of(frames, data_root) if has_unknown_objects(frames.dataset) else (),
    )


def component_sizes(benchmark: str, world: World) -> ComponentSizes | None:
    """Rules of the track, for scenes as small as those of the world; None where it has none."""
    published = _SIZES.get(benchmark)
    if published is None:
        return None
    shrunk = world.scale_px(1.0) ** 2  # sizes are areas
    return ComponentSizes(
        predicted_px=max(1, round(published.predicted_px * shrunk)),
        truth_px=max(1, round(published.truth_px * shrunk)),
    )


def _defined_scores(architecture: str, wanted: Sequence[str]) -> tuple[str, ...]:
    from models.evaluation.answering import scores_of

    defined = scores_of(architecture)
    if unknown := [name for name in wanted if name not in defined]:
        raise ValueError(
            f"need scores of {', '.join(defined)} for {architecture}, got {unknown[0]!r}"
        )
    return tuple(name for name in defined if name in wanted) or defined
