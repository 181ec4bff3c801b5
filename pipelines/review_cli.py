"""The commands by which people decide on samples and sources, for the app of `pipelines.cli`."""

from typing import Annotated

import typer

from pipelines.commands.finish import finish

Reviewer = Annotated[
    str | None, typer.Option(metavar="NAME", help="Who decides; your user name if not given.")
]


def add_review_commands(app: typer.Typer) -> None:
    """Add `gallery`, `review` and `retract`."""
    app.command("gallery")(gallery_command)
    app.command("review")(review_command)
    app.command("retract")(retract_command)


def gallery_command(
    round_key: Annotated[
        str | None, typer.Option("--round", metavar="ROUND", help="Only this round.")
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 for any that is free.")
    ] = 3001,
    reviewer: Reviewer = None,
) -> None:
    """Look at the scenes in a browser and accept or veto them, on 127.0.0.1 only, until Ctrl-C."""

    def command() -> int:
        from pipelines.commands.gallery import serve_gallery

        return serve_gallery(round_key=round_key, port=port, reviewer=reviewer)

    finish(command)


def review_command(
    samples: Annotated[
        list[str] | None,
        typer.Argument(metavar="SAMPLE...", help="Names of samples, or SHA-256 of their pictures."),
    ] = None,
    veto: Annotated[bool, typer.Option("--veto", help="Never train on them.")] = False,
    accept: Annotated[bool, typer.Option("--accept", help="Take back a veto, or approve.")] = False,
    reason: Annotated[str, typer.Option(help="Why, for whoever reads the list.")] = "",
    reviewer: Reviewer = None,
    listed: Annotated[bool, typer.Option("--list", help="Print what was decided.")] = False,
) -> None:
    """Accept or veto samples, for the pictures that they have now; docs/reviewing.md."""

    def command() -> int:
        from pipelines.commands.review import run_review, run_review_list

        if [veto, accept, listed].count(True) != 1:
            raise ValueError("need one of --veto, --accept and --list")
        if listed:
            return run_review_list()
        decision = "vetoed" if veto else "accepted"
        return run_review(samples or [], decision=decision, reason=reason, reviewer=reviewer)

    finish(command)


def retract_command(  # noqa: PLR0913 - one parameter an option
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="SOURCE",
            help="ade20k/IMAGE, coco/IMAGE, ade20k/IMAGE/INSTANCE, cityscapes/FRAME or "
            "imported/SET.",
        ),
    ] = None,
    reason: Annotated[
        str, typer.Option(help="Retract it, for this reason; without one it is only looked at.")
    ] = "",
    purge: Annotated[
        bool, typer.Option("--purge", help="Remove old versions and pictures of what is retracted.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before removing.")] = False,
    reviewer: Reviewer = None,
    listed: Annotated[bool, typer.Option("--list", help="Print what is retracted.")] = False,
    even_unknown: Annotated[
        bool,
        typer.Option("--even-unknown", help="Retract it though nothing in the store knows it."),
    ] = False,
) -> None:
    """Show what was made from a source, and take it out of use; docs/retraction.md."""

    def command() -> int:
        from pipelines.commands.retract import run_retract, run_retract_list

        if listed:
            return run_retract_list()
        return run_retract(
            source,
            reason=reason,
            purge=purge,
            is_sure=yes,
            by=reviewer,
            even_unknown=even_unknown,
        )

    finish(command)
