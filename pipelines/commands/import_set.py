"""`multishift import`: a set in the published layout becomes rows and pictures of the store."""

import re
from pathlib import Path

import dagster as dg

from assets.importing.order import located_set
from assets.importing.report import sheet_name
from assets.importing.scenes import ASSET, TABLE
from assets.importing.sets import register_set
from pipelines.commands.console import err, out
from pipelines.commands.instance import choose_instance
from pipelines.commands.runs import run_job
from pipelines.settings import read_settings
from storage.manifests.pointers import ManifestVersion
from storage.manifests.schemas import to_records
from storage.records import Quarantined
from storage.scene_records import LabelledScene
from storage.store import Store

JOB = "import_scenes"
ASSET_PAGE = f"http://127.0.0.1:3000/assets/{ASSET}"
MAX_NAMED = 10


def run_import(folder: Path, *, name: str | None) -> int:
    """Register the set and run the job that reads it; tells what came in and what did not."""
    folder = folder.absolute()
    name = name or name_of(folder)
    located_set(folder)  # a wrong folder is told here in one line, without a run
    settings = read_settings()
    choose_instance()
    with dg.DagsterInstance.get() as instance:
        register_set(instance, name)
    err.print(f"Dagster job [bold]{JOB}[/], partition {name}", highlight=False)
    config = {"ops": {ASSET: {"config": {"folder": str(folder)}}}}
    store = settings.open_store()
    former = store.manifests.latest_number(ASSET, name)
    is_done = run_job(JOB, partition_key=name, run_config=config)
    version = store.manifests.latest(ASSET, name)
    if version is not None:
        if not is_done and version.version == former:
            err.print("nothing new was committed; in the store, from before:")
        _print_set(version, store)
    if not is_done:
        err.print("a blocking check or the run itself failed: mend what is named above and import")
        err.print("again, what was read is kept; look at the run with: make ui")
        return 1
    _say(f"contact sheet: {store.root / 'reports' / sheet_name(name)}")
    _say(f"runs, lineage and pictures: make ui, then {ASSET_PAGE}?partition={name}")
    return 0


def name_of(folder: Path) -> str:
    """Name for a set that was given none: that of its folder, in the characters of a partition."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", folder.resolve().name).strip("-._") or "imported"


def _print_set(version: ManifestVersion, store: Store) -> None:
    rows = to_records(store.manifests.rows(version, TABLE), LabelledScene)
    bad = to_records(store.manifests.rows(version, "quarantine"), Quarantined)
    n_frames, n_cities = len({row.frame_id for row in rows}), len({row.city for row in rows})
    _say(
        f"{version.partition}, version {version.version}: {len(rows)} scenes of {n_frames} frames "
        f"in {n_cities} cities"
    )
    _say(f"in quarantine: {len(bad) or 'no scene'}")
    for row in bad[:MAX_NAMED]:
        _say(f"  {row.item}: {row.reason}")
    if len(bad) > MAX_NAMED:
        _say(f"  and {len(bad) - MAX_NAMED} more, in the table quarantine of {ASSET}")


def _say(text: str) -> None:
    out.print(text, markup=False, highlight=False, soft_wrap=True)
