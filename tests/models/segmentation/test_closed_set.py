import inspect
import math

import pytest
import torch
from torch.nn.functional import cross_entropy, one_hot

from models.metrics import confusion_matrix
from models.segmentation.closed_set import (
    ClosedSetConfig,
    closed_set_confusion,
    copy_class_layer,
    train_closed_set,
)
from models.segmentation.deeplab import deeplab_miniature
from models.segmentation.network import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    Segmenter,
    SegmenterOutput,
    normalize,
)

N_STEPS = 12


class PerPixel(Segmenter):
    """One linear layer on every pixel, with the same weights whenever it is made."""

    class_layer, ood_layer = "layer", "none"

    def __init__(self):
        super().__init__()
        self.layer = torch.nn.Conv2d(3, 19, 1)
        generator = torch.Generator().manual_seed(5)
        for parameter in self.parameters():
            parameter.data = torch.randn(parameter.shape, generator=generator)

    def forward(self, images):
        logits = self.layer(images)
        return SegmenterOutput(logits, logits[:, 0])


class Witness(Segmenter):
    """Knows the labels of `coded_frames`, and keeps what it was shown and how."""

    class_layer, ood_layer = "none", "none"

    def __init__(self):
        super().__init__()
        self.confidence = torch.nn.Parameter(torch.tensor(50.0))
        self.shown, self.is_training, self.is_mixed = [], [], []

    def forward(self, images):
        mean, std = (torch.tensor(v)[:, None, None] for v in (IMAGENET_MEAN, IMAGENET_STD))
        pixels = (images * std + mean).mul(255).round().long()
        self.shown.append(pixels)
        self.is_training.append(self.training)
        self.is_mixed.append(torch.is_autocast_enabled("cpu"))
        logits = self.confidence * one_hot(coded_label(*pixels.unbind(1)), 19).movedim(3, 1)
        return SegmenterOutput(logits, logits[:, 0])


def coded_label(column, row, number):
    return (3 * column + 5 * row + 7 * number) % 19


def coded_frames(n_images, height=4, width=8):
    """Images whose colors are column, row and number of the image; labels follow from them."""
    shape = n_images, height, width
    number, row, column = torch.meshgrid(*map(torch.arange, shape), indexing="ij")
    images = torch.stack((column, row, number), dim=-1).to(torch.uint8)
    return images, coded_label(column, row, number).to(torch.uint8)


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


def test_another_loss_is_descended_where_it_is_given():
    seen = []

    def loss_of(network, images, target):
        seen.append((images.shape, target.dtype))
        return network(images).logits.square().mean()

    images, labels = halves()
    config = ClosedSetConfig(n_steps=12, batch_size=2)
    losses = list(train_closed_set(fresh(), images, labels, config, loss_of))
    assert losses[-1] < losses[0]
    assert seen == 12 * [((2, 3, *images.shape[1:3]), torch.int64)]


def test_too_few_images_or_labels_are_refused_at_once():
    images, labels = halves()
    with pytest.raises(ValueError, match="at least a batch of 8 images, got 4"):
        train_closed_set(fresh(), images, labels, ClosedSetConfig(n_steps=1))
    with pytest.raises(ValueError, match="a label map an image, got 3 for 4 images"):
        # The annotations would refuse it first; people do not have that hook.
        inspect.unwrap(train_closed_set)(
            fresh(), images, labels[1:], ClosedSetConfig(n_steps=1, batch_size=2)
        )


@pytest.mark.parametrize("name", ["n_steps", "batch_size"])
def test_a_training_of_nothing_is_refused(name):
    for number in (0, -1):
        with pytest.raises(ValueError, match=f"need {name} of 1 or more, got {number}"):
            ClosedSetConfig(**{name: number})


