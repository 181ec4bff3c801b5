"""The console command `multishift`: one thin function a subcommand.

Heavy modules are imported inside, so that `--help` answers at once.
"""

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from storage.export import PictureSize
from storage.fetching import FetchedSet

app = typer.Typer(
    name="multishift",
    help="Training data for road scenes with new conditions and unknown objects.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

INTERRUPTED = 130


class Architecture(StrEnum):
    """Names of `models.segmentation.ARCHITECTURES`, known here without importing torch."""

    DEEPLAB_WRN38 = "deeplab_wrn38"
    MASK2FORMER_R50 = "mask2former_r50"
    DEEPLAB_MINIATURE = "deeplab_miniature"
    MASK2FORMER_MINIATURE = "mask2former_miniature"


def finish(command: Callable[[], int]) -> None:
    """Run a command and exit with its code; bad input ends with one clear line and code 1."""
    from assets.engine.outcome import EngineError
    from pipelines.commands.console import err, fail
    from storage.atomic import StoreRefusedError

    try:
        code = command()
    except KeyboardInterrupt:
        err.print("interrupted; run the same command again")
        code = INTERRUPTED
    except (ValueError, LookupError, OSError, MemoryError, EngineError, StoreRefusedError) as error:
        code = fail(error)
    raise typer.Exit(code)


@app.command("demo")
def demo_command(
    frames: Annotated[
        int, typer.Option(min=1, help="Training frames of the miniature world to write.")
    ] = 300,
) -> None:
    """Run the main job on the miniature world, as a Dagster run that `multishift ui` shows."""

    def command() -> int:
        from pipelines.commands.demo import run_demo

        return run_demo(n_train=frames)

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


@app.command("preview")
def preview_command(
    frame: Annotated[str, typer.Argument(help="Cityscapes frame to draw from.")],
    object_name: Annotated[
        str | None, typer.Option("--object", help="Class of the object; any if not given.")
    ] = None,
    prompt: Annotated[
        str | None, typer.Option(help="What to draw, instead of the published template.")
    ] = None,
    condition: Annotated[
        tuple[str, str, str] | None,
        typer.Option(metavar="PLACE WEATHER TIME", help="Words of the published template."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another number, another picture.")] = 0,
    target: Annotated[
        Path | None, typer.Option("--out", dir_okay=False, help="PNG to write; else a report.")
    ] = None,
) -> None:
    """Draw one picture of FRAME with an object, and show it beside layout and label."""

    def command() -> int:
        from assets.synthesis.previewing import PreviewWish
        from models.scenes import Condition
        from pipelines.commands.preview import run_preview

        words = dict(zip(("place", "weather", "time"), condition or (), strict=False))
        wish = PreviewWish(
            frame_id=frame,
            object_name=object_name,
            prompt=prompt,
            condition=Condition(**words),
            seed=seed,
        )
        return run_preview(wish, target=target)

    finish(command)


@app.command("export")
def export_command(
    out: Annotated[Path, typer.Argument(file_okay=False, help="Folder to write, new or empty.")],
    rounds: Annotated[
        list[str] | None,
        typer.Option("--round", metavar="ROUND", help="Only this round; may be repeated."),
    ] = None,
    cities: Annotated[
        list[str] | None,
        typer.Option("--city", metavar="CITY", help="Only this city; may be repeated."),
    ] = None,
    size: Annotated[
        PictureSize, typer.Option(help="As generated, or resized to the frame as published.")
    ] = PictureSize.PICTURE,
    imported: Annotated[
        bool, typer.Option("--imported", help="Imported scenes too, beside those generated here.")
    ] = False,
) -> None:
    """Write labelled scenes in the published layout, with data card and Croissant metadata."""

    def command() -> int:
        from pipelines.commands.export import run_export

        return run_export(
            out, rounds=rounds or [], cities=cities or [], size=size, imported=imported
        )

    finish(command)


@app.command("import")
def import_command(
    published: Annotated[
        Path,
        typer.Argument(exists=True, help="Folder in the published layout, or one that holds it."),
    ],
    name: Annotated[
        str | None, typer.Option(help="Name of the set; that of the folder if not given.")
    ] = None,
) -> None:
    """Bring a published set, or an export, into the store, where training can use it."""

    def command() -> int:
        from pipelines.commands.import_set import run_import

        return run_import(published, name=name)

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


if __name__ == "__main__":
    app()
