import pickle

import numpy as np
import pytest
import torch

from models.segmentation import normalize
from models.training_data import PAIR_TRANSFORMS, TransformedPair, collate, transform_pair
from tests.models.training_data.streets import object_of, pair_of


def made(sample_id, size=(4, 6), seed=0):
    draws = torch.Generator().manual_seed(seed)
    return TransformedPair(
        sample_id=sample_id,
        images=torch.randint(0, 256, (2, 3, *size), dtype=torch.uint8, generator=draws),
        targets=torch.randint(0, 19, (2, *size), dtype=torch.uint8, generator=draws),
    )


def test_originals_come_first():
    pairs = [made("a", seed=1), made("b", seed=2), made("c", seed=3)]
    batch = collate(pairs)
    assert batch.sample_ids == ("a", "b", "c")
    for row, pair in enumerate(pairs):
        for half in range(2):
            assert torch.equal(batch.images[row + 3 * half], pair.images[half])
            assert torch.equal(batch.targets[row + 3 * half], pair.targets[half])


def test_the_batch_lies_as_networks_read_it():
    batch = collate([made("a"), made("b")])
    assert batch.images.is_contiguous(memory_format=torch.channels_last)
    assert batch.normalized().is_contiguous(memory_format=torch.channels_last)
    assert batch.targets.is_contiguous()


def test_normalized_is_what_segmenters_read():
    batch = collate([made("a"), made("b")])
    expected = normalize(batch.images.permute(0, 2, 3, 1))
    assert torch.equal(batch.normalized(), expected)
    assert batch.normalized().dtype == torch.float32
    assert batch.images.dtype == torch.uint8, "the batch stays as it was"


def test_a_batch_moves_and_travels():
    batch = collate([made("a")])
    moved = batch.to("meta", non_blocking=True)
    assert (moved.images.device.type, moved.targets.device.type) == ("meta", "meta")
    assert moved.sample_ids == ("a",)
    assert torch.equal(pickle.loads(pickle.dumps(batch)).images, batch.images)


def test_pairs_of_unequal_size_are_refused():
    with pytest.raises(ValueError, match=r"c: need pairs of one size, \(4, 6\) as a, got \(4, 7\)"):
        collate([made("a"), made("b"), made("c", (4, 7))])
    with pytest.raises(ValueError, match="at least one pair"):
        collate([])


def test_a_torch_loader_takes_the_pairs():
    pairs = [pair_of((128, 256), seed, f"frame {seed}") for seed in range(4)]
    done = [
        transform_pair(pair, [object_of()], PAIR_TRANSFORMS["mask2former_miniature"], seed=1)
        for pair in pairs
    ]
    loader = torch.utils.data.DataLoader(done, batch_size=2, collate_fn=collate)
    batches = list(loader)
    assert [batch.images.shape for batch in batches] == [(4, 3, 96, 192)] * 2
    assert batches[1].sample_ids == ("frame 2", "frame 3")
    assert np.isin(batches[0].targets, [*range(19), 254, 255]).all()