@pytest.mark.parametrize("kind", [torch.int8, torch.int16, torch.int32, torch.int64])
def test_negative_labels_are_no_class(kind):
    config = ClosedSetConfig(n_steps=2, batch_size=4)
    images, labels = halves()
    expected = [float(loss) for loss in train_closed_set(PerPixel(), images, labels, config)]
    labels = labels.to(torch.int64)
    labels[:, :1], labels[:, 1:2], labels[:, -2:] = -1, -100, 19
    found = train_closed_set(PerPixel(), images, labels.to(kind), config)
    assert [float(loss) for loss in found] == expected


def test_batches_fit_their_labels_and_show_every_image_once_an_epoch():
    n_images, n_epochs = 7, 4
    network = Witness().eval()
    config = ClosedSetConfig(n_steps=3 * n_epochs, batch_size=2, learning_rate=1e-6)
    losses = list(train_closed_set(network, *coded_frames(n_images), config))
    assert max(losses) < 1e-6  # a label that is not its pixel's would cost 50
    assert network.is_training == [True] * len(losses)
    assert network.is_mixed == [False] * len(losses)
    column, row, number = torch.stack(network.shown).unbind(2)
    assert (row[..., 0, 0] == 0).all()
    assert set(column[..., 0, 0].flatten().tolist()) == {0, 7}
    is_flipped = column[..., 0, 0] == 7
    assert (is_flipped.any(1) & ~is_flipped.all(1)).any()  # each image for itself
    epochs = number[..., 0, 0].reshape(n_epochs, 6)
    assert all(len(set(epoch.tolist())) == 6 for epoch in epochs)
    assert len({tuple(epoch.tolist()) for epoch in epochs}) == n_epochs


def test_crops_show_a_part_of_each_image_with_its_labels():
    n_images, n_epochs, crop = 6, 20, (3, 5)
    network = Witness()
    config = ClosedSetConfig(n_steps=3 * n_epochs, batch_size=2, learning_rate=1e-6, crop=crop)
    losses = list(train_closed_set(network, *coded_frames(n_images), config))
    assert max(losses) < 1e-6  # a label that is not its pixel's would cost 50
    assert {tuple(shown.shape) for shown in network.shown} == {(2, 3, *crop)}
    column, row, _ = torch.stack(network.shown).unbind(2)
    assert set(row.amin((2, 3)).flatten().tolist()) == {0, 1}
    assert set(column.amin((2, 3)).flatten().tolist()) == {0, 1, 2, 3}
    assert (row.amin((2, 3))[:, 0] != row.amin((2, 3))[:, 1]).any()  # each image for itself


def test_a_crop_leaves_the_order_of_the_images_alone_where_it_is_all_of_them():
    config = {"n_steps": 5, "batch_size": 2, "learning_rate": 1e-6}
    plain, cropped = Witness(), Witness()
    list(train_closed_set(plain, *coded_frames(4), ClosedSetConfig(**config)))
    list(train_closed_set(cropped, *coded_frames(4), ClosedSetConfig(**config, crop=(4, 8))))
    assert set(plain.shown[0][:, 2, 0, 0].tolist()) == set(cropped.shown[0][:, 2, 0, 0].tolist())


@pytest.mark.parametrize("crop", [(5, 8), (4, 9)])
def test_a_crop_that_does_not_fit_is_refused_at_once(crop):
    config = ClosedSetConfig(n_steps=1, batch_size=2, crop=crop)
    with pytest.raises(ValueError, match=f"need a crop of 4x8 or less, got {crop[0]}x{crop[1]}"):
        train_closed_set(Witness(), *coded_frames(2), config)
    with pytest.raises(ValueError, match="need crop width of 1 or more, got 0"):
        ClosedSetConfig(crop=(1, 0))


