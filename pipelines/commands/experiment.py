"""`multishift experiment`: a plan, from its scenes to the page that tells what holds."""

from pathlib import Path
from typing import Any

import dagster as dg
from rich import box
from rich.table import Table

from assets.experiment.names import register_experiment, results_partition
from assets.experiment.plans import read_plan
from assets.miniature.world import MiniatureSize, write_world
from models.experiment.plan import PHOTOGRAPHS, Plan
from pipelines.commands.console import err, out
from pipelines.commands.experiment_choice import Choice
from pipelines.commands.experiment_scenes import make_scenes, refuse_unusable_data
from pipelines.commands.instance import choose_instance
from pipelines.commands.runs import run_job
from pipelines.engine import engine_of
from pipelines.settings import Settings, read_settings
from storage.experiment_records import REPORT_WORLD, SELECTION_WORLD

TRAIN, MEASURE = "train_experiment", "measure_experiment"


def run_experiment(wanted: str, choice: Choice, *, is_report: bool, is_estimate: bool) -> int:
    """Say what the plan costs; then make scenes, train, measure and write the page; 1 on failure.

    Args:
        wanted: file of a plan, or the name of a shipped one.
        choice: what of it is wanted.
        is_report: whether the world of the report is measured, not that of the selection.
        is_estimate: whether to stop after the cost.

    Raises:
        ValueError: if the plan cannot be read, lacks what is wanted, or needs another world.
    """
    plan = read_plan(wanted)
    refuse_unusable_data(plan)
    tell_cost(plan, choice)
    if is_estimate:
        return 0
    settings = read_settings()
    choose_instance()
    _write_training_world(plan, settings)
    if not (_prepare(plan) and make_scenes(plan, choice, settings)):
        return _failed()
    world = REPORT_WORLD if is_report else SELECTION_WORLD
    config = _config(wanted, choice)
    if not (
        _run(TRAIN, plan.name, {"experiment_trials": config})
        and _run(
            MEASURE, results_partition(plan.name, world), {"experiment_results": _plan_of(wanted)}
        )
    ):
        return _failed()
    page = settings.open_store().root / "reports" / "experiment" / f"{plan.name}-{world}.html"
    out.print(f"what holds and what does not: {page}", soft_wrap=True, highlight=False)
    return 0


def tell_cost(plan: Plan, choice: Choice) -> None:
    """Print trials, scenes and card minutes of what is wanted, before anything is begun."""
    trials = choice.trials(plan)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("arm", no_wrap=True)
    for heading in ("data", "trainings", "card minutes"):
        table.add_column(heading, justify="right")
    for name, arm in plan.arms.items():
        mine = [trial for trial in trials if trial.arm == name]
        if mine:
            seconds = sum(plan.networks[trial.architecture].seconds for trial in mine)
            shown = arm.data or "-"
            table.add_row(name, shown, str(len(mine)), f"{seconds / plan.n_at_once / 60:.1f}")
    out.print(f"plan {plan.name}, digest {plan.digest[:16]}", highlight=False)
    out.print(table)
    total = sum(plan.networks[trial.architecture].seconds for trial in trials)
    n_frames = plan.worlds.training.n_train
    n_scenes = sum(n_frames * plan.n_variants_of(data) for data, _ in choice.rounds(plan))
    _say(
        f"{len(trials)} trainings, {total / plan.n_at_once / 60:.1f} card minutes at "
        f"{plan.n_at_once} at once, by the seconds that the plan states; "
        f"{n_scenes} scenes at most of {len(choice.rounds(plan))} rounds, drawn before"
    )


def _write_training_world(plan: Plan, settings: Settings) -> None:
    root, size = Path(settings.data_root), plan.worlds.training
    err.print(f"the training world: {root}", highlight=False, soft_wrap=True)
    write_world(root, MiniatureSize(**size.model_dump()), engine_of(settings))


def _prepare(plan: Plan) -> bool:
    """The object bank and the calibrated detector, as every generation needs them."""
    with dg.DagsterInstance.get() as instance:
        register_experiment(instance, plan.name)
    needed = ["observe_data", "build_bank"]
    if any(arm.data not in (None, PHOTOGRAPHS) for arm in plan.arms.values()):
        needed.append("calibrate_detector")
    return all(_run(name) for name in needed)


def _config(wanted: str, choice: Choice) -> dict[str, Any]:
    return {
        **_plan_of(wanted),
        "arms": list(choice.arms),
        "seeds": list(choice.seeds),
        "architectures": list(choice.architectures),
    }


def _plan_of(wanted: str) -> dict[str, Any]:
    """The file of the plan; a shipped one is found by the name of the partition."""
    path = Path(wanted).expanduser()
    return {"plan": str(path.absolute())} if path.is_file() else {}


def _run(job: str, partition: str | None = None, ops: dict[str, Any] | None = None) -> bool:
    err.print(f"Dagster job [bold]{job}[/]" + (f", {partition}" if partition else ""))
    config = {"ops": {name: {"config": chosen} for name, chosen in (ops or {}).items()}}
    return run_job(job, partition_key=partition, run_config=config if ops else None)


def _failed() -> int:
    err.print("mend what is named above and run the same command again: what is finished is kept")
    return 1


def _say(text: str) -> None:
    out.print(text, highlight=False, soft_wrap=True)
