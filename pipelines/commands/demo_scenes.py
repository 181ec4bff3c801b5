"""The second half of `multishift demo`: labelled scenes of every city, and a page of them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table

from assets.gallery.page import gallery_page
from assets.gallery.rows import PartitionRows, read_partition
from assets.partitions import FIRST_ROUND, ScenePartition, train_cities
from assets.synthesis.networks import Networks
from pipelines.commands.console import err, out
from pipelines.commands.runs import run_job
from pipelines.settings import Settings
from storage.store import Store
from storage.world import read_world

FRAMES_A_CITY = 5
PAGE = f"gallery/{FIRST_ROUND}.html"


def missing_network(settings: Settings) -> str | None:
    """What scenes cannot be drawn without, and how it comes here; None if all is there."""
    networks = Networks(
        models_root=settings.models_root,
        miniature_set=settings.miniature_set,
        profile=settings.networks,
    )
    world = read_world(Path(settings.data_root))
    sources = networks.sources_for(world)
    files = [Path(sources.generator), Path(sources.sam), Path(sources.detector)]
    if networks.profile_for(world) == "miniature":
        files.insert(0, Path(settings.miniature_set) / "settings.json")
        cure = "the job train_miniature_bundle trains the networks (docs/miniature_set.md)"
    else:
        cure = (
            "`multishift fetch` gets the networks (docs/fetching.md), "
            "MULTISHIFT_NETWORKS=miniature takes the small ones"
        )
    absent = next((file for file in files if not file.exists()), None)
    return None if absent is None else f"there is no {absent}; {cure}"


def generate(settings: Settings, first_step: int) -> bool:
    """Open a round, calibrate the detector, label scenes of all cities; true if all jobs ran.

    A few frames of each city, so that it ends within minutes on two cores without a GPU.
    """
    jobs: list[tuple[str, str | None]] = [("open_round", None), ("calibrate_detector", None)]
    jobs += [("generate", city) for city in train_cities(Path(settings.data_root))]
    for number, (name, city) in enumerate(jobs, start=first_step):
        err.print(f"[bold]{number}[/] Dagster job [bold]{name}[/]" + (f", {city}" if city else ""))
        key = None if city is None else ScenePartition(round=FIRST_ROUND, city=city).key
        if not run_job(name, partition_key=key, run_config=_config() if city else None):
            return False
    return True


def _config() -> dict[str, Any]:
    """A few frames; a scene an item, so that the bar moves and nothing that is drawn is lost."""
    return {
        "ops": {
            "scene_requests": {
                "config": {
                    "max_frames": FRAMES_A_CITY,
                    "plain_frac": 0.2,
                    "placement": "perspective",
                }
            },
            "synthetic_scenes": {"config": {"scenes_per_item": 1}},
        }
    }


def show_scenes(settings: Settings, store: Store) -> None:
    """Print what came out of each city, and write the page."""
    root = Path(settings.data_root)
    parts = [ScenePartition(round=FIRST_ROUND, city=city) for city in train_cities(root)]
    out.print(_table(store, parts))
    page = store.write_report(PAGE, gallery_page(store, root, parts))
    out.print(f"scenes to look at: {page}", soft_wrap=True)


def _table(store: Store, parts: list[ScenePartition]) -> Table:
    table = Table(
        title=f"Labelled scenes, {FIRST_ROUND}",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    table.add_column("city", no_wrap=True)
    for heading in ("scenes", "attempts", "labelled", "conditions", "objects"):
        table.add_column(heading, justify="right")
    found = [read_partition(store, part) for part in parts]
    for part, rows in zip(parts, found, strict=True):
        table.add_row(part.city, *_cells([rows]))
    table.add_section()
    table.add_row("all", *_cells(found), style="bold")
    return table


def _cells(parts: Sequence[PartitionRows]) -> list[str]:
    """Counts of scenes and attempts; conditions and objects that differ, over all the parts."""
    scenes = [scene for part in parts for scene in part.scenes]
    labelled = [scene.shown for scene in scenes if scene.shown.label is not None]
    counts = (
        len(scenes),
        sum(len(part.attempts) for part in parts),
        len(labelled),
        len({item.condition for item in labelled}),
        len({name for item in labelled for name in item.class_names}),
    )
    return [str(count) for count in counts]