@pytest.mark.parametrize("balance", [0.0, 0.5, 1.0])
def test_pixels_weigh_by_the_share_of_their_class(balance):
    images, labels = halves(2)
    labels[:, 20:22] = 5
    config = ClosedSetConfig(n_steps=1, batch_size=2, class_balance=balance)
    (loss,) = train_closed_set(PerPixel(), images, labels, config)
    logits = PerPixel()(normalize(images)).logits.detach()
    nll = -logits.log_softmax(1)
    known = [int(value) for value in labels.unique() if value < 19]
    n_known = sum(int((labels == value).sum()) for value in known)
    total = weight = 0.0
    for value in known:
        is_class = labels == value
        each = (float(is_class.sum()) / n_known) ** -balance
        total += each * float(nll[:, value][is_class].sum())
        weight += each * float(is_class.sum())
    assert float(loss) == pytest.approx(total / weight, rel=1e-5)
    with pytest.raises(ValueError, match="need class_balance in"):
        ClosedSetConfig(class_balance=balance + 1.1)


@pytest.mark.parametrize("was_training", [True, False])
def test_confusion_counts_every_image_once_and_leaves_the_mode(was_training):
    images, labels = coded_frames(5)
    network = PerPixel().train(was_training)
    labels[:, 0] = 255
    found = closed_set_confusion(network, images, labels, batch_size=2)
    with torch.no_grad():
        predicted = network(normalize(images)).logits.argmax(1)
    assert (found == confusion_matrix(labels.numpy(), predicted.numpy())).all()
    assert found.sum() == 5 * 3 * 8
    assert network.training == was_training
    assert all(parameter.grad is None for parameter in network.parameters())


def test_mixed_precision_is_on_where_it_is_asked_for():
    network = Witness()
    config = ClosedSetConfig(n_steps=2, batch_size=2, is_mixed=True)
    list(train_closed_set(network, *coded_frames(2), config))
    assert network.is_mixed == [True, True]


def cycled(step, n_steps):
    """Shares of the highest learning rate, and AdamW's first momentum, by the formula."""
    peak, last = (0.1 * n_steps - 1, n_steps - 1) if n_steps > 10 else (-1, n_steps)
    if step <= peak:
        height, lowest = (1 - math.cos(math.pi * step / peak)) / 2, 1 / 25
    else:
        height = (1 + math.cos(math.pi * (step - peak) / (last - peak))) / 2
        lowest = 1 / 25 / 1e4
    return lowest + height * (1 - lowest), 0.95 - 0.1 * height


@pytest.mark.parametrize("n_steps", [1, 2, 9, 10, 11, 30])
def test_steps_are_those_of_adamw_written_by_hand(n_steps):
    config = ClosedSetConfig(n_steps=n_steps, batch_size=1, learning_rate=0.02, weight_decay=0.3)
    images, labels = (part[:1] for part in halves())  # the same from left and right
    trained, by_hand = PerPixel(), PerPixel()
    losses = list(train_closed_set(trained, images, labels, config))
    assert len(losses) == n_steps
    moments = [(torch.zeros_like(p), torch.zeros_like(p)) for p in by_hand.parameters()]
    target = labels.long()
    for step in range(n_steps):
        share, beta = cycled(step, n_steps)
        rate, count = 0.02 * share, step + 1
        logits = by_hand(normalize(images)).logits
        loss = cross_entropy(logits, target.where(target < 19, 255), ignore_index=255)
        torch.testing.assert_close(losses[step], loss.detach())
        gradients = torch.autograd.grad(loss, list(by_hand.parameters()))
        for parameter, gradient, (first, second) in zip(
            by_hand.parameters(), gradients, moments, strict=True
        ):
            first.mul_(beta).add_(gradient, alpha=1 - beta)
            second.mul_(0.999).add_(gradient**2, alpha=1 - 0.999)
            denominator = (second / (1 - 0.999**count)).sqrt() + 1e-8
            change = first / (1 - beta**count) / denominator
            parameter.data = parameter.data * (1 - rate * 0.3) - rate * change
    for found, expected in zip(trained.parameters(), by_hand.parameters(), strict=True):
        torch.testing.assert_close(found, expected)
    assert not torch.equal(trained.layer.weight, PerPixel().layer.weight)
