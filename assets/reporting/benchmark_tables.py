"""The tables of one benchmark: what was measured, beside what was published."""

from collections.abc import Sequence

from assets.reporting.choosing import CLASS_METRICS, EACH_CLASS, OOD_METRICS, PublishedBeside
from assets.reporting.lines import class_line, measured_line, published_lines
from assets.reporting.numbers import CLASS_COLUMNS, OOD_COLUMNS, Column
from assets.reporting.rows import (
    MeasuredRows,
    class_results,
    domains,
    ood_results,
    other_estimates,
)
from assets.reporting.tables import Line, ReportTable, table
from storage.benchmark_records import BenchmarkResult
from storage.published_results import PublishedResult

_BY_DOMAIN = tuple(column for column in OOD_COLUMNS if column.name in ("ap", "fpr95", "f1_star"))


def benchmark_tables(rows: MeasuredRows, published: Sequence[PublishedResult]) -> list[ReportTable]:
    """Every table that has numbers, those that are looked at first in front."""
    builder = _Builder(rows, published)
    built = (
        builder.objects(),
        *(builder.objects_by_domain(column) for column in _BY_DOMAIN),
        builder.classes(),
        builder.classes_by_domain(),
        builder.each_class(),
        builder.estimates(),
        *builder.elsewhere(),
        builder.variants(),
    )
    return [made for made in built if made is not None]


class _Builder:
    def __init__(self, rows: MeasuredRows, published: Sequence[PublishedResult]) -> None:
        self._rows = rows
        self._beside = PublishedBeside(rows, published)
        self._has_subject = len({row.subject for row in rows.results}) > 1

    def objects(self) -> ReportTable | None:
        lines = self._measured(ood_results(self._rows), OOD_COLUMNS)
        return table(
            "Unknown objects",
            OOD_COLUMNS,
            [*lines, *published_lines(self._beside.methods(OOD_METRICS))],
        )

    def objects_by_domain(self, column: Column) -> ReportTable | None:
        found = {domain: ood_results(self._rows, domain) for domain in domains(self._rows)}
        metrics = (column.name,)
        return self._by_domain(f"Unknown objects by domain: {column.title}", column, found, metrics)

    def classes(self) -> ReportTable | None:
        lines = self._measured(class_results(self._rows), CLASS_COLUMNS)
        return table(
            "Known classes",
            CLASS_COLUMNS,
            [*lines, *published_lines(self._beside.methods(CLASS_METRICS))],
        )

    def classes_by_domain(self) -> ReportTable | None:
        found = {domain: class_results(self._rows, domain) for domain in domains(self._rows)}
        return self._by_domain("Known classes by domain: mIoU", CLASS_COLUMNS[0], found, ("miou",))

    def each_class(self) -> ReportTable | None:
        measured = [
            class_line(row, has_subject=self._has_subject) for row in class_results(self._rows)
        ]
        lines = [*measured, *published_lines(self._beside.methods(EACH_CLASS))]
        names = dict.fromkeys(name for line in measured for name in line.values)
        columns = [Column(name, name) for name in names]
        return table("IoU of each known class", columns, lines, is_folded=True, is_turned=True)

    def estimates(self) -> ReportTable | None:
        """The same scores by every estimator, where there is more than one."""
        found = other_estimates(self._rows)
        if len(found) == len(ood_results(self._rows)):
            return None
        return table(
            "The same scores by other estimators",
            OOD_COLUMNS,
            self._measured(found, OOD_COLUMNS),
            remark="Means over images are never marked as best: they are another quantity.",
            is_folded=True,
        )

    def elsewhere(self) -> list[ReportTable | None]:
        return [
            table(
                f"Published on the split {split}",
                (*OOD_COLUMNS, *CLASS_COLUMNS),
                published_lines(rows),
                remark="Other images than those measured here: not to be compared number by "
                "number.",
                is_folded=True,
            )
            for split, rows in self._beside.elsewhere((*OOD_METRICS, *CLASS_METRICS)).items()
        ]

    def variants(self) -> ReportTable | None:
        return table(
            "Published variants",
            (*OOD_COLUMNS, *CLASS_COLUMNS),
            published_lines(self._beside.variants((*OOD_METRICS, *CLASS_METRICS))),
            remark="Ablations: methods with one part changed.",
            is_folded=True,
        )

    def _measured(self, rows: Sequence[BenchmarkResult], columns: Sequence[Column]) -> list[Line]:
        return [measured_line(row, columns, has_subject=self._has_subject) for row in rows]

    def _by_domain(
        self,
        title: str,
        column: Column,
        found: dict[str, list[BenchmarkResult]],
        metrics: Sequence[str],
    ) -> ReportTable | None:
        """Lines as everywhere, a column for each domain."""
        parts = [
            (domain, line)
            for domain, rows in found.items()
            for line in [
                *self._measured(rows, (column,)),
                *published_lines(self._beside.methods(metrics, domain=domain)),
            ]
            if column.name in line.values
        ]
        columns = [Column(domain, domain, is_low_good=column.is_low_good) for domain in found]
        return table(title, columns, _joined(parts, column.name))


def _joined(parts: Sequence[tuple[str, Line]], quantity: str) -> list[Line]:
    """One line of what has the same name in all domains, in the order in which they come."""
    found: dict[tuple[str, ...], Line] = {}
    for domain, line in parts:
        key = (line.kind, line.name, line.detail, line.estimator)
        former = found.get(key)
        values = {**(former.values if former else {}), domain: line.values[quantity]}
        notes = dict.fromkeys([*(former.notes if former else ()), *line.notes])
        found[key] = Line(
            name=line.name,
            detail=line.detail,
            estimator=line.estimator,
            kind=line.kind,
            values=values,
            notes=tuple(notes),
            is_comparable=line.is_comparable,
        )
    return sorted(found.values(), key=lambda line: line.kind)
