"""A training in its work folder, from where it was interrupted to its end.

The files of the folder are those of `assets.segmenters.states` and `assets.segmenters.weights`.
"""

from assets.segmenters.batches import EpochBatches, Share, VisitedPairs
from assets.segmenters.crops import kept_crops
from assets.segmenters.item import TrainingItem
from assets.segmenters.keeping import Keeper
from assets.segmenters.objects import BankObjects
from assets.segmenters.scoring import HeldOutFrames
from assets.segmenters.splitting import Split, split_pairs
from assets.segmenters.states import Kept, read_state
from assets.segmenters.weights import first_network
from assets.selecting.dataset import TrainingPairs
from assets.selecting.samples import data_version_of
from assets.worker_store import store_of_item
from models.training.config import TrainingConfig, config_from_json
from models.training.launch import Launch, OneProcess
from models.training.objectives import Objective, make_objective
from models.training.trainer import Trainer


def run_training(item: TrainingItem, launch: Launch | None = None) -> None:
    """Train to the end and leave the best and the last checkpoint in the work folder.

    Of several processes the first one writes and scores; all read the state that is there.

    Raises:
        DivergedError: if a loss is not finite; the last state stays.
        ValueError: if an input is missing, damaged or another than was wished for, or the folder
            holds another training.
    """
    launch = OneProcess() if launch is None else launch
    config = config_from_json(item.wish.configuration)
    pairs = open_pairs(item)
    split = split_pairs(pairs.rows, item.wish.held_out)
    network = first_network(item, seed=config.seed).to(item.device)
    batches = _batches(item, config, pairs, split, launch.process_index)
    trainer, kept = _continued(item, config, make_objective(network, config), batches, launch)
    if launch.process_index:
        for _ in trainer:
            pass
        return
    scored = HeldOutFrames(network, pairs, split, config)
    keeper = Keeper(item, trainer, scored, kept, n_steps_a_epoch=batches.n_steps)
    for report in trainer:
        keeper.see(report)
    keeper.finish()


def _continued(
    item: TrainingItem,
    config: TrainingConfig,
    objective: Objective,
    batches: EpochBatches,
    launch: Launch,
) -> tuple[Trainer, Kept | None]:
    """The training where the folder says it is, and what was kept beside its state."""
    trainer = Trainer(objective, config, batches, launch, n_between_looks=item.n_between_logs)
    found = read_state(item.folder, item.wish.training)
    if found is None:
        return trainer, None
    state, kept = found
    trainer.load_state_dict(state)
    return trainer, kept


def open_pairs(item: TrainingItem) -> TrainingPairs:
    """The training set that was wished for.

    Raises:
        ValueError: if the version in the store holds other rows.
        NoVersionError: if the store has no such version.
    """
    wish = item.wish
    pairs = TrainingPairs.open(
        item.store_root, item.data_root, wish.selection, wish.manifest_version
    )
    if data_version_of(pairs.version) != wish.rows_fingerprint:
        raise ValueError(
            f"training_set, selection {wish.selection}, version {wish.manifest_version}: need rows "
            f"with digest {wish.rows_fingerprint}, got {data_version_of(pairs.version)}; "
            "materialize segmenter_checkpoint again"
        )
    return pairs


def _batches(
    item: TrainingItem,
    config: TrainingConfig,
    pairs: TrainingPairs,
    split: Split,
    process_index: int,
) -> EpochBatches:
    objects = BankObjects(item.store_root, ())
    if item.wish.objects_version is not None:
        store = store_of_item(item.store_root, item.single_writer)
        objects = BankObjects(item.store_root, kept_crops(store, item.wish.objects_version))
    return EpochBatches(
        VisitedPairs(pairs, objects, config),
        split.learned,
        config,
        share=Share(process_index=process_index, n_processes=item.wish.n_processes),
        n_workers=item.n_loader_workers,
        is_pinned=item.device.startswith("cuda"),
    )
