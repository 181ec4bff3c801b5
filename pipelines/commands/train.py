"""`multishift train`: the pairs of a selection are chosen, and a segmenter learns from them."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from assets.resources import DataRoot, ManifestStore
from assets.segmenters.config import SegmenterConfig, TrainingPlace
from assets.segmenters.names import ASSET
from assets.segmenters.order import TrainingOrder, plan_training
from assets.selecting.files import Selections
from assets.selecting.names import register_selection
from assets.selecting.samples import ASSET as TRAINING_SET
from assets.selecting.samples import TABLE, data_version_of
from pipelines.commands.console import err
from pipelines.commands.instance import choose_instance
from pipelines.commands.runs import run_job
from pipelines.commands.train_curve import show_training
from pipelines.commands.train_progress import shown_progress
from pipelines.settings import Settings, read_settings
from storage.store import Store

SELECT, TRAIN = "select_training_set", "train"


def run_train(selection: str, config: SegmenterConfig, *, device: str | None) -> int:
    """Choose the pairs, train on them or go on, and tell what came of it; 1 if a run failed.

    The pairs are always looked at: that takes seconds, and a set of the same rows stays the version
    that it is, so that an interrupted training of it goes on.
    """
    settings = read_settings()
    Selections(root=settings.selections_root).read(selection)  # a wrong file needs no run
    choose_instance()
    with dg.DagsterInstance.get() as instance:
        register_selection(instance, selection)
    store = settings.open_store()
    if not _choose_pairs(selection, store):
        return 1
    place = TrainingPlace(
        work_root=settings.work_root,
        device=device or settings.training_device,
        n_loader_workers=settings.loader_workers,
    )
    order = plan_training(selection, config, _data(settings), _manifests(settings), place)
    return _train(order, config, place, store)


def _choose_pairs(selection: str, store: Store) -> bool:
    _say(f"[bold]1[/] Dagster job [bold]{SELECT}[/], partition {selection}")
    if not run_job(SELECT, partition_key=selection):
        _say("no training: mend what is named above and train again; look at the run with: make ui")
        return False
    version = store.manifests.wanted(TRAINING_SET, selection)
    digest = data_version_of(version)[:16]
    _say(f"  version {version.version}: {version.rows(TABLE)} pairs, data version {digest}")
    return True


def _train(
    order: TrainingOrder, config: SegmenterConfig, place: TrainingPlace, store: Store
) -> int:
    wish = order.item.wish
    _say(f"[bold]2[/] Dagster job [bold]{TRAIN}[/], partition {wish.selection}")
    _say(f"  {wish.architecture}, training {wish.training[:16]}, kept in {order.item.work}")
    former = store.manifests.latest_number(ASSET, wish.selection)
    is_done = run_job(
        TRAIN,
        partition_key=wish.selection,
        run_config=_run_config(config, place),
        shown=shown_progress(order, store),
    )
    version = store.manifests.latest(ASSET, wish.selection)
    if version is not None and (is_done or version.version != former):
        if version.version == former:
            _say("nothing was trained: this training is finished; in the store, from before:")
        show_training(version, wish.training, store)
    if not is_done:
        _say("a blocking check or the run itself failed: mend what is named above and train again,")
        _say("what was learned is kept; look at the run with: make ui")
        return 1
    return 0


def _run_config(config: SegmenterConfig, place: TrainingPlace) -> Mapping[str, Any]:
    return {
        "ops": {ASSET: {"config": config.model_dump()}},
        "resources": {"training_place": {"config": place.model_dump()}},
    }


def _data(settings: Settings) -> DataRoot:
    return DataRoot(path=settings.data_root)


def _manifests(settings: Settings) -> ManifestStore:
    return ManifestStore(root=settings.store_root, single_writer=settings.single_writer)


def _say(text: str) -> None:
    err.print(text, highlight=False, soft_wrap=True)
