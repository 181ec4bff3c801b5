"""The claims of the plan in words and as tables; one that fails is told as plainly."""

from assets.experiment_page.contents import ExperimentRows
from assets.experiment_page.paper_sheets import SheetMaker
from assets.experiment_page.sheets import Head, Sheet, SheetCell, SheetLine, Tone, text_heads
from assets.experiment_page.spreads import METRICS, Spread, interval, points
from assets.reporting.numbers import percent
from assets.reporting.words import benchmark_title
from models.experiment.statistics import ALPHA
from storage.experiment_records import ExperimentClaim

_SMALLEST = 0.0001

FAMILY = (
    "Differences are paired by seed. Intervals and adjusted p values are those of Holm's "
    "procedure over the family of claims: the chance that any of them holds by accident is at most "
    "5 %."
)


HOLDS = "holds"
NOT_YET = "not told yet: better so far, but claims or seeds of the plan are missing"
WORSE = "does not hold: it is worse"
NOT_SHOWN = "does not hold: no difference is shown"

_TONES: dict[str, Tone] = {HOLDS: "good", NOT_YET: "open", WORSE: "bad", NOT_SHOWN: "open"}


def verdict(claim: ExperimentClaim) -> str:
    """Whether the claim holds, in words; one of `HOLDS`, `NOT_YET`, `WORSE` and `NOT_SHOWN`."""
    if claim.holds:
        return HOLDS
    if claim.p_holm >= ALPHA or not claim.difference:
        return NOT_SHOWN
    is_better = (claim.difference > 0) != METRICS[claim.metric].is_low_good
    return NOT_YET if is_better else WORSE


def claim_words(claim: ExperimentClaim, *, n_seeds: int) -> str:
    """The verdict, and one sentence with all numbers of a claim; ``n_seeds`` were planned."""
    metric = METRICS[claim.metric]
    seeds = f"{claim.n_pairs} seeds"
    if claim.n_pairs != n_seeds:
        seeds = f"{claim.n_pairs} of the {n_seeds} seeds that were planned"
    told = (
        f"{claim.arm} against {claim.against}, {metric.title} {metric.arrow}: "
        f"{percent(100 * claim.mean_arm)} % against {percent(100 * claim.mean_against)} %, "
        f"{points(100 * claim.difference)} points, "
        f"{interval(100 * claim.low, 100 * claim.high)} at {level_words(claim.level)}, adjusted p "
        f"{p_words(claim.p_holm)}, {seeds}."
    )
    held = verdict(claim)
    return f"{held[0].upper()}{held[1:]}. {told}"


def tone(claim: ExperimentClaim) -> Tone:
    """Good news, bad news or none."""
    return _TONES[verdict(claim)]


def p_words(value: float) -> str:
    """A p value with as many digits as are read."""
    return f"< {_SMALLEST:.4f}" if value < _SMALLEST else f"{value:.2g}"


def level_words(level: float) -> str:
    """The level of an interval in percent."""
    return f"{100 * level:.4g} %"


def summary_words(rows: ExperimentRows) -> str:
    """How many of the claims hold, before anything else is said."""
    line = rows.plan.headline
    n_planned = len(line.against) * len(line.metrics)
    claims = rows.headline_claims
    if not claims:
        return f"None of the {n_planned} headline claims of the plan can be told yet."
    told = [f"{sum(claim.holds for claim in claims)} of {n_planned} headline claims hold."]
    groups = {WORSE: "Worse", NOT_SHOWN: "No difference shown", NOT_YET: "Not told yet"}
    for words, name in groups.items():
        found = [claim for claim in claims if verdict(claim) == words]
        if found:
            listed = "; ".join(f"{METRICS[c.metric].title} against {c.against}" for c in found)
            told.append(f"{name}: {listed}.")
    return " ".join(told)


def headline_sheet(maker: SheetMaker) -> Sheet | None:
    """The claims that the plan states; None where none can be told."""
    claims = maker.rows.headline_claims
    return _sheet("Headline claims", maker, claims, FAMILY) if claims else None


def other_sheets(maker: SheetMaker) -> list[Sheet]:
    """The comparisons beside the headline, by slice and network: of families of their own."""
    others = [claim for claim in maker.rows.claims if not claim.is_headline]
    groups: dict[str, list[ExperimentClaim]] = {}
    for claim in others:
        groups.setdefault(f"{claim.architecture} · slice {claim.slice}", []).append(claim)
    remark = (
        "These belong to families of their own, which the plan does not claim: read them as "
        "hints. Words are those of a test at 5 % for each family."
    )
    return [
        _sheet(f"Other comparisons · {name}", maker, tuple(found), remark, is_folded=True)
        for name, found in groups.items()
    ]


def _sheet(
    title: str,
    maker: SheetMaker,
    claims: tuple[ExperimentClaim, ...],
    remark: str,
    *,
    is_folded: bool = False,
) -> Sheet:
    heads = (
        Head(title="arm", group="mean in percent"),
        Head(title="against", group="mean in percent"),
        Head(title="points", group="difference"),
        Head(title="interval", group="difference"),
        Head(title="level", group="difference"),
        Head(title="adjusted p"),
        Head(title="seeds"),
        *text_heads("verdict"),
    )
    lines = tuple(_line(maker, claim) for claim in claims)
    return Sheet(title=title, heads=heads, lines=lines, remark=remark, is_folded=is_folded)


def _line(maker: SheetMaker, claim: ExperimentClaim) -> SheetLine:
    metric = METRICS[claim.metric]
    origins = tuple(maker.origins.of(_spread(maker, claim, arm)) for arm in _arms(claim))
    over = "mean over " + ", ".join(map(benchmark_title, claim.benchmarks))
    both = "\n\n".join((over, *(f"{a}:\n{o}" for a, o in zip(_arms(claim), origins, strict=True))))
    return SheetLine(
        name=f"{claim.arm} against {claim.against}",
        detail=f"{metric.title} {metric.arrow} · {claim.architecture}",
        cells=(
            SheetCell(text=percent(100 * claim.mean_arm), origin=f"{over}\n{origins[0]}"),
            SheetCell(text=percent(100 * claim.mean_against), origin=f"{over}\n{origins[1]}"),
            SheetCell(text=points(100 * claim.difference), origin=both),
            SheetCell(text=interval(100 * claim.low, 100 * claim.high), origin=both),
            SheetCell(text=level_words(claim.level), origin=both),
            SheetCell(text=p_words(claim.p_holm), origin=f"not adjusted: {p_words(claim.p_value)}"),
            SheetCell(text=str(claim.n_pairs)),
            SheetCell(text=verdict(claim), tone=tone(claim)),
        ),
    )


def _arms(claim: ExperimentClaim) -> tuple[str, str]:
    return claim.arm, claim.against


def _spread(maker: SheetMaker, claim: ExperimentClaim, arm: str) -> Spread | None:
    return maker.measured.averaged(
        claim.architecture, arm, claim.benchmarks, claim.metric, slice_=claim.slice
    )
