"""The paper's tables by domain and by class (8, 9 and 12), and the domain of training."""

from collections.abc import Iterator, Mapping

from assets.experiment_page.counterparts import DEEPLAB, MASK2FORMER, PaperColumn
from assets.experiment_page.paper_sheets import (
    SheetMaker,
    head_of,
    printed_cell,
    source_words,
)
from assets.experiment_page.sheets import PRINTED, Head, Sheet, SheetCell, SheetLine, filled
from assets.experiment_page.spreads import METRICS, Spread
from assets.reporting.numbers import percent
from assets.reporting.words import benchmark_title
from storage.benchmark_records import ALL_DOMAINS

_BENCHMARK, _SPLIT = "acdc_poc", "val"
_METHODS = {
    DEEPLAB: {"baseline": "", "paste": "RPL+CoroCL", "rule_based": "", "full": "MultiShiftSeg"},
    MASK2FORMER: {"baseline": "", "paste": "Mask2Anomaly", "full": "MultiShiftSeg"},
}
_COLUMNS = tuple(
    PaperColumn(benchmark=_BENCHMARK, split=_SPLIT, metric=metric)
    for metric in ("ap", "fpr95", "f1_star", "mean_iou", "pixel_accuracy", "mean_class_accuracy")
)
_CLASS_METHODS = {"baseline": "Closed-set baseline", "paste": "", "full": "MultiShiftSeg"}
_KNOWN = (("acdc", "val"), ("cityscapes", "val"))


def domain_sheets(maker: SheetMaker) -> list[Sheet]:
    """Tables 8, 9 and 12, of each network that the plan has, as far as there are numbers."""
    made = []
    for family in (DEEPLAB, MASK2FORMER):
        architecture = maker.architecture(family)
        if architecture is not None:
            made += [
                _by_domain(maker, family, architecture),
                _by_class(maker, family, architecture),
                _known_classes(maker, family, architecture),
            ]
    return [sheet for sheet in made if sheet is not None]


def _by_domain(maker: SheetMaker, family: str, architecture: str) -> Sheet | None:
    title = f"Table 8: {benchmark_title(_BENCHMARK)} by domain · {architecture}"
    heads = tuple(Head(title=METRICS[c.metric].title, arrow=head_of(c).arrow) for c in _COLUMNS)
    lines = tuple(
        line
        for domain in maker.measured.domains(_BENCHMARK)
        for line in _domain_lines(maker, family, architecture, domain)
    )
    return _or_none(Sheet(title=title, heads=heads, lines=lines))


def _domain_lines(
    maker: SheetMaker, family: str, architecture: str, domain: str
) -> Iterator[SheetLine]:
    for arm in maker.arms(architecture, tuple(_METHODS[family])):
        spreads = (
            maker.measured.spread(architecture, arm, _BENCHMARK, c.metric, domain=domain)
            for c in _COLUMNS
        )
        yield maker.line(architecture, arm, tuple(map(maker.cell, spreads)), domain)
        method = _METHODS[family][arm]
        found = [maker.printed.find(family, method, c, domain=domain) for c in _COLUMNS]
        named = [row for row in found if row is not None]
        if named:
            yield SheetLine(
                name=method,
                detail=source_words(named),
                cells=tuple(map(printed_cell, found)),
                kind=PRINTED,
                group=domain,
            )


def _by_class(maker: SheetMaker, family: str, architecture: str) -> Sheet | None:
    """A line for each class, a column for each arm and for each published method beside it."""
    arms = maker.arms(architecture, tuple(_CLASS_METHODS))
    spreads = {arm: _class_spreads(maker, architecture, arm) for arm in arms}
    names = dict.fromkeys(name for found in spreads.values() for name in found)
    heads, columns = [], []
    for arm in arms:
        heads.append(Head(title=arm, group="measured here", arrow="↑"))
        columns.append({name: maker.cell(spreads[arm].get(name)) for name in names})
    for arm in arms:
        cells = _class_cells(maker, family, _CLASS_METHODS[arm], tuple(names))
        if cells:
            heads.append(Head(title=_CLASS_METHODS[arm], group="gao2024:table9", arrow="↑"))
            columns.append(cells)
    lines = tuple(
        SheetLine(name=name, cells=tuple(column[name] for column in columns)) for name in names
    )
    title = f"Table 9: IoU of each class on {benchmark_title(_BENCHMARK)} · {architecture}"
    return _or_none(Sheet(title=title, heads=tuple(heads), lines=lines))


def _class_spreads(maker: SheetMaker, architecture: str, arm: str) -> Mapping[str, Spread]:
    found = maker.measured.results(architecture, arm, _BENCHMARK)
    names = dict.fromkeys(name for row in found.values() for name in row.class_names)
    spreads = {}
    for name in names:
        values = {
            seed: 100 * row.class_ious[row.class_names.index(name)]
            for seed, row in found.items()
            if name in row.class_names
        }
        spreads[name] = Spread(values=values, results=tuple(found[seed] for seed in values))
    return spreads


def _class_cells(
    maker: SheetMaker, family: str, method: str, names: tuple[str, ...]
) -> dict[str, SheetCell]:
    column = PaperColumn(benchmark=_BENCHMARK, split=_SPLIT, metric="class_iou")
    found = {n: maker.printed.find(family, method, column, class_name=n) for n in names}
    if not any(found.values()):
        return {}
    return {name: printed_cell(row) for name, row in found.items()}


def _known_classes(maker: SheetMaker, family: str, architecture: str) -> Sheet | None:
    """MIoU on the shifted domains without objects, and on the domain of training."""
    places = [
        (PaperColumn(benchmark=name, split=split, metric="mean_iou"), domain)
        for name, split in _KNOWN
        for domain in (ALL_DOMAINS, *(maker.measured.domains(name) if name == "acdc" else ()))
    ]
    heads = tuple(
        Head(title=domain, group=f"{benchmark_title(c.benchmark)} mIoU", arrow="↑")
        for c, domain in places
    )
    lines = [
        maker.line(
            architecture,
            arm,
            tuple(
                maker.cell(
                    maker.measured.spread(architecture, arm, c.benchmark, c.metric, domain=domain)
                )
                for c, domain in places
            ),
        )
        for arm in maker.arms(architecture)
    ]
    title = f"Table 12: known classes, shifted and as in training · {architecture}"
    return _or_none(
        Sheet(
            title=title,
            heads=heads,
            lines=(*lines, *_printed_known(maker, family, places)),
            remark="Cityscapes val of this world is the domain of training: what a method loses "
            "there is its price.",
        )
    )


def _printed_known(
    maker: SheetMaker, family: str, places: list[tuple[PaperColumn, str]]
) -> Iterator[SheetLine]:
    found = [
        maker.printed.find(family, "MultiShiftSeg", column, domain=domain)
        for column, domain in places
    ]
    named = [row for row in found if row is not None]
    if named:
        yield SheetLine(
            name="MultiShiftSeg",
            detail=source_words(named),
            cells=tuple(map(printed_cell, found)),
            kind=PRINTED,
        )


def _or_none(sheet: Sheet) -> Sheet | None:
    has_own = any(
        cell.origin for line in sheet.lines for cell in line.cells if line.kind != PRINTED
    )
    return filled(sheet, percent(None)) if has_own else None
