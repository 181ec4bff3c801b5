"""The console command `multishift`: one thin function a subcommand.

Heavy modules are imported inside, so that `--help` answers at once.
"""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.finish import finish
from pipelines.evaluation_cli import add_evaluation_commands
from pipelines.experiment_cli import add_experiment_command
from pipelines.review_cli import add_review_commands
from pipelines.scene_cli import add_scene_commands
from pipelines.training_cli import add_training_commands
from storage.fetching import FetchedSet

app = typer.Typer(
    name="multishift",
    help="Training data for road scenes with new conditions and unknown objects.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


class Architecture(StrEnum):
    """Names of `models.segmentation.ARCHITECTURES`, known here without importing torch."""

    DEEPLAB_WRN38 = "deeplab_wrn38"
    MASK2FORMER_R50 = "mask2former_r50"
    DEEPLAB_MINIATURE = "deeplab_miniature"
    MASK2FORMER_MINIATURE = "mask2former_miniature"


@app.command("demo")
def demo_command(
    frames: Annotated[
        int, typer.Option(min=1, help="Training frames of the miniature world to write.")
    ] = 300,
    quick: Annotated[
        bool,
        typer.Option("--quick", help="Few epochs, few benchmarks: that it works, not how well."),
    ] = False,
) -> None:
    """Run the main job on the miniature world, as a Dagster run that `multishift ui` shows."""

    def command() -> int:
        from pipelines.commands.demo import run_demo

        return run_demo(n_train=frames, is_quick=quick)

    finish(command)


@app.command("ui")
def ui_command(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on 127.0.0.1.")] = 3000,
) -> None:
    """Open Dagster on this checkout's instance, on 127.0.0.1 only, until Ctrl-C."""

    def command() -> int:
        from pipelines.commands.ui import serve_ui

        return serve_ui(port)

    finish(command)


@app.command("check-data")
def check_data_command(
    root: Annotated[
        Path,
        typer.Argument(exists=True, file_okay=False, help="Folder that holds the data sets."),
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    workers: Annotated[int, typer.Option(min=1, help="Files decoded at a time.")] = 2,
) -> None:
    """List the data sets below ROOT and name every gap. Exit 1 for findings, 2 for misuse."""

    def command() -> int:
        from pipelines.commands.check_data import run_check

        return run_check(root, as_json=as_json, workers=workers)

    finish(command)


@app.command("miniature")
def miniature_command(
    out: Annotated[Path, typer.Argument(file_okay=False, help="Folder to write, new or empty.")],
    frames: Annotated[int, typer.Option(min=1, help="Training frames.")] = 300,
    others: Annotated[
        float, typer.Option(min=0.01, help="Share of the other data sets' frames to write.")
    ] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="Another number gives other scenes.")] = 0,
    workers: Annotated[int, typer.Option(min=1, help="Processes that render.")] = 2,
) -> None:
    """Write the miniature world in the official layouts of the data sets."""

    def command() -> int:
        from pipelines.commands.miniature import run_miniature

        return run_miniature(out, n_train=frames, others_frac=others, seed=seed, n_workers=workers)

    finish(command)


@app.command("convert-checkpoint")
def convert_checkpoint_command(
    source: Annotated[Path, typer.Argument(help="Checkpoint: .pth, .pt or .safetensors.")],
    out: Annotated[Path, typer.Argument(metavar="OUT.safetensors", help="File to write.")],
    architecture: Annotated[
        Architecture,
        typer.Option(
            metavar="NAME", help=f"Network that the checkpoint is of: {', '.join(Architecture)}."
        ),
    ],
    expect: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PREFIX",
            help="Keys that may be missing or too many; a missing OOD layer is filled from the "
            "class layer.",
        ),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace OUT.")] = False,
) -> None:
    """Check a checkpoint against its network and write it as safetensors, published names kept."""

    def command() -> int:
        from pipelines.commands.convert_checkpoint import run_convert

        return run_convert(
            source,
            out,
            architecture=architecture.value,
            expected=expect or [],
            overwrite=overwrite,
        )

    finish(command)


@app.command("fetch")
def fetch_command(
    wanted: Annotated[FetchedSet, typer.Argument(metavar="SET", help=f"{', '.join(FetchedSet)}.")],
    choice: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Other files than the usual ones; docs/fetching.md."),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(file_okay=False, help="Folder instead of MULTISHIFT_MODELS_ROOT."),
    ] = None,
    given: Annotated[
        Path | None,
        typer.Option(
            "--from",
            exists=True,
            file_okay=False,
            help="Take files from this folder; the network is not used.",
        ),
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Accept what differs from the lock file.")
    ] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Only read what is here, and compare.")
    ] = False,
) -> None:
    """Fetch published weights or data, verified, and pin them in fetch.lock.json."""

    def command() -> int:
        from pipelines.commands.fetch import run_fetch

        return run_fetch(
            wanted, choices=choice or [], to=to, given=given, update=update, verify=verify
        )

    finish(command)


@app.command("vacuum")
def vacuum_command(
    keep: Annotated[int, typer.Option(min=1, help="Versions of each partition to keep.")] = 10,
    min_age_hours: Annotated[
        float, typer.Option(min=0, help="Touch nothing younger; longer than the longest run.")
    ] = 48.0,
) -> None:
    """Remove old manifest versions from the store, and the blobs that nothing names any more."""

    def command() -> int:
        from pipelines.commands.vacuum import run_vacuum

        return run_vacuum(keep_versions=keep, min_age_hours=min_age_hours)

    finish(command)


add_scene_commands(app)
add_review_commands(app)
add_training_commands(app)
add_evaluation_commands(app)
add_experiment_command(app)

if __name__ == "__main__":
    app()
