"""`multishift select`: a selection file becomes the pairs that a network is trained on."""

from collections import Counter
from collections.abc import Iterable

import dagster as dg

from assets.selecting.files import Selections
from assets.selecting.names import register_selection
from assets.selecting.report import condition, sheet_name
from assets.selecting.samples import ASSET, TABLE, data_version_of
from pipelines.commands.console import err, out
from pipelines.commands.instance import choose_instance
from pipelines.commands.runs import run_job
from pipelines.settings import read_settings
from storage.manifests.pointers import ManifestVersion
from storage.manifests.schemas import to_records
from storage.records import Quarantined
from storage.store import Store
from storage.training_records import TrainingPair

JOB = "select_training_set"
ASSET_PAGE = f"http://127.0.0.1:3000/assets/{ASSET}"
MAX_NAMED = 10


def run_select(name: str) -> int:
    """Register the selection and run the job that chooses its pairs; tells what was chosen."""
    settings = read_settings()
    Selections(root=settings.selections_root).read(name)  # a wrong file is told without a run
    choose_instance()
    with dg.DagsterInstance.get() as instance:
        register_selection(instance, name)
    err.print(f"Dagster job [bold]{JOB}[/], partition {name}", highlight=False)
    store = settings.open_store()
    former = store.manifests.latest_number(ASSET, name)
    is_done = run_job(JOB, partition_key=name)
    version = store.manifests.latest(ASSET, name)
    if version is not None:
        if version.version == former:
            err.print("nothing new was committed; in the store, from before:")
        _print_set(version, store)
    if not is_done:
        err.print("a blocking check or the run itself failed: mend what is named above and select")
        err.print("again; look at the run with: make ui")
        return 1
    _say(f"contact sheet: {store.root / 'reports' / sheet_name(name)}")
    _say(f"runs, lineage and pictures: make ui, then {ASSET_PAGE}?partition={name}")
    return 0


def _print_set(version: ManifestVersion, store: Store) -> None:
    rows = to_records(store.manifests.rows(version, TABLE), TrainingPair)
    bad = to_records(store.manifests.rows(version, "quarantine"), Quarantined)
    n_frames = len({row.frame_id for row in rows})
    _say(
        f"{version.partition}, version {version.version}: {len(rows)} pairs of {n_frames} frames, "
        f"data version {data_version_of(version)[:16]}"
    )
    if "notes" in version.provenance:
        _say(f"  note: {version.provenance['notes']}")
    _say_counts("rounds", (row.round for row in rows))
    _say_counts("cities", (row.city for row in rows))
    _say_counts("conditions", map(condition, rows))
    _say_counts("object classes", (name for row in rows for name in row.object_class_names))
    _say_counts("licenses", (name for row in rows for name in set(row.licenses)))
    _say(f"frames in quarantine: {len(bad) or 'none'}")
    for row in bad[:MAX_NAMED]:
        _say(f"  {row.item}: {row.reason}")
    if len(bad) > MAX_NAMED:
        _say(f"  and {len(bad) - MAX_NAMED} more, in the table quarantine of {ASSET}")


def _say_counts(title: str, values: Iterable[str]) -> None:
    """The most frequent values with their counts, in one line."""
    counts = sorted(Counter(values).items(), key=lambda entry: (-entry[1], entry[0]))
    shown = ", ".join(f"{value} {count}" for value, count in counts[:MAX_NAMED])
    more = f", and {len(counts) - MAX_NAMED} more" if len(counts) > MAX_NAMED else ""
    _say(f"  {title}: {shown}{more}")


def _say(text: str) -> None:
    out.print(text, markup=False, highlight=False, soft_wrap=True)
