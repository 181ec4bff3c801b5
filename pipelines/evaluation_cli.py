"""The commands that measure and submit, for the app of `pipelines.cli`."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.finish import finish

Checkpoint = Annotated[
    str,
    typer.Option(
        "--checkpoint",
        metavar="FILE|SHA",
        help="Weights: a file, a SHA-256 in the store, latest or closed_set.",
    ),
]
ArchitectureName = Annotated[
    str,
    typer.Option(
        "--architecture",
        metavar="NAME",
        help="Network of the checkpoint, where its file does not tell.",
    ),
]
Data = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="ROOT",
        file_okay=False,
        help="Folder of the data sets; MULTISHIFT_DATA_ROOT if not given.",
    ),
]
Device = Annotated[
    str | None,
    typer.Option("--device", help="cuda, cpu, ...; MULTISHIFT_TRAINING_DEVICE if not given."),
]
Sam = Annotated[
    Path | None,
    typer.Option("--sam", metavar="FILE", help="Weights of Segment Anything for --refine sam."),
]


class TrackName(StrEnum):
    """Names of `storage.submission.TRACKS`, known here without importing NumPy."""

    ROAD_ANOMALY_21 = "road_anomaly_21"
    ROAD_OBSTACLE_21 = "road_obstacle_21"


class RefinementName(StrEnum):
    """Names of the refinements, known here without importing them."""

    NONE = "none"
    SAM = "sam"


Refine = Annotated[
    RefinementName,
    typer.Option("--refine", help="Mend score maps object by object; docs/evaluation.md."),
]


def add_evaluation_commands(app: typer.Typer) -> None:
    """Add `evaluate` and `submit`."""
    app.command("evaluate")(evaluate_command)
    app.command("submit")(submit_command)


def evaluate_command(  # noqa: PLR0913 - one parameter an option
    out: Annotated[
        Path,
        typer.Option("--out", metavar="DIR", file_okay=False, help="Folder for reports and rows."),
    ],
    checkpoint: Checkpoint = "",
    data: Data = None,
    architecture: ArchitectureName = "",
    scores_from: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            exists=True,
            file_okay=False,
            help="Score maps of another tool instead of a checkpoint: <id>.npy, .npz or .hdf5.",
        ),
    ] = None,
    benchmark: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="One of those below ROOT; all if none is named."),
    ] = None,
    score: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME",
            help="learned, max_softmax, max_logit, energy, entropy or rba; all if none is named.",
        ),
    ] = None,
    estimator: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="smiyc_binned or binned, beside the exact one."),
    ] = None,
    refine: Refine = RefinementName.NONE,
    sam: Sam = None,
    device: Device = None,
) -> None:
    """Measure a checkpoint, or score files, on benchmarks; docs/evaluation.md."""

    def command() -> int:
        from pipelines.commands.evaluate import EvaluationWish, run_evaluate

        return run_evaluate(
            EvaluationWish(
                checkpoint=checkpoint,
                architecture=architecture,
                scores_from=scores_from,
                benchmarks=tuple(benchmark or ()),
                scores=tuple(score or ()),
                estimators=tuple(estimator or ()),
                refinement=refine.value,
                sam=sam,
                device=device,
            ),
            out,
            data_root=data,
        )

    finish(command)


def submit_command(  # noqa: PLR0913 - one parameter an option
    checkpoint: Checkpoint,
    benchmark: Annotated[
        TrackName,
        typer.Option("--benchmark", metavar="TRACK", help=f"{', '.join(TrackName)}."),
    ],
    out: Annotated[
        Path,
        typer.Option("--out", metavar="DIR", file_okay=False, help="Folder to write, or go on in."),
    ],
    data: Data = None,
    architecture: ArchitectureName = "",
    score: Annotated[str, typer.Option("--score", help="Name of the score to submit.")] = "learned",
    method: Annotated[
        str, typer.Option("--method", help="Name of the method, a folder's name.")
    ] = "multishift",
    refine: Refine = RefinementName.NONE,
    sam: Sam = None,
    device: Device = None,
) -> None:
    """Write the score maps of a SegmentMeIfYouCan track, hidden images too; docs/evaluation.md."""

    def command() -> int:
        from pipelines.commands.submit import SubmissionWish, run_submit

        return run_submit(
            SubmissionWish(
                checkpoint=checkpoint,
                architecture=architecture,
                benchmark=benchmark.value,
                score=score,
                method=method,
                refinement=refine.value,
                sam=sam,
                device=device,
            ),
            out,
            data_root=data,
        )

    finish(command)
