"""All arms by slice, what trainings were said to cost and what they took, and every trial."""

from collections.abc import Iterator

from assets.experiment_page.contents import ExperimentRows
from assets.experiment_page.origins import set_words
from assets.experiment_page.paper_sheets import SLICES, SheetMaker, trials_place
from assets.experiment_page.sheets import (
    PLAIN,
    Head,
    Sheet,
    SheetCell,
    SheetLine,
    filled,
    text_cells,
    text_heads,
)
from assets.experiment_page.spreads import METRICS
from assets.reporting.numbers import percent
from models.experiment.plan import Plan
from storage.experiment_records import ExperimentTrial

COST = (
    "Minutes of the card: seconds of the trainings, divided by the number that share the card, "
    "divided by 60. Before: trials of the plan times the seconds that it states of one. Taken: the "
    "wall times in the rows, of trainings alone; generating scenes and measuring come on top."
)


def cost_sheet(rows: ExperimentRows) -> Sheet:
    """Minutes of the card, by network: said before and taken."""
    heads = (
        *(Head(title=t, group="before") for t in ("trials", "seconds of one", "minutes")),
        *(Head(title=t, group="taken") for t in ("trials", "seconds of one", "minutes")),
        *text_heads("device"),
    )
    lines = tuple(_cost_line(rows, architecture) for architecture in rows.architectures)
    return Sheet(title="Cost", heads=heads, lines=(*lines, _cost_sum(rows)), remark=COST)


def slices_sheet(maker: SheetMaker, architecture: str) -> Sheet | None:
    """The metrics of the headline on every slice, a line for each arm."""
    line = maker.rows.plan.headline
    heads = tuple(
        Head(title=f"{METRICS[m].title}", group=slice_, arrow=METRICS[m].arrow)
        for slice_ in SLICES
        for m in line.metrics
    )
    lines = tuple(
        maker.line(architecture, arm, tuple(_slice_cells(maker, architecture, arm)))
        for arm in maker.arms(architecture)
        if maker.measured.has(architecture, arm)
    )
    told = "; ".join(f"{name}: {words}" for name, words in SLICES.items())
    remark = (
        f"Mean ± standard deviation over seeds, of the mean over the benchmarks that the plan "
        f"names for each metric. {told[0].upper()}{told[1:]}."
    )
    sheet = Sheet(title=f"All arms · {architecture}", heads=heads, lines=lines, remark=remark)
    return filled(sheet, percent(None)) if lines else None


def trials_sheet(rows: ExperimentRows) -> Sheet:
    """Every trial with what it learned from and its weights."""
    order = {(t.architecture, t.arm, t.seed): n for n, t in enumerate(rows.plan.trials())}
    arms = list(rows.plan.arms)
    found = sorted(
        (t for t in rows.trials if (t.architecture, t.arm, t.seed) in order),
        key=lambda t: (rows.architectures.index(t.architecture), arms.index(t.arm), t.seed),
    )
    titles = ("training set", "its fingerprint", "pairs", "steps", "last loss", "seconds")
    heads = text_heads(*titles, "checkpoint (SHA-256)", "began with", "device")
    lines = tuple(_trial_lines(rows, found))
    return Sheet(title="Trials", heads=heads, lines=lines, is_folded=True)


def _trial_lines(rows: ExperimentRows, found: list[ExperimentTrial]) -> Iterator[SheetLine]:
    named: set[str] = set()
    for trial in found:
        place = trials_place(rows, trial.architecture, trial.arm)
        yield SheetLine(
            name=f"{trial.arm}, seed {trial.seed}",
            kind=PLAIN,
            group=trial.architecture,
            place="" if place in named else place,
            cells=text_cells(
                set_words(trial),
                trial.training_set_fingerprint or percent(None),
                trial.n_pairs,
                trial.n_steps,
                f"{trial.last_loss:.4g}",
                f"{trial.seconds:.1f}",
                trial.checkpoint_sha256,
                trial.start_sha256 or "random weights",
                f"{trial.device}, {trial.versions}",
            ),
        )
        named.add(place)


def _slice_cells(maker: SheetMaker, architecture: str, arm: str) -> Iterator[SheetCell]:
    line = maker.rows.plan.headline
    for slice_ in SLICES:
        for metric in line.metrics:
            names = line.benchmarks_of(metric)
            yield maker.cell(
                maker.measured.averaged(architecture, arm, names, metric, slice_=slice_)
            )


def _cost_line(rows: ExperimentRows, architecture: str) -> SheetLine:
    plan = rows.plan
    stated = plan.networks[architecture].seconds
    n_planned = sum(trial.architecture == architecture for trial in plan.trials())
    taken = [t for t in rows.trials if t.architecture == architecture]
    devices = ", ".join(dict.fromkeys(t.device for t in taken))
    return SheetLine(
        name=architecture,
        kind=PLAIN,
        cells=text_cells(
            n_planned,
            f"{stated:.0f}",
            _minutes(n_planned * stated, plan),
            len(taken),
            f"{sum(t.seconds for t in taken) / len(taken):.1f}" if taken else percent(None),
            _minutes(sum(t.seconds for t in taken), plan) if taken else percent(None),
            devices or percent(None),
        ),
    )


def _cost_sum(rows: ExperimentRows) -> SheetLine:
    plan = rows.plan
    taken = sum(trial.seconds for trial in rows.trials)
    return SheetLine(
        name="both" if len(rows.architectures) > 1 else "all",
        kind=PLAIN,
        cells=text_cells(
            len(plan.trials()),
            percent(None),
            f"{plan.minutes():.1f}",
            len(rows.trials),
            percent(None),
            _minutes(taken, plan) if rows.trials else percent(None),
            f"{plan.n_at_once} at once on a card",
        ),
    )


def _minutes(seconds: float, plan: Plan) -> str:
    return f"{seconds / plan.n_at_once / 60:.1f}"
