"""The small world from frame to checkpoint, and its stages once more after a retraction."""

import pytest

from assets.engine.resource import Engine
from assets.filtering.config import FilterConfig
from assets.filtering.judging import commit_verdicts
from assets.filtering.order import plan_filter
from assets.labelling.config import LabelConfig
from assets.labelling.labels import commit_labels
from assets.labelling.order import plan_labels
from assets.lineage import parents_of
from assets.partitions import ScenePartition
from assets.resources import DataRoot, ManifestStore
from assets.retracting.leaving_out import leave_out_objects
from assets.retracting.retractions import read_retracted
from storage.records import OodObject
from storage.scene_records import ObjectAttempt, SceneAttempt, SceneRequest
from tests.assets.labelling.drawn_world import CITY, PARTITION, ROUND
from tests.assets.segmenters.conftest import select
from tests.assets.tracing.conftest import reader, store, traced_home, traced_world

__all__ = ["reader", "store", "traced_home", "traced_world"]


@pytest.fixture
def rerun(store, traced_home):
    """Do every stage again as its asset does; what needs networks keeps the rows of the others."""

    def rerun(*, labels=True):
        bank = _redo_bank(store)
        kept = redo_requests(store, bank)
        _redo_drawn(store, kept)
        partition = ScenePartition(round=ROUND, city=CITY)
        order = plan_filter(partition, FilterConfig(min_acceptance=0.0), store)
        commit_verdicts(order, store, run_id="again")
        if labels:
            manifests = ManifestStore(root=str(store.root))
            data = DataRoot(path=str(traced_home / "data"))
            labelled = plan_labels(partition, LabelConfig(), data, manifests)
            commit_labels(labelled, store, Engine(mode="inline"), run_id="again")
            select(traced_home / "data", traced_home / "store")

    return rerun


def _redo_bank(store):
    rows = store.manifests.read_records("ood_objects", "ood_objects", OodObject)
    tables = store.manifests.wanted("ood_objects").tables
    content = {name: store.manifests.read("ood_objects", name) for name in tables}
    objects = leave_out_objects(rows, read_retracted(store))
    return store.manifests.commit("ood_objects", {**content, "ood_objects": objects})


def redo_requests(store, bank):
    retracted = read_retracted(store)
    rows = store.manifests.read_records(
        "scene_requests", "scene_requests", SceneRequest, partition=PARTITION
    )
    kept = [row for row in rows if not retracted.has_any(row.frame_id, row.object_ids)]
    store.manifests.commit(
        "scene_requests",
        {"scene_requests": kept, "quarantine": []},
        partition=PARTITION,
        parents=parents_of(bank),
    )
    return {(row.frame_id, row.variant, row.attempt) for row in kept}


def _redo_drawn(store, kept):
    former = store.manifests.wanted("synthetic_scenes", PARTITION)
    content = {name: store.manifests.rows(former, name) for name in former.tables}
    for name, record in (("scene_attempts", SceneAttempt), ("object_attempts", ObjectAttempt)):
        rows = store.manifests.read_records(former.asset, name, record, partition=PARTITION)
        content[name] = [r for r in rows if (r.frame_id, r.variant, r.attempt) in kept]
    requests = store.manifests.wanted("scene_requests", PARTITION)
    store.manifests.commit(
        former.asset,
        content,
        partition=PARTITION,
        provenance=former.provenance,
        parents={**former.parents, **parents_of(requests)},
    )
