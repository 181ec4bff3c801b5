"""What a report says beside its tables: what was measured, on what, and what was left out."""

from collections.abc import Iterator, Sequence

from assets.reporting.numbers import count, plural
from assets.reporting.rows import (
    MeasuredRows,
    domains,
    n_measured,
    ood_results,
    skipped,
    splits,
)
from assets.reporting.words import estimator_words
from storage.benchmark_objects import list_note
from storage.benchmark_records import BenchmarkResult
from storage.world import PAPER_WORLD

_KINDS = {"checkpoint": "checkpoint", "score_files": "folder of score files"}


def subject_facts(row: BenchmarkResult) -> dict[str, str]:
    """What is known of a subject, by name."""
    facts = {
        "Measured": _KINDS.get(row.subject_kind, row.subject_kind),
        "Fingerprint (SHA-256)": row.subject,
        "Architecture": row.architecture or "not known",
        "Training set": row.training_set or "not known to this store",
        "Training": row.training or "not known to this store",
        "Unknown objects in training": _listed(row.trained_object_classes) or "not known",
        "Measuring code": f"version {row.code_version}",
    }
    if row.subject_kind != "checkpoint":
        del facts["Architecture"]
    return facts


def world_of(measured: Sequence[MeasuredRows]) -> str:
    """Name of the world of the images; where some are of another than the paper's, of that."""
    names = {row.world for rows in measured for row in rows.results}
    return min(names - {PAPER_WORLD.name}, default=PAPER_WORLD.name)


def world_words(world: str) -> str:
    """What must be said of images that are not those of the published sets; empty for the paper's.

    ``world`` is the name of a `storage.world.World`.
    """
    if world == PAPER_WORLD.name:
        return ""
    return (
        f"The images are those of the {world} world, which stands in for the real data sets under "
        "their names: published numbers rest on other images and are not shown."
    )


def estimators(measured: Sequence[MeasuredRows]) -> list[str]:
    """Estimators of all results, in words, sorted."""
    return sorted({estimator_words(row.estimator) for rows in measured for row in rows.results})


def benchmark_facts(rows: MeasuredRows) -> list[str]:
    """Sentences on the images that the numbers of a benchmark rest on."""
    told = [f"{plural(n_measured(rows), 'image')} measured{_of_splits(rows)}."]
    pixels = next(iter(ood_results(rows)), None)
    if pixels is not None:
        told.append(
            f"{count(pixels.n_in)} pixels in distribution, {count(pixels.n_ood)} of unknown "
            f"objects, {count(pixels.n_void)} void and never scored."
        )
    if domains(rows):
        told.append(f"Domains: {', '.join(domains(rows))}.")
    return told


def skipped_words(rows: MeasuredRows) -> str:
    """How many images were skipped and why; says so where none was."""
    reasons = skipped(rows)
    if not reasons:
        return "No image was skipped."
    told = "; ".join(f"{reason} ({count(number)})" for reason, number in reasons.items())
    return f"{plural(sum(reasons.values()), 'image')} skipped and never scored: {told}."


def overlap_words(rows: MeasuredRows) -> Iterator[tuple[bool, str]]:
    """For each subject, whether training showed objects of the benchmark, and which."""
    first: dict[str, BenchmarkResult] = {}
    for row in rows.results:
        first.setdefault(row.subject, row)
    for name in sorted(first):
        row = first[name]
        prefix = f"{row.architecture or name[:12]}: " if len(first) > 1 else ""
        yield bool(row.overlapping_classes), prefix + _overlap(row)


def _overlap(row: BenchmarkResult) -> str:
    if row.overlapping_classes:
        return (
            f"Training showed {count(len(row.overlapping_classes))} of the "
            f"{_classes(row.benchmark_object_classes)} of this benchmark "
            f"({_listed(row.overlapping_classes)}): on these, its numbers are no test of objects "
            f"that were never seen.{_whole(row)}"
        )
    if not row.trained_object_classes:
        return "Whether training showed objects of this benchmark is not known to this store."
    if not row.benchmark_object_classes:
        return "Which objects this benchmark shows is not listed: overlap with training is unknown."
    return (
        f"Training showed none of the {_classes(row.benchmark_object_classes)} listed for this "
        f"benchmark.{_whole(row)}"
    )


def _whole(row: BenchmarkResult) -> str:
    """What the list of the benchmark's objects lacks, where it stands for more than it names."""
    note = list_note(row.benchmark) if row.world == PAPER_WORLD.name else ""
    return f" The list is not whole: {note}." if note and row.benchmark_object_classes else ""


def _of_splits(rows: MeasuredRows) -> str:
    names = splits(rows)
    return f" of the split{'s' if len(names) > 1 else ''} {', '.join(names)}" if names else ""


def _classes(names: Sequence[str]) -> str:
    return f"{count(len(names))} object class" + ("" if len(names) == 1 else "es")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
