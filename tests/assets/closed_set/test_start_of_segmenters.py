"""`segmenter_checkpoint` begins with the closed-set checkpoint where it is told so."""

from assets.closed_set.committing import rows_of
from assets.closed_set.names import ASSET, START
from assets.resources import DataRoot
from assets.segmenters.config import SegmenterConfig, TrainingPlace
from assets.segmenters.order import plan_training
from assets.segmenters.weights import first_network
from models.segmentation import load_segmenter
from tests.assets.closed_set.conftest import ARCHITECTURE
from tests.assets.segmenters.conftest import NAME, QUICK, home, made  # noqa: F401


def test_the_two_stages_begin_with_it_and_name_it_as_a_parent(
    train_closed_set,
    store,
    home,  # noqa: F811
    tmp_path,
):
    assert train_closed_set(n_epochs=1).success
    opened = store.open()
    known = opened.manifests.latest(ASSET, ARCHITECTURE)
    rows = rows_of(known, opened)
    here = type(store)(root=str(home / "store"))
    there = here.open()
    there.blobs.put(opened.blobs.get(rows.checkpoint.checkpoint_sha256), ".safetensors")
    copied = there.manifests.commit(
        ASSET,
        {"closed_set_checkpoints": [rows.checkpoint], "closed_set_steps": rows.steps},
        partition=ARCHITECTURE,
        code_version="1",
        run_id="test",
        provenance={},
    )
    config = SegmenterConfig(
        architecture=ARCHITECTURE,
        initial_checkpoint=START,
        held_out_frac=0.2,
        settings={**QUICK, "transform": {"paste": None, "geometry": {"crop": [24, 48]}}},
    )
    place = TrainingPlace(work_root=str(tmp_path / "work"), device="cpu", n_loader_workers=0)
    data = DataRoot(path=str(home / "data"))
    order = plan_training(NAME, config, data, here, place)
    assert order.item.wish.initial_sha256 == rows.checkpoint.checkpoint_sha256
    assert order.parents[f"{ASSET}/{ARCHITECTURE}"] == f"1:{copied.fingerprint}"
    network = first_network(order.item, seed=3)
    expected = load_segmenter(ARCHITECTURE, there.blobs.path(order.item.wish.initial_sha256))
    assert (network.ood_head.weight == expected.ood_head.weight).all()
