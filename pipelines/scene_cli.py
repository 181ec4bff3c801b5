"""The commands that show, choose, bring out and bring in scenes, for the app of `pipelines.cli`."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.finish import finish
from storage.export import PictureSize


def add_scene_commands(app: typer.Typer) -> None:
    """Add `preview`, `export`, `import` and `select`."""
    app.command("preview")(preview_command)
    app.command("export")(export_command)
    app.command("import")(import_command)
    app.command("select")(select_command)


def preview_command(
    frame: Annotated[str, typer.Argument(help="Cityscapes frame to draw from.")],
    object_name: Annotated[
        str | None, typer.Option("--object", help="Class of the object; any if not given.")
    ] = None,
    prompt: Annotated[
        str | None, typer.Option(help="Prompt, instead of the published template.")
    ] = None,
    condition: Annotated[
        tuple[str, str, str] | None,
        typer.Option(
            metavar="PLACE WEATHER TIME", help="Words of the template, such as Oslo snowy night."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Another number, another picture.")] = 0,
    target: Annotated[
        Path | None,
        typer.Option("--out", dir_okay=False, help="PNG to write; else one in the store."),
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


def select_command(
    name: Annotated[
        str, typer.Argument(help="Name of a selection file, or default for all scenes.")
    ] = "default",
) -> None:
    """Choose the pairs that a selection file names, for training; docs/training_sets.md."""

    def command() -> int:
        from pipelines.commands.select import run_select

        return run_select(name)

    finish(command)
