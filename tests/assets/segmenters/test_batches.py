"""Batches of an epoch: each pair once, shared among processes, and the same wherever one begins."""

import pytest
import torch

from assets.segmenters.batches import EpochBatches, Share, VisitedPairs
from assets.segmenters.crops import kept_crops
from assets.segmenters.objects import BankObjects
from assets.selecting.dataset import TrainingPairs
from assets.selecting.samples import sample_id
from models.training_data import GeometryConfig, PairTransformConfig
from tests.assets.segmenters.conftest import NAME, toy_config


def batches(made, share=None, **changes):
    config = toy_config(**changes)
    pairs = TrainingPairs.open(made / "store", made / "data", NAME)
    visited = VisitedPairs(pairs, BankObjects(str(made / "store"), ()), config)
    return EpochBatches(visited, range(len(pairs)), config, share=share or Share())


def test_an_epoch_visits_each_pair_at_most_once_in_an_order_of_its_own(made):
    found = batches(made, batch_size=2)
    first, second = ([visit for one in found.visits(epoch) for visit in one] for epoch in (0, 1))
    assert {epoch for epoch, _ in first} == {0}
    assert len({index for _, index in first}) == len(first) == 6
    assert [index for _, index in first] != [index for _, index in second]


def test_processes_share_the_batches_of_an_epoch(made):
    alone = batches(made).visits(3)
    shares = [
        batches(made, Share(process_index=number, n_processes=2)).visits(3) for number in (0, 1)
    ]
    assert [len(share) for share in shares] == [3, 3]
    assert [one for both in zip(*shares, strict=True) for one in both] == alone[:6]


def test_what_is_left_of_an_epoch_is_the_end_of_it(made):
    found = batches(made)
    whole, left = list(found(0, 1, 0)), list(found(0, 1, 4))
    assert len(whole) == 7
    assert [batch.sample_ids for batch in left] == [batch.sample_ids for batch in whole[4:]]
    for one, other in zip(left, whole[4:], strict=True):
        assert torch.equal(one.images, other.images)
        assert torch.equal(one.targets, other.targets)
    assert list(found(0, 1, 7)) == []


def test_objects_of_the_bank_are_pasted_into_originals(home, bank, store):
    crops = kept_crops(store, bank.version)
    assert len(crops) == 1
    objects = BankObjects(str(home / "store"), crops)
    assert objects[0].mask.sum() == 24
    assert len(objects[:0]) == 0
    config = toy_config(transform=PairTransformConfig(geometry=GeometryConfig(crop=(32, 64))))
    pairs = TrainingPairs.open(home / "store", home / "data", NAME)
    done = VisitedPairs(pairs, objects, config)[0, 2]
    assert (done.targets[0] == 254).any()
    store.blobs.path(crops[0][1]).unlink()
    with pytest.raises(ValueError, match=r"^object ade20k/train/0: .*is missing"):
        objects[0]


def test_a_pair_that_cannot_be_read_is_an_error_in_one_line(home):
    pairs = TrainingPairs.open(home / "store", home / "data", NAME)
    (home / "data" / pairs.rows[3].source_image).unlink()
    visited = VisitedPairs(pairs, BankObjects("", ()), toy_config())
    assert str(visited[0, 3]).startswith(f"sample {sample_id(pairs.rows[3])}: ")
    loop = EpochBatches(visited, range(len(pairs)), toy_config(batch_size=7), share=Share())
    with pytest.raises(ValueError, match=r"^sample .* cannot be read"):
        list(loop(0, 0, 0))
