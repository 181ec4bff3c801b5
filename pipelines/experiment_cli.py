"""The command that proves what the method claims, for the app of `pipelines.cli`."""

from typing import Annotated

import typer

from pipelines.commands.finish import finish

Arms = Annotated[
    list[str] | None,
    typer.Option("--arm", metavar="NAME", help="Only this arm; may be repeated."),
]
Seeds = Annotated[
    list[int] | None,
    typer.Option("--seed", metavar="N", help="Only this seed; may be repeated."),
]
Networks = Annotated[
    list[str] | None,
    typer.Option("--network", metavar="NAME", help="Only this network; may be repeated."),
]


def add_experiment_command(app: typer.Typer) -> None:
    """Add `experiment`."""
    app.command("experiment")(experiment_command)


def experiment_command(
    plan: Annotated[
        str, typer.Argument(metavar="PLAN", help="File of a plan, or the name of a shipped one.")
    ] = "miniature",
    arms: Arms = None,
    seeds: Seeds = None,
    networks: Networks = None,
    report: Annotated[
        bool,
        typer.Option(
            "--report", help="Measure on the world of the report: once, when nothing is mended."
        ),
    ] = False,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Only say what it costs; nothing is run.")
    ] = False,
) -> None:
    """Train the arms of PLAN under its seeds and compare them; docs/experiment.md."""

    def command() -> int:
        from pipelines.commands.experiment import run_experiment
        from pipelines.commands.experiment_choice import Choice

        choice = Choice(
            arms=tuple(arms or ()), architectures=tuple(networks or ()), seeds=tuple(seeds or ())
        )
        return run_experiment(plan, choice, is_report=report, is_estimate=estimate)

    finish(command)
