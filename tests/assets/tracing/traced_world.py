"""A store in which every step from frame to checkpoint left its rows, small and without a network.

Frame 0 has a rejected and an accepted attempt, frame 1 two scenes, frame 2 is held out.
"""

from dataclasses import asdict

import torch

from assets.engine.resource import Engine
from assets.filtering.config import FilterConfig
from assets.filtering.judging import commit_verdicts
from assets.filtering.order import plan_filter
from assets.labelling.config import LabelConfig
from assets.labelling.labels import commit_labels
from assets.labelling.order import plan_labels
from assets.partitions import ScenePartition
from assets.resources import DataRoot, ManifestStore
from assets.segmenters.curve import Score
from assets.segmenters.item import HeldOut, Wish
from assets.segmenters.splitting import split_pairs
from assets.segmenters.weights import write_checkpoint
from assets.selecting.samples import data_version_of
from assets.tracing.facts import facts_of_file
from storage.training_records import SegmenterCheckpoint, TrainingPair
from storage.world import write_marker
from tests.assets.labelling.drawn_world import CITY, PARTITION, ROUND, Spec, commit_scenes
from tests.assets.segmenters.conftest import NAME, commit_bank, select, toy_config

SPECS = (
    Spec(number=0, ious=(0.5,)),
    Spec(number=0, attempt=1, ious=(0.9, 0.8), oods=(1.0, 2.0)),
    Spec(number=1),
    Spec(number=1, variant=1),
    Spec(number=2),
)
FRAMES = [f"{CITY}_{number:06d}_000019" for number in range(3)]
SAMPLE = f"labelled_scenes/{ROUND}/{FRAMES[0]}/0"


def make_world(folder):
    """Data below ``data``, everything else below ``store``."""
    data, root = folder / "data", folder / "store"
    data.mkdir(parents=True)
    write_marker(data, {"world_version": "2", "scene_height_px": 48, "is_complete": True})
    store = ManifestStore(root=str(root)).open()
    bank = commit_bank(store, ("kept", "kept"))
    commit_scenes(store, data, SPECS)
    name_bank(store, bank)
    label(data, root)
    select(data, root)
    commit_checkpoint(store, folder / "best.safetensors")


def name_bank(store, bank):
    """Let the requests name the bank, as they do outside of tests."""
    former = store.manifests.wanted("scene_requests", PARTITION)
    store.manifests.commit(
        "scene_requests",
        {name: store.manifests.rows(former, name) for name in former.tables},
        partition=PARTITION,
        parents={"ood_objects/all": f"{bank.version}:{bank.fingerprint}"},
    )
    store.manifests.pointer_path("scene_requests", PARTITION, former.version).unlink()


def label(data, root):
    """Judge and label what was drawn."""
    manifests, partition = ManifestStore(root=str(root)), ScenePartition(round=ROUND, city=CITY)
    store = manifests.open()
    order = plan_filter(partition, FilterConfig(min_acceptance=0.0), store)
    commit_verdicts(order, store, run_id="run")
    labels = plan_labels(partition, LabelConfig(), DataRoot(path=str(data)), manifests)
    commit_labels(labels, store, Engine(mode="inline"), run_id="run")


def wish_of(store):
    pairs = store.manifests.wanted("training_set", NAME)
    bank = store.manifests.wanted("ood_objects")
    return Wish(
        selection=NAME,
        manifest_version=pairs.version,
        manifest_fingerprint=pairs.fingerprint,
        rows_fingerprint=data_version_of(pairs),
        configuration=toy_config().to_json(),
        initial_sha256=None,
        objects_version=bank.version,
        objects_fingerprint=bank.fingerprint,
        held_out=HeldOut(frac=0.3, max_frames=1, every_n_epochs=1),
    )


def write_weights_file(path, store, *, step=6, value=0.0):
    """Weights as a training leaves them."""
    wish = wish_of(store)
    rows = store.manifests.read_records(
        "training_set", "training_pairs", TrainingPair, partition=NAME
    )
    score = Score(step=step, stage=1, epoch=1, average_precision=0.75, mean_iou=0.5)
    split = split_pairs(rows, wish.held_out)
    write_checkpoint(path, {"w": torch.full((3,), value)}, wish, score=score, split=split)
    return path


def commit_checkpoint(store, path):
    """A version with one checkpoint, whose file stays at ``path`` too."""
    write_weights_file(path, store)
    facts = asdict(facts_of_file(path))
    row = SegmenterCheckpoint(
        **{**facts, "configuration": wish_of(store).configuration_text},
        is_best=True,
        is_last=True,
        checkpoint_sha256=store.blobs.put(path.read_bytes(), ".safetensors"),
    )
    training_set = store.manifests.wanted("training_set", NAME)
    return store.manifests.commit(
        "segmenter_checkpoint",
        {"segmenter_checkpoints": [row], "training_steps": []},
        partition=NAME,
        parents={f"training_set/{NAME}": f"{training_set.version}:{training_set.fingerprint}"},
    )
