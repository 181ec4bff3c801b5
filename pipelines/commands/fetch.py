"""`multishift fetch`: published weights and data, verified and written down."""

from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TransferSpeedColumn,
)

from pipelines.commands.console import err, out
from pipelines.settings import read_settings
from storage.fetching import FetchedSet, fetch
from storage.fetching.by_hand import take_in
from storage.fetching.connection import Connection, FetchError, UnreachableError
from storage.fetching.contents import in_words
from storage.fetching.lock_file import LOCK_NAME, read_lock
from storage.fetching.plan import Plan, are_all_here, plan_fetch
from storage.fetching.published import Published, ask_all, page_of
from storage.fetching.sources import Kind, SourceFile, set_files, source_files


def run_fetch(
    wanted: FetchedSet,
    *,
    choices: Collection[str] = (),
    to: Path | None = None,
    given: Path | None = None,
    update: bool = False,
    verify: bool = False,
) -> int:
    """Fetch the files of a set, take them in from a folder, or only verify them; 0."""
    folder = (to or models_root()).absolute()
    files = source_files(wanted, choices)
    known = files if choices else set_files(wanted)
    if verify:
        return _verify(folder, known)
    if given is not None:
        return _take_in(folder, given, known, update=update)
    return _fetch(wanted, choices, folder, files, update=update)


def models_root() -> Path:
    """Where files are fetched to by default.

    Raises:
        ValueError: if the setting is no local folder.
    """
    root = read_settings().models_root
    if "://" in root:
        raise ValueError(f"MULTISHIFT_MODELS_ROOT: need a folder of this machine, got {root!r}")
    return Path(root)


def _fetch(
    wanted: FetchedSet,
    choices: Collection[str],
    folder: Path,
    files: tuple[SourceFile, ...],
    *,
    update: bool,
) -> int:
    connection = _connection()
    words = " ".join([wanted, *(f"--choice {choice}" for choice in choices)])
    fetched = [file for file in files if file.kind != Kind.BY_HAND]
    try:
        published = ask_all(connection, fetched)
    except UnreachableError as error:
        if not (fetched and are_all_here(folder, fetched)):
            raise _offline(error, words, folder, fetched, connection.endpoint) from error
        _say(f"{error}; {_count(len(fetched))} in {folder}, as {LOCK_NAME} says")
        return 0
    if published:
        with fetch.held_alone(folder):
            plan = plan_fetch(folder, published, update=update)
            _print_plan(plan, published)
            with _told_progress() as progress:
                fetch.carry_out(plan, connection, progress)
        _say(f"here and checked: {_count(len(published))}; {folder / LOCK_NAME} names them")
    _print_by_hand(wanted, folder, files, connection)
    return 0


def _take_in(folder: Path, given: Path, files: tuple[SourceFile, ...], *, update: bool) -> int:
    with fetch.held_alone(folder):
        brought = take_in(folder, given.absolute(), files, update=update)
    for file in brought:
        size, sha256 = in_words(file.entry.size), file.entry.sha256
        _say(f"{folder / file.file.target}: {size}, SHA-256 {sha256}")
        _say(f"  compared: {file.entry.checked_by}; license: {file.entry.license}")
    _say(f"taken in: {_count(len(brought))}; {folder / LOCK_NAME} names them")
    return 0


def _verify(folder: Path, files: tuple[SourceFile, ...]) -> int:
    with _told_progress("reading") as progress:
        n_files = fetch.verify(folder, files, progress)
    if not n_files:
        raise FetchError(f"{folder / LOCK_NAME}: names none of these files; fetch them first")
    _say(f"as {folder / LOCK_NAME} says: {_count(n_files)}")
    return 0


def _connection() -> Connection:
    """To the hub, or to where HF_ENDPOINT says; with the token that the hub's library knows."""
    from huggingface_hub import constants, get_token

    return Connection(endpoint=constants.ENDPOINT, token=get_token())


def _offline(
    error: UnreachableError, words: str, folder: Path, files: list[SourceFile], endpoint: str
) -> FetchError:
    lines = [f"  {file.target}: {file.path} of {page_of(endpoint, file)}" for file in files]
    return FetchError(
        f"{error}; nothing was changed. Without a network: where there is one, run multishift "
        f"fetch {words} --to FOLDER, or put these files below FOLDER yourself:\n"
        + "\n".join(lines)
        + f"\nThen bring FOLDER here and run multishift fetch {words} --from FOLDER, which "
        f"verifies them as far as it can and copies them into {folder}"
    )


def _print_plan(plan: Plan, published: Iterable[Published]) -> None:
    """Size, license and source of everything, before the first byte."""
    here = {file.file.target for file in plan.here}
    for file in published:
        target, size = file.file.target, in_words(file.contents.size or 0)
        state = ", is here" if target in here else ""
        at = f" at {file.revision}" if file.revision else ""
        _say(f"{target}: {size}{state}; license {file.license}; {file.page}{at}")
        if not file.contents.sha256 and file.file.kind == Kind.HTTPS:
            _say(f"  no SHA-256 is published there; compared are {file.contents.told}")
    if plan.missing:
        _say(f"{in_words(plan.bytes_to_come)} to fetch into {plan.folder}")


def _print_by_hand(
    wanted: FetchedSet, folder: Path, files: Iterable[SourceFile], connection: Connection
) -> None:
    known = read_lock(folder)
    for file in files:
        if file.kind == Kind.BY_HAND and file.target not in known:
            page = page_of(connection.endpoint, file)
            _say(f"{file.path} cannot be fetched; license: {file.license}")
            _say(f"  download it from {page}, then run multishift fetch {wanted} --from ITS_FOLDER")


@contextmanager
def _told_progress(verb: str = "fetching") -> Iterator[fetch.Progress]:
    """A bar in a terminal; elsewhere a line for each file that is begun."""
    if not err.is_terminal:
        begun: set[str] = set()

        def tell(target: str, done: int, size: int) -> None:
            if target not in begun:
                begun.add(target)
                held = f", {in_words(done)} of them are here" if 0 < done < size else ""
                _note(f"{verb} {target}: {in_words(size)}{held}")

        yield tell
        return
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, TransferSpeedColumn(), console=err, transient=True) as bar:
        tasks: dict[str, TaskID] = {}

        def show(target: str, done: int, size: int) -> None:
            if target not in tasks:
                tasks[target] = bar.add_task(target, total=size)
            bar.update(tasks[target], completed=done)

        yield show


def _count(n_files: int) -> str:
    return f"{n_files} file{'s' if n_files != 1 else ''}"


def _say(text: str) -> None:
    out.print(text, markup=False, highlight=False, soft_wrap=True)


def _note(text: str) -> None:
    err.print(text, markup=False, highlight=False, soft_wrap=True)
