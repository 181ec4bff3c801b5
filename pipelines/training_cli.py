"""The commands that train, and that tell where things come from, for the app of `pipelines.cli`."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.finish import finish

Initial = Annotated[
    str,
    typer.Option(
        "--initial-checkpoint",
        metavar="FILE",
        help="Weights to begin with, or closed_set: those of closed_set_checkpoint; random ones "
        "if not given.",
    ),
]

Changes = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="Another setting than the published one, such as batch_size=4 or "
        "stages.0.n_epochs=1; may be repeated.",
    ),
]


def add_training_commands(app: typer.Typer) -> None:
    """Add `train` and `lineage`."""
    app.command("train")(train_command)
    app.command("lineage")(lineage_command)


def train_command(
    selection: Annotated[
        str, typer.Argument(help="Name of a selection file, or default for all scenes.")
    ] = "default",
    architecture: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="Network, such as deeplab_wrn38 or mask2former_r50; world: that of the data.",
        ),
    ] = "world",
    initial: Initial = "",
    device: Annotated[
        str | None,
        typer.Option(help="cuda, cpu, ...; MULTISHIFT_TRAINING_DEVICE if not given."),
    ] = None,
    n_processes: Annotated[
        int, typer.Option("--n-processes", min=1, help="That train together, one a GPU.")
    ] = 1,
    changes: Changes = None,
) -> None:
    """Train a segmenter on the pairs of SELECTION, or go on; docs/training.md."""

    def command() -> int:
        from pipelines.commands.train import run_train
        from pipelines.commands.train_settings import config_of

        config = config_of(architecture, initial, n_processes, changes or [])
        return run_train(selection, config, device=device)

    finish(command)


def lineage_command(
    asked: Annotated[
        str,
        typer.Argument(
            metavar="CHECKPOINT|SAMPLE",
            help="File of weights or of a picture, a SHA-256 or its beginning, a sample's name.",
        ),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
    names_all: Annotated[
        bool, typer.Option("--all", help="Name every sample of a checkpoint, and every setting.")
    ] = False,
    html: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False, metavar="OUT.html", help="Write a page about a sample, with pictures."
        ),
    ] = None,
) -> None:
    """Tell what a checkpoint or sample was made from and is used by; docs/lineage.md."""

    def command() -> int:
        from pipelines.commands.lineage import run_lineage

        return run_lineage(asked, as_json=as_json, names_all=names_all, html=html)

    finish(command)
