"""What to train from what: versions that are read, configuration, and where it takes place."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from assets.closed_set.names import START
from assets.closed_set.start import closed_set_start
from assets.lineage import parents_of, version_to_read
from assets.resources import DataRoot, ManifestStore
from assets.retracting.retractions import read_retracted
from assets.segmenters.config import SegmenterConfig, TrainingPlace
from assets.segmenters.crops import BANK, kept_crops
from assets.segmenters.item import HeldOut, TrainingItem, Wish, training_key
from assets.segmenters.names import CODE_VERSION, TENSORBOARD
from assets.segmenters.splitting import split_pairs
from assets.selecting.samples import ASSET as TRAINING_SET
from assets.selecting.samples import TABLE, data_version_of, has_pictures, sample_id
from storage.images import file_sha256
from storage.manifests.pointers import ManifestVersion
from storage.manifests.schemas import to_records
from storage.store import Store
from storage.training_records import TrainingPair
from storage.world import PAPER_WORLD

_SECONDS_AN_HOUR = 3600


@dataclass(frozen=True, kw_only=True)
class TrainingOrder:
    """A training, the versions that it reads, and how long it may take."""

    item: TrainingItem
    sources: tuple[ManifestVersion, ...]
    max_seconds: float

    @property
    def parents(self) -> dict[str, str]:
        """The versions that the weights are made from."""
        return parents_of(*self.sources)

    @property
    def provenance(self) -> Mapping[str, str]:
        """What else they are made from, in words."""
        wish = self.item.wish
        return {
            "architecture": wish.architecture,
            "configuration": wish.configuration_text,
            "initial_checkpoint": wish.initial_sha256 or "random weights",
            "processes": str(wish.n_processes),
            "code_version": CODE_VERSION,
        }


def plan_training(
    selection: str,
    config: SegmenterConfig,
    data: DataRoot,
    store: ManifestStore,
    place: TrainingPlace,
) -> TrainingOrder:
    """A training on the latest version of a training set; no picture is opened.

    Raises:
        OSError: if the data root or the initial checkpoint is not there.
        ValueError: if training set, settings, bank or closed-set checkpoint cannot be used; each
            names itself.
    """
    opened = store.open()
    pairs = version_to_read(TRAINING_SET, selection, opened)
    held_out = _held_out(config)
    refuse_unusable(pairs, held_out, opened)
    configuration = _configuration(config, data)
    bank = _bank(opened) if configuration["transform"]["paste"] is not None else None
    initial, known = config.initial_checkpoint, None
    if initial == START:
        initial, known = closed_set_start(configuration["architecture"], opened, place.folder)
    wish = _wish(pairs, bank, config, configuration, held_out, initial)
    return TrainingOrder(
        item=_item(wish, initial, config, data, store, place),
        sources=tuple(version for version in (pairs, bank, known) if version is not None),
        max_seconds=config.max_hours * _SECONDS_AN_HOUR,
    )


def _item(
    wish: Wish,
    initial: str,
    config: SegmenterConfig,
    data: DataRoot,
    store: ManifestStore,
    place: TrainingPlace,
) -> TrainingItem:
    """What a worker gets; its folders are named after what decides the training."""
    item = TrainingItem(
        wish=wish,
        store_root=store.root,
        single_writer=store.single_writer,
        data_root=str(data.folder),
        work="",
        initial=initial,
        device=place.device,
        n_loader_workers=place.n_loader_workers,
        n_between_checkpoints=config.n_between_checkpoints,
        n_between_logs=config.n_between_logs,
    )
    key = training_key(item)
    curves = place.folder / TENSORBOARD / key
    return replace(item, work=str(place.folder / key), tensorboard=str(curves))


def _held_out(config: SegmenterConfig) -> HeldOut:
    return HeldOut(
        frac=config.held_out_frac,
        max_frames=config.max_held_out_frames,
        every_n_epochs=config.n_epochs_between_scores,
    )


def _wish(
    pairs: ManifestVersion,
    bank: ManifestVersion | None,
    config: SegmenterConfig,
    configuration: Mapping[str, Any],
    held_out: HeldOut,
    initial: str,
) -> Wish:
    return Wish(
        selection=pairs.partition,
        manifest_version=pairs.version,
        manifest_fingerprint=pairs.fingerprint,
        rows_fingerprint=data_version_of(pairs),
        configuration=configuration,
        initial_sha256=_initial_sha256(initial),
        objects_version=bank.version if bank else None,
        objects_fingerprint=bank.fingerprint if bank else None,
        held_out=held_out,
        n_processes=config.n_processes,
    )


def refuse_unusable(pairs: ManifestVersion, held_out: HeldOut, store: Store) -> None:
    """Let pass two frames or more, whose pictures are in the store and whose sources may be used.

    Raises:
        ValueError: naming selection and version, if it is another.
    """
    place = f"{pairs.asset}, selection {pairs.partition}, version {pairs.version}"
    rows = to_records(store.manifests.rows(pairs, TABLE), TrainingPair)
    if not rows:
        raise ValueError(
            f"{place}: need pairs to learn from, got none; loosen the selection and materialize "
            f"{pairs.asset} again"
        )
    try:
        split_pairs(rows, held_out)
    except ValueError as error:
        raise ValueError(f"{place}: {error}") from error
    retracted = read_retracted(store)
    gone = [row for row in rows if retracted.has_sample(row.asset, row)]
    if gone:
        raise ValueError(
            f"{place}: need pairs whose sources may be used, {len(gone)} are made from what was "
            f"retracted, the first is {sample_id(gone[0])}; materialize {pairs.asset} again"
        )
    lost = [row for row in rows if not has_pictures(row, store.blobs)]
    if lost:
        raise ValueError(
            f"{place}: need the pictures of {len(rows)} pairs in the store, {len(lost)} are not "
            f"there, the first of {sample_id(lost[0])}; materialize {lost[0].asset}, then "
            f"{pairs.asset} again"
        )


def _configuration(config: SegmenterConfig, data: DataRoot) -> dict[str, Any]:
    from assets.segmenters.settings import configuration_of

    architecture: str = config.architecture
    if architecture == "world":
        architecture = "deeplab_wrn38" if data.world == PAPER_WORLD else "deeplab_miniature"
    return configuration_of(architecture, config.edition, config.settings)


def _bank(store: Store) -> ManifestVersion:
    cure = (
        "materialize ood_objects, or paste none: "
        'settings: {"transform": {"paste": null}} in the configuration'
    )
    bank = store.manifests.latest(BANK)
    if bank is None:
        raise ValueError(f"{store.root}: need objects to paste into originals, got none; {cure}")
    place = f"{BANK}, version {bank.version}"
    crops = kept_crops(store, bank.version)
    if not crops:
        raise ValueError(f"{place}: need kept objects to paste, got none; {cure}")
    retracted = read_retracted(store)
    gone = [object_id for object_id, _ in crops if retracted.has_object(object_id)]
    if gone:
        raise ValueError(
            f"{place}: need objects that may be used, {len(gone)} are retracted, the first is "
            f"{gone[0]}; materialize {BANK} again"
        )
    return bank


def _initial_sha256(path: str) -> str | None:
    if not path:
        return None
    if not Path(path).is_file():
        raise FileNotFoundError(
            f"{path}: need a checkpoint to begin with, got no file; correct initial_checkpoint, or "
            "fetch it (docs/fetching.md)"
        )
    return file_sha256(Path(path))
