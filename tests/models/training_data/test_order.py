import numpy as np

from models.training_data import epoch_order, sample_seed
from models.training_data.order import draws_of


def test_an_epoch_visits_every_sample_once():
    order = epoch_order(100, seed=3, epoch=2)
    assert sorted(order.tolist()) == list(range(100))
    np.testing.assert_array_equal(order, epoch_order(100, seed=3, epoch=2))
    assert order.tolist() != list(range(100))


def test_epochs_and_seeds_have_other_orders():
    orders = {tuple(epoch_order(30, seed=s, epoch=e)) for s in range(5) for e in range(5)}
    assert len(orders) == 25
    assert epoch_order(0, seed=0, epoch=0).size == 0


def test_orders_stay_what_they_are():
    assert epoch_order(8, seed=0, epoch=0).tolist() == GOLDEN_ORDER, "running trainings would break"


def test_visits_have_their_own_seeds():
    seeds = {sample_seed(s, e, i) for s in range(4) for e in range(4) for i in range(20)}
    assert len(seeds) == 320


def test_parts_draw_from_their_own_streams():
    assert draws_of(1, "paste").random() != draws_of(1, "mixup").random()
    assert draws_of(1, "paste").random() == draws_of(1, "paste").random()


GOLDEN_ORDER = [2, 0, 7, 3, 5, 4, 6, 1]
