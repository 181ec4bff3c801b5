"""`multishift export`: labelled scenes in the published layout, with their papers."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from pipelines.commands.console import err, out
from pipelines.settings import read_settings
from storage.export import PictureSize
from storage.export.card import Origins
from storage.export.license_terms import PassingOn, used_sources
from storage.export.plan import ExportPlan, plan_export
from storage.export.selection import Selection, frame_sizes, provenance_of, select_scenes
from storage.export.write import CARD, Written, write_export
from storage.export.write import Progress as Tell
from storage.manifests.manifest import Manifests


def run_export(
    target: Path,
    *,
    rounds: Collection[str],
    cities: Collection[str],
    size: PictureSize,
    imported: bool,
) -> int:
    """Export the latest scenes of the configured store and tell what may be done with them; 0."""
    settings = read_settings()
    store = settings.open_store()
    chosen = select_scenes(store.manifests, rounds=rounds, cities=cities, imported=imported)
    known = frame_sizes(store.manifests, chosen.versions) if size == PictureSize.FRAME else {}
    plan = plan_export(chosen.rows, size=size, frame_sizes=known)
    origins = _origins(store.manifests, chosen)
    with _told_progress(target, len(plan.scenes)) as progress:
        written = write_export(target, plan, origins, store.blobs, progress)
    _print_written(written, plan)
    _print_terms(origins)
    return 0


def _origins(manifests: Manifests, chosen: Selection) -> Origins:
    return Origins(
        versions=chosen.versions,
        provenance=provenance_of(manifests, chosen.versions),
        sources=used_sources(chosen.rows),
    )


def _print_written(written: Written, plan: ExportPlan) -> None:
    rows = plan.rows
    n_rounds, n_cities = len({row.round for row in rows}), len({row.city for row in rows})
    verb = "exported" if written.is_new else "already there, whole and the same:"
    _say(
        f"{verb} {_count(len(rows), 'scene')} of {_count(n_rounds, 'round')} and {n_cities} "
        f"{'city' if n_cities == 1 else 'cities'}, {written.n_files} files, "
        f"{written.n_bytes / 1e6:.1f} MB: {written.folder}"
    )
    _say(f"data card: {written.folder / CARD}")


def _print_terms(origins: Origins) -> None:
    """Name what keeps the export from being passed on, or say that nothing known does."""
    if not origins.held_back:
        _say("may be passed on, as far as the terms of its sources are known; see the data card")
        return
    forbidden = any(source.passing_on == PassingOn.NO for source in origins.held_back)
    verdict = "DO NOT PASS IT ON" if forbidden else "IT IS NOT KNOWN WHETHER IT MAY BE PASSED ON"
    out.print(f"[bold red]{verdict}[/], because of its sources:")
    for source in origins.held_back:
        name = source.name or "no terms known"
        _say(f"  {name}: {source.condition or 'ask its makers'}")
        _say(f'    in {_count(source.n_scenes, "scene")}: "{source.text}"')


@contextmanager
def _told_progress(target: Path, n_scenes: int) -> Iterator[Tell]:
    """A bar in a terminal; elsewhere one line."""
    if not err.is_terminal:
        _note(f"exporting {_count(n_scenes, 'scene')} to {target}")
        yield lambda *_: None
        return
    columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=err, transient=True) as bar:
        task = bar.add_task("exporting scenes", total=n_scenes)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _count(number: int, one: str) -> str:
    return f"{number} {one}{'' if number == 1 else 's'}"


def _say(text: str) -> None:
    out.print(text, markup=False, highlight=False, soft_wrap=True)


def _note(text: str) -> None:
    err.print(text, markup=False, highlight=False, soft_wrap=True)
