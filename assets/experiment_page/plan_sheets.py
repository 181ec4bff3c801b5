"""What was planned, what it was said to cost and what it took, and every trial by its digest."""

import json
from collections.abc import Iterator

from assets.experiment_page.contents import ExperimentRows, n_measured_trials
from assets.experiment_page.counterparts import STANDS_FOR
from assets.experiment_page.origins import versions_words
from assets.experiment_page.sheets import (
    PLAIN,
    Sheet,
    SheetLine,
    text_cells,
    text_heads,
)
from assets.experiment_page.spreads import METRICS
from assets.reporting.numbers import percent, plural
from models.experiment.plan import Plan, Tree, WorldSize
from storage.experiment_records import REPORT_WORLD

SELECTION_NOTE = (
    "These numbers are of the selection world, which whoever mends the method looks at: they "
    "choose, and prove nothing."
)
REAL_NOTE = (
    "Printed numbers rest on photographs, ours on drawings of a miniature world with small "
    "networks: only directions can be compared, never numbers. These checkpoints are not strong on "
    "photographs."
)


def notes(rows: ExperimentRows) -> list[str]:
    """What must be known of all numbers."""
    if rows.world == REPORT_WORLD:
        return [_report_note(rows), REAL_NOTE]
    return [SELECTION_NOTE, REAL_NOTE]


def plan_facts(rows: ExperimentRows) -> dict[str, str]:
    """The plan in short, by name."""
    plan = rows.plan
    line, training = plan.headline, plan.worlds.training
    tried = "not known" if rows.n_plans_tried is None else str(rows.n_plans_tried)
    return {
        "Plan": plan.name,
        "Digest of the plan (SHA-256)": plan.digest,
        "Trials": f"{n_measured_trials(rows)} measured of {len(plan.trials())}",
        "Seeds": f"{plan.n_seeds}: each sets first weights, order of data and generated round",
        "World of training": f"seed {training.seed}, {training.n_train} frames",
        "World measured": f"{rows.world}, seed {_world(rows).seed}, benchmarks at "
        f"{_world(rows).others_frac:g} of their size",
        "Configurations tried on the selection world": tried,
        "Claims": f"{line.arm} of {line.architecture} against {', '.join(line.against)} in "
        + ", ".join(METRICS[m].title for m in line.metrics),
        "Manifests": versions_words(rows).removeprefix("manifests "),
        "Code": _codes(rows),
    }


def arms_sheet(plan: Plan) -> Sheet:
    """What each arm is."""
    lines = [
        SheetLine(
            name=name,
            detail=arm.title,
            kind=PLAIN,
            cells=text_cells(
                arm.data or "none",
                arm.n_variants if arm.data else percent(None),
                _arm_settings(plan, name),
                arm.score,
                STANDS_FOR.get(name, percent(None)),
            ),
        )
        for name, arm in plan.arms.items()
    ]
    heads = text_heads("data", "scenes of a frame", "other settings", "score", "stands for")
    return Sheet(title="Arms", heads=heads, lines=tuple(lines))


def kinds_sheet(plan: Plan) -> Sheet | None:
    """How the scenes of each kind of data are made; None where the plan generates none."""
    lines = tuple(
        SheetLine(
            name=name,
            kind=PLAIN,
            cells=text_cells(
                *(
                    "; ".join(_settings(part)) or percent(None)
                    for part in (kind.requests, kind.scenes, kind.verdicts, kind.labels)
                )
            ),
        )
        for name, kind in plan.data.items()
    )
    heads = text_heads("requests", "scenes", "verdicts", "labels")
    remark = "What differs from the usual configuration of each asset; a dash where nothing does."
    return Sheet(title="Kinds of data", heads=heads, lines=lines, remark=remark) if lines else None


def networks_sheet(plan: Plan) -> Sheet:
    """How each network is trained in all of its arms, where that is not the usual way."""
    lines = tuple(
        SheetLine(
            name=name,
            kind=PLAIN,
            cells=text_cells(
                len(plan.arms_of(name)),
                "; ".join(_settings(network.closed_set)) or percent(None),
                "; ".join(_settings(network.settings)) or percent(None),
            ),
        )
        for name, network in plan.networks.items()
    )
    heads = text_heads("arms", "training on known classes", "second training")
    return Sheet(title="Networks", heads=heads, lines=lines)


def _arm_settings(plan: Plan, arm: str) -> str:
    """Settings of an arm, and those that it has with one network alone."""
    told = list(_settings(plan.arms[arm].settings))
    for architecture, network in plan.networks.items():
        told += _settings(network.overrides.get(arm, {}), f"{architecture}: ")
    return "; ".join(told) or percent(None)


def _settings(tree: Tree, prefix: str = "") -> Iterator[str]:
    """Each setting by its path: ``loss.reference: absolute``."""
    for name, value in tree.items():
        if isinstance(value, dict) and value:
            yield from _settings(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}: {json.dumps(value)}".replace('"', "")


def _report_note(rows: ExperimentRows) -> str:
    told = "These numbers are of the report world, which nobody looks at while mending."
    if rows.n_plans_scored is None:
        return told
    runs = "" if rows.n_runs is None else f", in {plural(rows.n_runs, 'run')}"
    return f"{told} {plural(rows.n_plans_scored, 'plan')} scored on it so far{runs}."


def _world(rows: ExperimentRows) -> WorldSize:
    worlds = rows.plan.worlds
    return worlds.report if rows.world == REPORT_WORLD else worlds.selection


def _codes(rows: ExperimentRows) -> str:
    parts = {
        "training": dict.fromkeys(t.code_version for t in rows.trials),
        "measuring": dict.fromkeys(r.code_version for r in rows.results),
        "world": dict.fromkeys(r.world_version for r in rows.results),
    }
    told = [f"{name} version {', '.join(found)}" for name, found in parts.items() if found]
    return "; ".join(told) or "nothing was run"
