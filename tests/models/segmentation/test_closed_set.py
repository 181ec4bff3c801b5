import pytest
import torch

from models.segmentation.closed_set import ClosedSetConfig, copy_class_layer, train_closed_set
from models.segmentation.deeplab import deeplab_miniature

N_STEPS = 12


def halves(n_images: int = 4) -> tuple[torch.Tensor, torch.Tensor]:
    """Images whose lower half is dark and of class 0, the upper bright and of class 10."""
    images = torch.full((n_images, 32, 32, 3), 200, dtype=torch.uint8)
    labels = torch.full((n_images, 32, 32), 10, dtype=torch.uint8)
    images[:, 16:], labels[:, 16:] = 40, 0
    images += torch.arange(n_images, dtype=torch.uint8)[:, None, None, None]
    labels[:, :2], labels[:, -2:] = 254, 255  # neither is a class
    return images, labels


def fresh(seed: int = 0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return deeplab_miniature()


def train(config: ClosedSetConfig):
    network = fresh()
    with torch.random.fork_rng():
        torch.manual_seed(1)  # dropout draws from the global generator
        losses = [float(loss) for loss in train_closed_set(network, *halves(), config)]
    return network, losses


def test_it_learns_what_there_is_and_repeats_itself():
    config = ClosedSetConfig(n_steps=N_STEPS, batch_size=2)
    network, losses = train(config)
    assert len(losses) == N_STEPS
    assert losses[-1] < 0.6 * losses[0]
    again, _ = train(config)
    for name, tensor in network.published_state().items():
        assert torch.equal(tensor, again.published_state()[name]), name
    other, _ = train(ClosedSetConfig(n_steps=N_STEPS, batch_size=2, seed=1))
    assert not torch.equal(other.final[6].weight, network.final[6].weight)


def test_images_without_a_class_do_not_harm():
    images, labels = halves(2)
    network = fresh()
    before = network.final[6].weight.detach().clone()
    config = ClosedSetConfig(n_steps=2, batch_size=2, weight_decay=0)
    losses = list(train_closed_set(network, images, torch.full_like(labels, 255), config))
    assert losses == [0, 0]
    assert torch.equal(network.final[6].weight, before)


def test_the_ood_layer_starts_as_the_class_layer():
    network = fresh()
    assert not torch.equal(network.ood_head.weight, network.final[6].weight)
    copy_class_layer(network)
    assert torch.equal(network.ood_head.weight, network.final[6].weight)
    network.ood_head.weight.data.zero_()
    assert network.final[6].weight.any()


def test_fewer_images_than_a_batch_are_refused():
    with pytest.raises(ValueError, match="at least a batch of 8 images, got 4"):
        next(train_closed_set(fresh(), *halves(), ClosedSetConfig(n_steps=1)))
